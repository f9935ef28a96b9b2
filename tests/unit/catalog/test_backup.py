"""A backup is a consistent, verified copy of runs that may still be written."""

from pathlib import Path

import pytest

from catalog.backup import back_up, restore
from catalog.journal import JOURNAL_FILE
from catalog.manifest import RunStatus
from catalog.store import EventStore, Run
from catalog.verify import verify_run
from nautilus_bot.core.errors import CorruptEntry, EventCatalogError, NotFound


@pytest.fixture
def running(tmp_path: Path):
    run = EventStore(tmp_path / "events").new_run("paper", "{}", durable=True)
    write(run, 50)
    yield run
    run.end()


def write(run: Run, count: int) -> None:
    for number in range(count):
        run.journal.append(
            ts_init=number, ts_market=number, ts_publish=number, topic="t", type="Notice", payload=b"x"
        )


def test_a_run_is_copied_while_it_is_written_and_comes_back_verified(tmp_path: Path, running: Run):
    store = EventStore(tmp_path / "events")
    index = back_up(store, tmp_path / "copy")
    write(running, 10)
    assert [(one.run_id, one.entries, one.problem) for one in index.runs] == [(running.run_id, 50, "")]

    back = EventStore(tmp_path / "back")
    restore(tmp_path / "copy", back)
    report = verify_run(back.folder(running.run_id))
    assert (report.ok, report.entries, report.last_hash) == (True, 50, index.runs[0].last_hash)
    assert back.runs()[0].status is RunStatus.RUNNING


def test_restoring_twice_changes_nothing(tmp_path: Path, running: Run):
    back_up(EventStore(tmp_path / "events"), tmp_path / "copy")
    back = EventStore(tmp_path / "back")
    assert restore(tmp_path / "copy", back) == restore(tmp_path / "copy", back)
    assert len(back.runs()) == 1


def test_a_flipped_byte_in_the_copy_restores_nothing(tmp_path: Path, running: Run):
    back_up(EventStore(tmp_path / "events"), tmp_path / "copy")
    journal = tmp_path / "copy" / "runs" / running.run_id / JOURNAL_FILE
    content = bytearray(journal.read_bytes())
    content[len(content) // 2] ^= 1
    journal.write_bytes(content)
    with pytest.raises(CorruptEntry, match="SHA-256"):
        restore(tmp_path / "copy", EventStore(tmp_path / "back"))
    assert not (tmp_path / "back").exists()


def test_a_run_that_has_gone_on_is_not_overwritten(tmp_path: Path, running: Run):
    store = EventStore(tmp_path / "events")
    back_up(store, tmp_path / "copy")
    write(running, 1)
    with pytest.raises(EventCatalogError, match="51 entries and the backup 50"):
        restore(tmp_path / "copy", store)


def test_a_backup_needs_a_folder_of_its_own(tmp_path: Path, running: Run):
    (tmp_path / "copy").mkdir()
    with pytest.raises(EventCatalogError, match="name another"):
        back_up(EventStore(tmp_path / "events"), tmp_path / "copy")


def test_a_folder_without_an_index_is_no_backup(tmp_path: Path):
    with pytest.raises(NotFound, match=r"backup\.json"):
        restore(tmp_path, EventStore(tmp_path / "back"))


def test_one_run_is_copied_by_its_name(tmp_path: Path, running: Run):
    store = EventStore(tmp_path / "events")
    other = store.new_run("backtest", "{}", durable=False, run_id="backtest-1")
    other.end()
    index = back_up(store, tmp_path / "copy", run=running.run_id)
    assert [one.run_id for one in index.runs] == [running.run_id]
