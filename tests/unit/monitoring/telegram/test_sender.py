"""The order and form in which the queue is delivered, to a phone that takes, refuses or loses messages."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitoring.telegram.bot_api import Receipt
from monitoring.telegram.kinds import Notification, Severity
from monitoring.telegram.outbox import WAITING, Outbox
from monitoring.telegram.policy import Policy, QuietHours
from monitoring.telegram.sender import Sender, SenderLimits
from monitoring.telegram.texts import LONGEST, Texts, units

TAKEN = Receipt(result="sent", message_id=1)


class Phone:
    """Take messages, or answer with what was prepared."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, bool]] = []
        self.receipts: list[Receipt] = []

    async def send(self, text: str, *, loud: bool = True) -> Receipt:
        receipt = self.receipts.pop(0) if self.receipts else TAKEN
        if receipt.result == "sent":
            self.taken.append((text, loud))
        return receipt


class Bench:
    """A sender whose clocks are turned by hand."""

    def __init__(self, folder: Path, policy: Policy, limits: SenderLimits) -> None:
        self.secs = 0.0
        self.hour = 12
        self.outbox = Outbox(folder / "queue.sqlite")
        self.phone = Phone()
        self.sender = Sender(
            self.outbox, self.phone, policy, Texts("en"), limits, clock=lambda: self.secs, now_ns=self.now_ns
        )

    def now_ns(self) -> int:
        return int(datetime(2026, 1, 31, self.hour, tzinfo=UTC).timestamp()) * 1_000_000_000

    def put(self, severity: Severity, *texts: str, kind: str = "notice", **facts: str) -> None:
        shown = "critical" if severity == "critical" else "notice"
        notes = [
            Notification(
                key=text,
                kind=kind,
                severity=severity,
                text=shown,
                ts_ns=self.now_ns(),
                facts={"component": "c", "text": text} | facts,
            )
            for text in texts
        ]
        self.outbox.put(notes, self.now_ns())

    async def deliver(self, most: int = 100) -> list[str]:
        """Deliver until nothing is to be done at once; return the texts."""
        for _ in range(most):
            if await self.sender.deliver():
                break
        return [text for text, _ in self.phone.taken]


@pytest.fixture
def bench(tmp_path: Path) -> Callable[..., Bench]:
    def make(policy: Policy | None = None, **limits: float) -> Bench:
        patience = SenderLimits(first_retry_secs=0.0, **limits)  # type: ignore[arg-type]
        return Bench(tmp_path, policy or Policy(), patience)

    return make


async def test_critical_messages_overtake_the_others(bench: Callable[..., Bench]) -> None:
    one = bench()
    one.put("info", "slight")
    one.put("critical", "first", "second")
    told = await one.deliver()
    assert [text.split()[-1] for text in told] == ["first", "second", "slight"]
    assert [loud for _, loud in one.phone.taken] == [True, True, False]


async def test_in_quiet_hours_only_what_is_critical_is_sent_and_the_rest_comes_after(
    bench: Callable[..., Bench],
) -> None:
    one = bench(Policy(quiet_hours=QuietHours(from_hour=22, to_hour=6)))
    one.hour = 23
    one.put("error", *(f"held {number}" for number in range(8)))
    one.put("critical", "now")
    assert len(await one.deliver()) == 1
    one.hour = 6
    told = await one.deliver()
    assert len(told) == 2
    assert "<b>8 messages in one</b>" in told[1]
    # errors are told in full, also in a summary
    assert all(f"held {number}" in told[1] for number in range(8))


async def test_many_critical_messages_share_some_each_in_full(bench: Callable[..., Bench]) -> None:
    one = bench(per_minute=10)
    texts = [f"{number:03} " + "x" * 300 for number in range(60)]
    one.put("critical", *texts)
    told = await one.deliver()
    assert all(units(text) <= LONGEST for text in told)
    together = "\n".join(told)
    assert [together.count(text) for text in texts] == [1] * 60
    assert sorted(texts, key=together.index) == texts
    assert len(told) <= 10


async def test_a_summary_counts_rules_and_adds_up_profits(bench: Callable[..., Bench]) -> None:
    one = bench()
    one.put("info", *(f"a{number}" for number in range(7)), kind="signal_refused", rule="throttle")
    one.put("info", *(f"b{number}" for number in range(2)), kind="signal_refused", rule="exposure")
    one.put("info", "c1", "c2", kind="position_closed", pnl="+1.25")
    one.put("info", "c3", kind="position_closed", pnl="-3.00")
    (told,) = await one.deliver()
    assert "9 x signals refused (throttle 7, exposure 2)" in told
    assert "3 x positions closed (-0.50 USDT)" in told
    assert one.outbox.count(WAITING) == 0


async def test_what_was_dropped_is_told_once_it_can_be(
    bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitoring.telegram.outbox.MOST_WAITING", 10)
    one = bench()
    one.phone.receipts = [Receipt(result="not_sent")]
    one.put("info", *(f"note {number}" for number in range(17)))
    (told,) = await one.deliver()
    assert "<b>10 messages in one</b>" in told
    assert "7 older ones were dropped" in told
    one.put("info", *(f"more {number}" for number in range(6)))
    assert "dropped" not in (await one.deliver())[1]


async def test_when_the_pace_is_used_up_what_waits_becomes_a_summary(bench: Callable[..., Bench]) -> None:
    one = bench(per_minute=20)
    for number in range(5):
        one.put("info", f"single {number}")
        await one.deliver()
    one.put("info", *(f"more {number}" for number in range(30)))
    assert len(await one.deliver()) == 5
    one.secs = 3.0
    told = await one.deliver()
    assert len(told) == 6
    assert "<b>30 messages in one</b>" in told[5]


@pytest.mark.parametrize(("result", "repeated"), [("not_sent", False), ("refused", False), ("unsure", True)])
async def test_what_was_not_taken_is_sent_again_and_doubt_is_told(
    bench: Callable[..., Bench], result: str, repeated: bool
) -> None:
    one = bench()
    one.phone.receipts = [Receipt(result=result)] * 3  # type: ignore[arg-type]
    one.put("critical", "first", "second")
    told = await one.deliver()
    assert [text.split()[-1] for text in told] == ["first", "second"]
    assert ["repetition" in text for text in told] == [repeated, False]


async def test_stopped_it_ends_behind_its_message_and_leaves_the_rest(bench: Callable[..., Bench]) -> None:
    one = bench()
    one.put("critical", "first", "second")
    taken = one.phone.send

    async def send(text: str, *, loud: bool = True) -> Receipt:
        one.sender.stop()
        return await taken(text, loud=loud)

    one.phone.send = send  # type: ignore[method-assign]
    await one.sender.run()
    assert len(one.phone.taken) == 1
    assert [queued.unsure for queued in one.outbox.waiting(critical=True, limit=9)] == [False]
