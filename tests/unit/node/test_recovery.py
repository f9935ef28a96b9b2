"""Which session is continued, what is made of a damaged one, and who owns what the venue holds."""

import sqlite3
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nautilus_trader.cache.cache import Cache

from catalog.codec import encode
from catalog.journal import JOURNAL_FILE
from catalog.manifest import RunStatus
from catalog.store import EventStore, Run
from nautilus_bot.core.clocks import NS_PER_SEC, MarketClock, utc_day
from nautilus_bot.core.errors import AlreadyRunning
from nautilus_bot.core.messages import Message, RiskVerdict, Signal, TradingHalted
from nautilus_bot.core.session_state import SessionSnapshot, StopFills
from nautilus_bot.node.attribution import EXTERNAL, share_out
from nautilus_bot.node.memory import SessionMemory
from nautilus_bot.node.rebase import rebase
from nautilus_bot.node.recovery import find_recovery, lock_account
from nautilus_bot.node.snapshots import SNAPSHOT_ENTRIES, SnapshotPace, fold_session, take_snapshot
from nautilus_bot.node.venue import SimulatorSettings, account_of
from nautilus_bot.risk.context import RiskContext

HOUR = 3_600 * NS_PER_SEC
DAY = 24 * HOUR
HALT = TradingHalted(ts_event=5 * DAY, rule="drawdown_halt", reason="fell too far")

type NewRun = Callable[..., Run]


@pytest.fixture
def store(tmp_path: Path) -> EventStore:
    return EventStore(tmp_path)


@pytest.fixture
def new_run(store: EventStore) -> NewRun:
    def build(*messages: Message, account: str = "simulated a", parent: str = "", started: int = 1) -> Run:
        run = store.new_run(
            "paper", "{}", durable=True, account=account, parent_run=parent, started_ns=started * NS_PER_SEC
        )
        for message in messages:
            put(run, message)
        return run

    return build


def put(run: Run, message: Message) -> None:
    name, version, payload = encode(message)
    ts = message.ts_event
    run.journal.append(
        ts_init=ts, ts_market=ts, ts_publish=ts, topic="t", type=name, version=version, payload=payload
    )


def snapshot(run_id: str = "paper-0", **risk: object) -> SessionSnapshot:
    context, memory = RiskContext(MarketClock(5 * DAY)), SessionMemory()
    state = take_snapshot(
        Cache(database=None), context, memory, as_of_run=run_id, as_of_seq=9, as_of_hash="", now_ns=1
    )
    return msgspec.structs.replace(state, risk=msgspec.structs.replace(state.risk, **risk))


def verdict(ts: int, count: int = 1, strategy: str = "A-1", role: str = "E") -> RiskVerdict:
    return RiskVerdict(
        ts_event=ts,
        client_order_id=f"TOXIDR-AA-BTCUSDT-{count}-{role}",
        signal_id=f"TOXIDR-AA-BTCUSDT-{count}",
        strategy=strategy.partition("-")[0],
        strategy_id=strategy,
        instrument_id="BTCUSDT-LINEAR.BYBIT",
        approved=True,
        role=role,
    )


