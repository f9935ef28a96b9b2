"""Reading goes on where it stopped, run after run; what is told is what the table says."""

import time
from pathlib import Path
from typing import Any

import pytest
from nautilus_trader.core.uuid import UUID4
from nautilus_trader.model.events import OrderDenied, OrderRejected, OrderUpdated
from nautilus_trader.model.identifiers import (
    AccountId,
    ClientOrderId,
    InstrumentId,
    StrategyId,
    TraderId,
    VenueOrderId,
)
from nautilus_trader.model.objects import Price, Quantity

from catalog import codec
from catalog.manifest import RunStatus
from catalog.store import EventStore, Run
from monitoring.telegram.follow import Follower, Sighting
from monitoring.telegram.outbox import Cursor, Outbox
from monitoring.telegram.policy import Policy
from monitoring.telegram.texts import Texts
from nautilus_bot.core.messages import (
    EquityMarked,
    Notice,
    OperatorCommand,
    RiskVerdict,
    RuleCheck,
    SessionStopping,
    TradingHalted,
)

BOT = "paper"
IDS = (TraderId("BOT-001"), StrategyId("RSIEMAMomentumStrategy-RE_BTCUSDT_15m"),
       InstrumentId.from_str("BTCUSDT-LINEAR.BYBIT"))  # fmt: skip


