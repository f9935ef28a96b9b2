"""The panel reads a recorded run as the event catalog has it, little by little, and says when it cannot."""

from pathlib import Path
from typing import Any

import pytest

from catalog import codec
from catalog.lineage import trace
from catalog.store import EventStore, Run
from monitoring.dashboard import recorded, risk_figures
from monitoring.dashboard.recorded import RecordedRun
from monitoring.dashboard.story import story_tree
from nautilus_bot.core.errors import CorruptEntry, NotFound
from nautilus_bot.core.messages import (
    ConditionMargin,
    EquityMarked,
    FundingPaid,
    Indicator,
    Message,
    RiskVerdict,
    RuleCheck,
    Signal,
)

SIGNAL_ID = "A-TF-BTCUSDT-1"
BTC = "BTCUSDT-LINEAR.BYBIT"
HOUR = 3_600_000_000_000


def mark(hour: int, equity: float, drawdown: float = 0.0) -> EquityMarked:
    return EquityMarked(
        ts_event=hour * HOUR,
        equity_usdt=equity,
        balance_usdt=equity,
        unrealized_usdt=0.0,
        drawdown_pct=drawdown,
        gross_exposure_usdt=0.0,
        net_exposure_usdt=0.0,
    )


def whose() -> dict[str, Any]:
    return {"strategy": "TrendFollowingADXEMAStrategy", "strategy_id": "Trend-0", "instrument_id": BTC}


SIGNAL = Signal(
    ts_event=HOUR,
    signal_id=SIGNAL_ID,
    side="BUY",
    confidence=0.5,
    price="100",
    stop="99",
    target="102",
    reason="<b>up</b>",
    indicators=(Indicator("adx", 31.5),),
    conditions=(ConditionMargin("EMAs apart", 0.5, "ATR"),),
    **whose(),
)
REFUSAL = RiskVerdict(
    ts_event=HOUR,
    client_order_id=f"{SIGNAL_ID}-E",
    signal_id=SIGNAL_ID,
    approved=False,
    role="E",
    rule="min_confidence",
    reason="confidence 0.50 < 0.60",
    checks=(RuleCheck("min_confidence", False, 0.6, 0.5, "ratio", "confidence 0.50 < 0.60"),),
    **whose(),
)
FUNDING = FundingPaid(
    ts_event=HOUR,
    instrument_id=BTC,
    strategy_id="Trend-0",
    rate="0.0001",
    quantity="1",
    price="100",
    amount_usdt="-1.25",
)


def append(run: Run, *messages: Message) -> None:
    for message in messages:
        name, version, payload = codec.encode(message)
        run.journal.append(
            ts_init=message.ts_event,
            ts_market=message.ts_event,
            ts_publish=message.ts_event,
            topic="t",
            type=name,
            version=version,
            payload=payload,
            strategy_id=getattr(message, "strategy_id", ""),
            instrument_id=getattr(message, "instrument_id", ""),
            client_order_id=getattr(message, "client_order_id", ""),
            correlation_id=getattr(message, "signal_id", ""),
        )


@pytest.fixture
def run(tmp_path: Path) -> Any:
    made = EventStore(tmp_path).new_run("paper", "{}", durable=True)
    yield made
    made.end()


def test_what_is_written_meanwhile_is_read_by_the_next_question(run: Run, tmp_path: Path) -> None:
    append(run, mark(1, 100.0))
    reader = RecordedRun(tmp_path, run.run_id)
    assert [row["equity_usdt"] for row in reader.curve()] == [100.0]
    append(run, mark(2, 90.0, 10.0), FUNDING)
    assert [(row["equity_usdt"], row["drawdown_pct"]) for row in reader.curve()] == [
        (100.0, 0.0),
        (90.0, 10.0),
    ]
    assert reader.funding_usdt() == -1.25
    assert (reader.trades(10), reader.by_strategy()) == ([], [])


def test_a_long_curve_is_thinned_but_keeps_its_ends(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorded, "POINTS", 10)
    append(run, *(mark(hour, float(hour)) for hour in range(1, 101)))
    curve = [row["equity_usdt"] for row in RecordedRun(tmp_path, run.run_id).curve()]
    assert len(curve) <= 12
    assert (curve[0], curve[-1]) == (1.0, 100.0)


def test_refusals_carry_limit_and_observed_value(run: Run, tmp_path: Path) -> None:
    append(run, SIGNAL, REFUSAL)
    reader = RecordedRun(tmp_path, run.run_id)
    (row,) = risk_figures.refusal_rows(reader.refusals(10))
    assert [cell if isinstance(cell, str) else cell.text for cell in row][2:6] == [
        "BTCUSDT",
        "min_confidence",
        "0.50",
        "0.60",
    ]
    (limit,) = risk_figures.verdict_limits(reader.checks(10), [])
    assert (limit.rule, limit.share) == ("min_confidence", 1.0)


def test_the_story_of_a_refused_signal_names_the_rule_and_is_escaped(run: Run) -> None:
    append(run, SIGNAL, REFUSAL)
    told = story_tree(trace(run.folder, SIGNAL_ID))
    assert "TrendFollowingADXEMA proposed to BUY BTCUSDT" in told
    assert "Risk refused it: min_confidence" in told
    assert "met: EMAs apart, by 0.5 ATR" in told
    assert "&lt;b&gt;up" in told
    assert "<b>up" not in told


def test_a_run_that_is_not_there_or_no_journal_is_a_clear_failure(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        RecordedRun(tmp_path, "absent")
    run = EventStore(tmp_path).new_run("paper", "{}", durable=True)
    run.end()
    for file in run.folder.glob("journal.sqlite*"):
        file.write_bytes(b"no journal" * 1_000)
    with pytest.raises(CorruptEntry, match="must be"):
        RecordedRun(tmp_path, run.run_id).curve()