class TestWhichSession:
    def test_the_latest_one_of_the_same_mode_and_account_is_continued(self, store, new_run):
        first, other = new_run(HALT, started=1), new_run(account="simulated b", started=2)
        first.end()
        other.end()
        found = find_recovery(store, "paper", "simulated a")
        assert found.parent_run == first.run_id
        assert found.state.risk.halt == HALT
        assert find_recovery(store, "live", "simulated a").parent is None

    def test_a_session_that_died_before_it_took_over_is_passed_by(self, store, new_run):
        first = new_run(HALT, started=1)
        first.end()
        dead = new_run(parent=first.run_id, started=2)
        dead.journal.close()
        assert find_recovery(store, "paper", "simulated a").parent_run == first.run_id

    def test_one_that_took_over_is_folded_without_its_parent(self, store, new_run):
        took = new_run(snapshot(halt=HALT), parent="paper-gone", started=2)
        took.journal.close()
        found = find_recovery(store, "paper", "simulated a")
        assert found.parent_run == took.run_id
        assert found.state.risk.halt == HALT
        assert fold_session(took.folder, use_snapshots=False).risk.halt == HALT

    def test_one_that_was_recorded_under_the_former_name_of_the_account_is_continued(self, store, new_run):
        former = new_run(HALT, account="mainnet https://api.bybit.com 0a1b2c", started=1)
        former.end()
        other = new_run(account="mainnet account 8", started=2)
        other.end()
        found = find_recovery(store, "paper", "mainnet account 7", "mainnet https://api.bybit.com 0a1b2c")
        assert found.parent_run == former.run_id

    def test_nothing_is_recovered_where_nothing_was(self, store):
        found = find_recovery(store, "paper", "simulated a")
        assert (found.parent, found.state, found.doubts) == (None, None, [])

    def test_a_damaged_session_gives_its_good_beginning_and_a_doubt(self, store, new_run):
        run = new_run(HALT, verdict(5 * DAY, 1), verdict(5 * DAY, 2), verdict(5 * DAY, 3))
        run.journal.close()
        with sqlite3.connect(run.folder / JOURNAL_FILE) as db:
            db.execute("UPDATE entries SET payload = x'00' WHERE seq = 3")
        found = find_recovery(store, "paper", "simulated a")
        assert found.state.risk.halt == HALT
        assert len(found.state.verdicts) == 1
        assert [one.status for one in found.swept] == [RunStatus.QUARANTINED]
        assert "entry 3" in found.doubts[0]

    def test_a_session_that_is_no_database_any_more_leaves_the_one_before(self, store, new_run):
        first = new_run(HALT, started=1)
        first.end()
        broken = new_run(started=2)
        broken.journal.close()
        (broken.folder / JOURNAL_FILE).write_bytes(b"no database")
        found = find_recovery(store, "paper", "simulated a")
        assert found.parent_run == first.run_id
        assert found.doubts


class TestOneBot:
    def test_a_second_bot_on_the_account_is_refused_in_one_clear_line(self, store):
        lock = lock_account(store, "simulated /var/paper/exchange.sqlite")
        with pytest.raises(AlreadyRunning, match=r"one bot may trade an account.*stop it first"):
            lock_account(store, "simulated /var/paper/exchange.sqlite")
        lock_account(store, "another").release()
        lock.release()
        lock_account(store, "simulated /var/paper/exchange.sqlite").release()

    def test_an_account_keeps_its_name_until_its_file_is_deleted(self, tmp_path):
        settings = SimulatorSettings(state=str(tmp_path / "exchange.sqlite"))
        first = account_of(settings)
        (tmp_path / "exchange.sqlite").touch()
        assert account_of(settings) == first
        (tmp_path / "exchange.sqlite").unlink()
        assert account_of(settings) != first
        assert account_of(SimulatorSettings(state="")) != account_of(SimulatorSettings(state=""))


class TestClocks:
    def test_a_wall_clock_set_back_gives_no_session_an_id_of_an_earlier_one(self, store, new_run):
        new_run(HALT, started=1_000).end()
        found = find_recovery(store, "paper", "simulated a")
        assert found.earliest_start_ns(500 * NS_PER_SEC) == 1_001 * NS_PER_SEC
        assert found.earliest_start_ns(2_000 * NS_PER_SEC) == 2_000 * NS_PER_SEC

    def test_a_market_clock_set_back_takes_pauses_and_counters_with_it(self):
        state = msgspec.structs.replace(
            snapshot(
                stop_fills=(StopFills("A", "BTC", (5 * DAY - HOUR,)),),
                halt=msgspec.structs.replace(HALT, until_ns=5 * DAY + HOUR),
            ),
            verdicts=(verdict(5 * DAY - 30 * NS_PER_SEC),),
        )
        moved = rebase(state, 2 * DAY)
        assert moved.risk.market_ns == 2 * DAY
        assert moved.risk.day == utc_day(2 * DAY)
        assert moved.risk.stop_fills[0].times == (2 * DAY - HOUR,)
        assert moved.risk.halt.until_ns == 2 * DAY + HOUR
        assert moved.verdicts[0].ts_event == 2 * DAY - 30 * NS_PER_SEC

    @pytest.mark.parametrize("market_ns", [5 * DAY, 6 * DAY, 5 * DAY - 60 * NS_PER_SEC, 0])
    def test_a_market_clock_that_went_on_changes_nothing(self, market_ns):
        state = snapshot()
        assert rebase(state, market_ns) is state