class Played:
    """A bot of which only journal and run file are there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = EventStore(folder / "events")
        self.outbox = Outbox(folder / "queue.sqlite")
        self.sighting: Sighting | None = None
        self.run: Run

    def begin(self, parent: str = "", *, seen: bool = True) -> None:
        self.run = self.store.new_run("paper", "{}", durable=True, account="a", parent_run=parent)
        if seen:
            self.see("trading")

    def end(self, status: RunStatus = RunStatus.ENDED) -> None:
        self.run.end(status)

    def see(self, state: str, *, running: bool = True, reason: str = "") -> None:
        run_id = self.run.run_id
        self.sighting = Sighting(identity=run_id, run_id=run_id, state=state, running=running, reason=reason)

    def append(self, *messages: Any) -> None:
        for message in messages:
            name, version, payload = codec.encode(message)
            self.run.journal.append(
                ts_init=1, ts_market=1, ts_publish=time.time_ns(), topic="t", type=name, version=version,
                payload=payload,
            )  # fmt: skip

    def say(self, *texts: str) -> None:
        self.append(*(Notice(ts_event=1, severity="critical", component="c", text=text) for text in texts))

    def follower(self) -> Follower:
        return Follower(BOT, self.store, lambda: self.sighting, self.outbox, Policy(), clock=lambda: 0.0)

    def told(self) -> list[str]:
        """Return all that was queued, in order."""
        queued = [
            one for critical in (True, False) for one in self.outbox.waiting(critical=critical, limit=9_999)
        ]
        ordered = sorted(queued, key=lambda one: one.number)
        return [Texts("en").tell(one.notification) for one in ordered]


@pytest.fixture
def played(tmp_path: Path) -> Played:
    return Played(tmp_path)


def test_at_the_very_first_start_the_past_is_not_told(played: Played) -> None:
    played.begin()
    played.say("long ago")
    follower = played.follower()
    assert follower.poll() == 0
    played.say("now")
    assert follower.poll() == 1
    assert ["now" in text for text in played.told()] == [True]


def test_a_dead_bot_of_the_past_is_not_told_at_the_first_start_nor_later(played: Played) -> None:
    played.begin()
    played.see("trading", running=False)
    assert played.follower().poll() == 0
    assert played.follower().poll() == 0


def test_another_process_goes_on_where_the_last_one_stopped(played: Played) -> None:
    played.begin()
    played.follower().poll()
    played.say("one")
    assert played.follower().poll() == 1
    played.say("two", "three")
    assert played.follower().poll() == 2
    assert played.follower().poll() == 0


def test_a_crash_between_queue_and_cursor_cannot_happen_and_an_old_cursor_doubles_nothing(
    played: Played,
) -> None:
    played.begin()
    follower = played.follower()
    follower.poll()
    played.say("one", "two")
    follower.poll()
    # as if the cursor of a quiet stretch had not been written down
    played.outbox.put([], 1, bot=BOT, cursor=Cursor(played.run.run_id, 1))
    assert played.follower().poll() == 0
    assert len(played.told()) == 2


def test_runs_that_came_and_went_unseen_are_told_in_order(played: Played) -> None:
    played.begin()
    played.follower().poll()
    played.say("in the first")
    first = played.run.run_id
    played.end(RunStatus.CRASHED_RECOVERED)
    played.begin(first, seen=False)
    played.say("in the second")
    second = played.run.run_id
    played.end()
    played.begin(second)
    played.say("in the third")
    played.follower().poll()
    words = ["in the first", "died", f"run {second}", "in the second", f"run {played.run.run_id}", "third"]
    assert [word in text for word, text in zip(words, played.told(), strict=True)] == [True] * 6


def test_a_run_that_continues_another_story_does_not_bring_its_past(played: Played) -> None:
    played.begin()
    played.say("another story")
    other = played.run.run_id
    played.end()
    played.begin(other)
    played.follower().poll()
    played.end()
    played.begin("gone-from-the-disk")
    played.say("new")
    played.follower().poll()
    assert len(played.told()) == 2
    assert "started" in played.told()[0]


@pytest.mark.parametrize(
    ("state", "running", "text", "severity"),
    [
        ("trading", False, "died without a word", "critical"),
        ("failed", False, "failed: no money", "critical"),
        ("killed", False, "force-stopped", "warning"),
        ("ended", False, "", ""),
        ("stopping", True, "", ""),
    ],
)
def test_an_end_that_the_journal_does_not_tell_is_told_once(
    played: Played, state: str, running: bool, text: str, severity: str
) -> None:
    played.begin()
    follower = played.follower()
    follower.poll()
    played.see(state, running=running, reason="no money")
    follower.poll()
    follower.poll()
    played.follower().poll()
    assert [text in told for told in played.told()] == ([True] if text else [])
    if severity:
        assert bool(played.outbox.waiting(critical=True, limit=1)) is (severity == "critical")


def test_a_journal_that_cannot_be_read_is_one_error(played: Played) -> None:
    played.begin()
    follower = played.follower()
    follower.poll()
    played.end()
    path = played.run.journal.path
    path.write_bytes(b"no database " * 1_000)
    follower.poll()
    follower.poll()
    assert ["cannot be read" in text for text in played.told()] == [True]


# -- the table ----------------------------------------------------------------------------------------


def verdict(role: str) -> RiskVerdict:
    return RiskVerdict(
        ts_event=1,
        client_order_id=f"S-1-{role}",
        signal_id="S-1",
        strategy="RSIEMAMomentumStrategy",
        strategy_id=str(IDS[1]),
        instrument_id=str(IDS[2]),
        approved=False,
        role=role,
        rule="exposure",
        reason="too much",
        checks=(RuleCheck("min_confidence", True), RuleCheck("exposure", False, 100.0, 120.5, "pct")),
    )


def denied(role: str) -> OrderDenied:
    return OrderDenied(*IDS, ClientOrderId(f"S-1-{role}"), "exposure: too much", UUID4(), 1)


def rejected(role: str) -> OrderRejected:
    account = AccountId("BYBIT-1")
    return OrderRejected(*IDS, ClientOrderId(f"S-1-{role}1"), account, "110007", UUID4(), 1, 1)


def moved(role: str) -> OrderUpdated:
    return OrderUpdated(
        *IDS, ClientOrderId(f"S-1-{role}1"), VenueOrderId("V"), AccountId("BYBIT-1"),
        Quantity.from_str("0.200"), None, Price.from_str("99.50"), UUID4(), 1, 1,
    )  # fmt: skip


def by_operator(author: str) -> OperatorCommand:
    return OperatorCommand(ts_event=1, command="close", author=author, arguments=("BTCUSDT",))


def equity() -> EquityMarked:
    return EquityMarked(
        ts_event=1, equity_usdt=1, balance_usdt=1, unrealized_usdt=0, drawdown_pct=0,
        gross_exposure_usdt=0, net_exposure_usdt=0,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("messages", "texts"),
    [
        # the gate's verdict and the denial that follows it are one refusal
        ((verdict("E"), denied("E")), ["Refused by <b>exposure</b> (120.5 / 100 pct)"]),
        ((denied("E"),), ["Refused by <b>engine</b>"]),
        ((verdict("S"),), ["Protective order refused by <b>exposure"]),
        ((rejected("E"),), ["rejected an order of RSIEMAMomentumStrategy on BTCUSDT"]),
        ((rejected("S"),), ["rejected a <b>stop</b>"]),
        ((moved("S"), moved("T")), ["Stop of BTCUSDT now at 99.50 for 0.200"]),
        (
            (TradingHalted(ts_event=1, reason="news", author="cli:ana"),),
            ["<b>Trading halted</b> by cli:ana: news"],
        ),
        (
            (TradingHalted(ts_event=1, reason="6 % > 5 %", rule="drawdown_halt"),),
            ["by the rule <b>drawdown_halt</b>: 6 % &gt; 5 %"],
        ),
        # who asked in Telegram was answered there
        ((by_operator("cli:ana"), by_operator("telegram:42")), ["cli:ana asked for <b>close</b> BTCUSDT"]),
        ((SessionStopping(ts_event=1, reason="told to stop"), equity()), ["<b>Stopped</b>: told to stop"]),
    ],
)
def test_an_entry_is_told_as_the_table_says(
    played: Played, messages: tuple[Any, ...], texts: list[str]
) -> None:
    played.begin()
    follower = played.follower()
    follower.poll()
    played.append(*messages)
    follower.poll()
    assert [text in told for text, told in zip(texts, played.told(), strict=True)] == [True] * len(texts)
