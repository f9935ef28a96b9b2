"""AC-10: every risk rule fires in a named run, and its refusals are in the journal."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from nautilus_trader.config import StrategyConfig
from nautilus_trader.model.data import Bar, BarType
from nautilus_trader.model.enums import OrderSide
from nautilus_trader.model.identifiers import ClientOrderId
from nautilus_trader.trading.strategy import Strategy

from catalog import codec, reader
from catalog.store import EventStore
from nautilus_bot.core.messages import RiskVerdict, Signal, TradingHalted
from nautilus_bot.market.intervals import bar_type
from nautilus_bot.market.synthetic_store import DEFAULT_START_NS, ensure_synthetic
from nautilus_bot.node.backtest import Simulation, build_backtest
from nautilus_bot.node.modes import MODES
from nautilus_bot.node.spec import NodeSpec, Sizing, StrategySpec
from nautilus_bot.risk.rules.table import RULES
from strategies.table import STRATEGIES

SYMBOLS = ("BTCUSDT", "ETHUSDT")
DAYS = 12
DAY_NS = 86_400 * 10**9


class Impatient(Strategy):
    """Submits two entries on one bar, as a bug would: the second finds the first in flight."""

    def on_start(self) -> None:
        self.subscribe_bars(self.config.bar_type)
        self._count = 0

    def on_bar(self, bar: Bar) -> None:
        for _ in range(2):
            self._count += 1
            name = f"BT-XX-BTCUSDT-{self._count}"
            signal = Signal(
                ts_event=bar.ts_event,
                signal_id=name,
                strategy="Impatient",
                strategy_id=str(self.id),
                instrument_id=str(bar.bar_type.instrument_id),
                side="BUY",
                confidence=0.9,
                price=str(bar.close),
                stop="1.00",
                target="9.00",
                reason="impatience",
            )
            instrument = self.cache.instrument(bar.bar_type.instrument_id)
            order = self.order_factory.market(
                instrument.id,
                OrderSide.BUY,
                instrument.make_qty("0.001"),
                tags=[name],
                client_order_id=ClientOrderId(f"{name}-E"),
            )
            self.submit_order(order, params={"signal": signal})


class ImpatientConfig(StrategyConfig, frozen=True):
    bar_type: BarType


# run name -> (rule that must fire, its entry in risk_config.json, interval, peek seconds, days)
RUNS: dict[str, tuple[str, dict[str, Any], str, float, int]] = {
    "paused-by-a-halt": ("trading_state", {"rule": "drawdown_halt", "limit_pct": 1.0}, "15m", 0, DAYS),
    "defaults": ("min_confidence", {"rule": "min_confidence"}, "15m", 0, DAYS),
    "ticks": ("throttle", {"rule": "throttle", "secs": 30, "scope": "strategy"}, "15m", 3, 3),
    "busy-hour": ("hourly_cap", {"rule": "hourly_cap", "total": 2, "per_strategy": 1}, "15m", 0, DAYS),
    "after-a-stop": ("cooldown", {"rule": "cooldown", "enabled": True, "secs": 36_000}, "15m", 0, DAYS),
    "wild-market": ("volatility", {"rule": "volatility", "limit_pct": 2.0}, "15m", 0, DAYS),
    "one-symbol": ("max_position", {"rule": "max_position", "symbol_pct": 60}, "15m", 0, DAYS),
    "crowded": ("exposure", {"rule": "exposure", "gross": 1.0, "net": 0.8}, "15m", 0, DAYS),
    "drawdown": ("drawdown_halt", {"rule": "drawdown_halt", "limit_pct": 1.0}, "15m", 0, DAYS),
    "bad-day": ("daily_loss", {"rule": "daily_loss", "limit_pct": 0.5}, "15m", 0, DAYS),
    "alike": ("correlation", {"rule": "correlation", "limit": 0.3}, "15m", 0, DAYS),
    "tail-risk": ("portfolio_var", {"rule": "portfolio_var", "limit_pct": 1.5}, "15m", 0, DAYS),
}


def outcome(folder: Path) -> Counter[str]:
    fired: Counter[str] = Counter()
    for entry in reader.entries(folder):
        if entry.type not in ("RiskVerdict", "TradingHalted"):
            continue
        message = codec.decode(entry.type, entry.version, entry.payload)
        if (isinstance(message, RiskVerdict) and not message.approved) or isinstance(message, TradingHalted):
            fired[message.rule] += 1
    return fired


def run(tmp_path: Path, rule: dict[str, Any], interval: str, peek: float, days: int) -> Counter[str]:
    market = tmp_path / "market"
    ensure_synthetic(market, seed=3, days=days, symbols=SYMBOLS, interval=interval)
    bar_types = tuple(str(bar_type(symbol, interval)) for symbol in SYMBOLS)
    # of several strategies that look at the same market, many propose at the same time
    spec = NodeSpec(
        mode=MODES["backtest"],
        session="BT",
        strategies=tuple(
            StrategySpec(strategy=name, bar_type=one, peek_secs=peek, sizing=Sizing(leverage_cap="1"))
            for name in STRATEGIES
            for one in bar_types
        ),
        rules=(rule,),
    )
    simulation = Simulation(
        data_catalog=str(market),
        bar_types=bar_types,
        start_ns=DEFAULT_START_NS,
        end_ns=DEFAULT_START_NS + days * DAY_NS,
        ticks_per_bar=60 if peek else 0,
    )
    return record(tmp_path, spec, simulation, None)


def record(
    tmp_path: Path, spec: NodeSpec, simulation: Simulation, strategies: list[Strategy] | None
) -> Counter[str]:
    recorded = EventStore(tmp_path / "events").new_run("backtest", "{}", durable=False)
    host = build_backtest(spec, simulation, recorded.journal, strategies=strategies)
    try:
        host.run()
    finally:
        host.dispose()
        recorded.end()
    return outcome(recorded.folder)


@pytest.mark.parametrize("name", RUNS)
def test_the_rule_fires_in_its_named_run(name: str, tmp_path: Path) -> None:
    rule, entry, interval, peek, days = RUNS[name]
    assert run(tmp_path, entry, interval, peek, days)[rule] > 0


def test_in_flight_fires_when_a_strategy_proposes_twice_on_one_bar(tmp_path: Path) -> None:
    market = tmp_path / "market"
    ensure_synthetic(market, seed=3, days=1, symbols=("BTCUSDT",))
    one = bar_type("BTCUSDT", "15m")
    simulation = Simulation(
        data_catalog=str(market),
        bar_types=(str(one),),
        start_ns=DEFAULT_START_NS,
        end_ns=DEFAULT_START_NS + DAY_NS,
    )
    spec = NodeSpec(mode=MODES["backtest"], session="BT", strategies=())
    fired = record(tmp_path, spec, simulation, [Impatient(ImpatientConfig(bar_type=one))])
    assert fired["in_flight"] > 0


def test_every_rule_has_a_named_run() -> None:
    assert {rule for rule, *_ in RUNS.values()} | {"in_flight"} == set(RULES)
