"""AC-01: a recorded run replays decision for decision from its own record."""

from pathlib import Path

import msgspec
import pytest

from catalog.store import EventStore
from nautilus_bot.market.instruments import build_instrument
from nautilus_bot.market.intervals import bar_type, interval_ns
from nautilus_bot.market.synthetic_store import DEFAULT_START_NS, ensure_synthetic
from nautilus_bot.node.backtest import Simulation, build_backtest
from nautilus_bot.node.modes import MODES
from nautilus_bot.node.spec import NodeSpec, StrategySpec
from nautilus_bot.replay.decision_replay import ReplayReport, replay_decisions
from nautilus_bot.replay.record import RecordedRun, load_recorded_run

BARS = 200
RECORDING = msgspec.structs.replace(MODES["backtest"], records_inputs=True)
BAR_TYPE = str(bar_type("BTCUSDT", "15m"))
BUSY = {"multiplier": 0.5, "lookback": 5.0, "expansion": 0.0, "stop_atr": 1.0, "target_atr": 1.0}


def spec_of(**parameters: float) -> NodeSpec:
    return NodeSpec(
        mode=RECORDING,
        session="BT",
        strategies=(
            StrategySpec(
                strategy="VolatilityBreakoutStrategy", bar_type=BAR_TYPE, parameters=BUSY | parameters
            ),
        ),
    )


def record(tmp_path: Path, spec: NodeSpec) -> RecordedRun:
    market = tmp_path / "market"
    ensure_synthetic(market, seed=7, days=3, symbols=("BTCUSDT",))
    simulation = Simulation(
        data_catalog=str(market),
        bar_types=(BAR_TYPE,),
        start_ns=DEFAULT_START_NS,
        end_ns=DEFAULT_START_NS + BARS * interval_ns("15m"),
    )
    run = EventStore(tmp_path / "events").new_run("backtest", "{}", durable=False)
    host = build_backtest(spec, simulation, run.journal)
    try:
        host.run()
    finally:
        host.dispose()
        run.end()
    return load_recorded_run(run.folder)


def replay(run: RecordedRun, spec: NodeSpec) -> ReplayReport:
    report, _ = replay_decisions(run, spec, [build_instrument("BTCUSDT")])
    return report


@pytest.fixture
def recorded(tmp_path: Path) -> RecordedRun:
    return record(tmp_path, spec_of())


def test_a_run_of_200_bars_replays_decision_for_decision(recorded: RecordedRun) -> None:
    kinds = {decision.kind for decision in recorded.decisions}
    assert kinds >= {"Signal", "RiskVerdict", "SubmitOrder"}

    report = replay(recorded, spec_of())

    assert report.is_identical, (report.expected, report.got)
    assert report.recorded >= 20


def test_another_parameter_shows_the_first_different_decision(recorded: RecordedRun) -> None:
    report = replay(recorded, spec_of(target_atr=2.0))

    assert not report.is_identical
    assert report.expected is not None
    assert report.expected.seq > 0
    assert report.got is not None
    assert report.expected.content != report.got.content
