"""The queue takes each fact once, keeps what is critical, and moves its cursor with what it takes."""

import stat
from pathlib import Path

import pytest

from monitoring.telegram import outbox as module
from monitoring.telegram.kinds import Notification, Severity
from monitoring.telegram.outbox import DROPPED, SENDING, SENT, WAITING, Cursor, Outbox
from nautilus_bot.core.errors import Undelivered


def note(key: str, severity: Severity = "info") -> Notification:
    return Notification(key=key, kind="notice", severity=severity, text="notice", ts_ns=1)


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    return Outbox(tmp_path / "run" / "queue.sqlite")


def keys(outbox: Outbox, *, critical: bool = False) -> list[str]:
    return [one.notification.key for one in outbox.waiting(critical=critical, limit=100)]


def test_a_known_key_is_not_queued_again_not_even_when_delivered(outbox: Outbox) -> None:
    assert outbox.put([note("a"), note("b"), note("a")], 1) == 2
    outbox.mark(outbox.waiting(critical=False, limit=1), SENT)
    assert outbox.put([note("a")], 2) == 0
    assert keys(outbox) == ["b"]
    assert outbox.knows("a")


def test_notifications_and_cursor_outlive_the_process_together(outbox: Outbox) -> None:
    outbox.put([note("a")], 1, bot="paper", cursor=Cursor("run", 7))
    outbox.close()
    again = Outbox(outbox.path)
    assert again.cursor("paper") == Cursor("run", 7)
    assert again.cursor("live") is None
    assert keys(again) == ["a"]


def test_what_was_being_sent_comes_back_in_its_place_as_unsure(outbox: Outbox) -> None:
    outbox.put([note("a", "critical"), note("b", "critical")], 1)
    outbox.mark(outbox.waiting(critical=True, limit=1), SENDING)
    again = Outbox(outbox.path).waiting(critical=True, limit=10)
    assert [(one.notification.key, one.unsure) for one in again] == [("a", True), ("b", False)]


def test_beyond_its_size_the_oldest_goes_but_nothing_critical(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_WAITING", 3)
    outbox.put([note("c1", "critical"), *(note(str(number)) for number in range(5))], 1)
    outbox.put([note("c2", "critical")], 2)
    assert keys(outbox) == ["2", "3", "4"]
    assert keys(outbox, critical=True) == ["c1", "c2"]
    assert outbox.count(DROPPED) == 2
    outbox.forget_dropped()
    assert outbox.count(DROPPED) == 0


def test_only_what_was_delivered_long_ago_is_forgotten(outbox: Outbox) -> None:
    outbox.put([note("old")], 1)
    outbox.mark(outbox.waiting(critical=False, limit=1), SENT)
    outbox.put([note("waits")], 1)
    outbox.prune(10)
    assert not outbox.knows("old")
    assert outbox.count(WAITING) == 1


def test_the_file_is_for_its_owner_only(outbox: Outbox) -> None:
    assert stat.S_IMODE(outbox.path.stat().st_mode) == 0o600


def test_a_file_that_is_no_queue_is_one_clear_line(tmp_path: Path) -> None:
    path = tmp_path / "queue.sqlite"
    path.write_bytes(b"no database at all, but long enough to be read as one" * 40)
    with pytest.raises(Undelivered, match="must be usable"):
        Outbox(path)
