"""A report agrees with what was recorded, in the time asked for, over the runs of a bot."""

import time
from pathlib import Path
from typing import Any

import pytest

from catalog import codec
from catalog.store import EventStore, Run
from monitoring.telegram.report import DAY_NS, build_report, daily_key, daily_report, seq_before
from monitoring.telegram.texts import Texts
from nautilus_bot.core.messages import EquityMarked, FundingPaid, RiskVerdict, Signal

STRATEGY = "RSIEMAMomentumStrategy"
STRATEGY_ID = f"{STRATEGY}-RE_BTCUSDT_15m"
INSTRUMENT = "BTCUSDT-LINEAR.BYBIT"
NOW = time.time_ns()


def append(run: Run, message: Any, *, hours_ago: float, topic: str = "t") -> None:
    name, version, payload = codec.encode(message)
    run.journal.append(
        ts_init=1, ts_market=1, ts_publish=NOW - int(hours_ago * 3_600e9), topic=topic, type=name,
        version=version, payload=payload,
    )  # fmt: skip


def signal(number: int) -> Signal:
    return Signal(
        ts_event=1, signal_id=f"S-{number}", strategy=STRATEGY, strategy_id=STRATEGY_ID,
        instrument_id=INSTRUMENT, side="BUY", confidence=0.8, price="100", stop="99", target="102",
        reason="r",
    )  # fmt: skip


def refusal(number: int, rule: str, role: str = "E") -> RiskVerdict:
    return RiskVerdict(
        ts_event=1, client_order_id=f"S-{number}-{role}", signal_id=f"S-{number}", strategy=STRATEGY,
        strategy_id=STRATEGY_ID, instrument_id=INSTRUMENT, approved=False, role=role, rule=rule,
    )  # fmt: skip


def mark(equity: float, drawdown: float) -> EquityMarked:
    return EquityMarked(
        ts_event=1, equity_usdt=equity, balance_usdt=equity, unrealized_usdt=0, drawdown_pct=drawdown,
        gross_exposure_usdt=0, net_exposure_usdt=0,
    )  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> EventStore:
    return EventStore(tmp_path / "events")


def test_a_report_counts_what_was_recorded_in_its_time_in_all_runs_of_the_bot(store: EventStore) -> None:
    first = store.new_run("paper", "{}", durable=True, account="a", started_ns=NOW - 2 * DAY_NS)
    append(first, signal(1), hours_ago=30)
    append(first, mark(9_000.0, 9.0), hours_ago=30)
    append(first, signal(2), hours_ago=20)
    append(first, refusal(2, "throttle"), hours_ago=20)
    append(first, mark(10_000.0, 1.5), hours_ago=20)
    first.end()
    second = store.new_run(
        "paper", "{}", durable=True, account="a", parent_run=first.run_id, started_ns=NOW - DAY_NS // 2
    )
    append(second, signal(3), hours_ago=2)
    append(second, refusal(3, "throttle"), hours_ago=2)
    append(second, refusal(4, "exposure"), hours_ago=2)
    append(second, refusal(4, "exposure", role="S"), hours_ago=2)
    paid = FundingPaid(
        ts_event=1, instrument_id=INSTRUMENT, strategy_id=STRATEGY_ID, rate="0.0001", quantity="1",
        price="100", amount_usdt="-0.25",
    )  # fmt: skip
    append(second, paid, hours_ago=1)
    append(second, mark(10_100.0, 0.5), hours_ago=1)
    second.end()

    report = build_report(store, second.run_id, NOW - DAY_NS)
    assert report.signals == 2
    assert report.refused == {"throttle": 2, "exposure": 1}
    assert report.funding == -0.25
    assert (report.first_equity, report.last_equity) == (10_000.0, 10_100.0)
    assert report.drawdown_pct == 1.5
    assert build_report(store, second.run_id, NOW - 2 * DAY_NS).signals == 3

    told = daily_report(store, "paper", second.run_id, NOW)
    assert told.key == daily_key("paper", NOW) != daily_key("paper", NOW + DAY_NS)
    for language in ("en", "es"):
        text = Texts(language).tell(told)  # type: ignore[arg-type]
        assert "exposure 1, throttle 2" in text
        assert "10000.00" in text


def test_nothing_recorded_is_a_report_of_nothing(store: EventStore) -> None:
    run = store.new_run("paper", "{}", durable=True, account="a")
    report = build_report(store, run.run_id, NOW - DAY_NS)
    assert report.trades == 0
    assert report.facts()["last"] == "-"
    run.end()


@pytest.mark.parametrize("count", [0, 1, 2, 7, 100])
def test_the_place_of_a_moment_in_a_journal_is_found(store: EventStore, count: int) -> None:
    run = store.new_run("paper", "{}", durable=True, account="a")
    for number in range(count):
        append(run, signal(number), hours_ago=float(count - number))
    for hours in range(count + 2):
        moment = NOW - int((hours + 0.5) * 3_600e9)
        assert seq_before(run.folder, moment) == sum(count - n > hours + 0.5 for n in range(count))
    run.end()