class TestMemory:
    def test_an_hour_of_entries_is_kept_and_the_last_one_of_each_ledger(self):
        memory = SessionMemory()
        for count in range(120):
            memory.observe(verdict(count * 60 * NS_PER_SEC, count))
        memory.observe(verdict(0, 500, strategy="B-1"))
        memory.observe(verdict(119 * 60 * NS_PER_SEC, 501, role="S"))
        kept = memory.verdicts
        assert len([one for one in kept if one.strategy == "A"]) == 60
        assert len([one for one in kept if one.strategy == "B"]) == 1

    def test_a_restored_memory_is_the_same(self):
        memory, again = SessionMemory(), SessionMemory()
        for count in range(10):
            memory.observe(verdict(count * 600 * NS_PER_SEC, count))
            memory.observe(signal(count, closes=count % 3 == 0))
        again.restore(memory.verdicts, memory.signals)
        assert (again.verdicts, again.signals) == (memory.verdicts, memory.signals)


def signal(count: int, *, closes: bool) -> Signal:
    return Signal(
        ts_event=count,
        signal_id=f"TOXIDR-AA-BTCUSDT-{count}",
        strategy="A",
        strategy_id="A-1",
        instrument_id="BTCUSDT-LINEAR.BYBIT",
        side="BUY",
        confidence=1.0,
        price="1",
        stop="",
        target="",
        reason="",
        closes=closes,
    )


def test_a_snapshot_is_due_after_enough_entries_or_an_hour_and_never_when_idle():
    pace = SnapshotPace(100, 0.0)
    assert not pace.is_due(100 + SNAPSHOT_ENTRIES - 1, 10.0)
    assert pace.is_due(100 + SNAPSHOT_ENTRIES, 10.0)
    assert pace.is_due(102, 3_600.0)
    assert not pace.is_due(101, 3_600.0)


QUANTITIES = st.decimals(-10, 10, places=2).filter(bool)


@given(
    difference=st.decimals(-20, 20, places=2),
    ledgers=st.dictionaries(st.sampled_from(["A-1", "B-1", "C-1", EXTERNAL]), QUANTITIES),
)
def test_whatever_the_venue_holds_the_ledgers_add_up_to_it_and_none_is_turned(difference, ledgers):
    changes = share_out(difference, ledgers)
    assert sum((quantity for _, quantity in changes), Decimal(0)) == difference
    after = dict(ledgers)
    for name, quantity in changes:
        after[name] = after.get(name, Decimal(0)) + quantity
    for name, quantity in after.items():
        if name != EXTERNAL:
            assert quantity * ledgers[name] >= 0
            assert abs(quantity) <= abs(ledgers[name])


def test_a_manual_close_is_taken_from_the_strategies_that_it_closed():
    assert share_out(Decimal("-1.5"), {"A-1": Decimal(1), "B-1": Decimal(1)}) == [
        ("A-1", Decimal(-1)),
        ("B-1", Decimal("-0.5")),
    ]


def test_a_manual_position_is_external():
    assert share_out(Decimal(2), {"A-1": Decimal(1)}) == [(EXTERNAL, Decimal(2))]
