"""
One measured run of the EMA cross on a Nautilus engine, in a process of its own; prints one line of JSON.

``stock`` is Nautilus as it comes (only its log is off), ``node`` is this project's backtest with journal and
all rules on, the others leave parts of the node out to show what they cost.
"""

import argparse
import resource
import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Final

import msgspec
from nautilus_trader.backtest.config import BacktestEngineConfig, BacktestRunConfig
from nautilus_trader.backtest.engine import BacktestEngine
from nautilus_trader.backtest.node import BacktestNode
from nautilus_trader.config import LoggingConfig
from nautilus_trader.model.currencies import USDT

from benchmarks.ema_cross import EmaCross, EmaCrossConfig
from benchmarks.market import BAR_TYPE, MINUTE_NS, START_NS, BenchMarket, close_ns
from catalog.journal import Journal
from nautilus_bot.node.backtest import BYBIT, Simulation, build_backtest, build_run_config, spare_analyzer
from nautilus_bot.node.lean_cache import lean_caches
from nautilus_bot.node.modes import MODES
from nautilus_bot.node.spec import NodeSpec
from nautilus_bot.risk.rules.table import RULES

CAPITAL_USDT: Final = "10000000"
VARIANTS: Final = ("stock", "node", "no_rules", "no_recorder", "no_rules_no_recorder", "engine")

PERMISSIVE: Final[tuple[dict[str, Any], ...]] = (
    {"rule": "trading_state"},
    {"rule": "min_confidence", "threshold": 0.0},
    {"rule": "in_flight"},
    {"rule": "throttle", "secs": 0},
    {"rule": "hourly_cap", "total": 1_000_000, "per_strategy": 1_000_000},
    {"rule": "cooldown", "enabled": True, "stops": 1_000_000},
    {"rule": "volatility", "limit_pct": 100},
    {"rule": "max_position", "symbol_pct": 1e6, "strategy_pct": 1e6},
    {"rule": "exposure", "gross": 1e6, "net": 1e6},
    {"rule": "drawdown_halt", "limit_pct": 100},
    {"rule": "daily_loss", "limit_pct": 100},
    {"rule": "correlation", "limit": 1.0},
    {"rule": "portfolio_var", "limit_pct": 100},
)
"""Every rule on and none in the way: the orders must be those of the other engines."""
OFF: Final = tuple({"rule": name, "enabled": False} for name in RULES)


class RunResult(msgspec.Struct, frozen=True, kw_only=True):
    """What one run did and what it took; ``rate`` is bars per second of CPU time."""

    engine: str
    bars: int
    wall_secs: float
    cpu_secs: float
    orders: int
    pnl_usdt: float
    rss_mb: int
    entries: int = 0
    journal_mb: float = 0.0
    recorder_share: float = 0.0
    rules_share: float = 0.0
    load: float = 0.0

    @property
    def rate(self) -> float:
        return self.bars / self.cpu_secs


def simulation(market: BenchMarket, bars: int) -> Simulation:
    return Simulation(
        data_catalog=str(market.data_catalog),
        bar_types=(str(BAR_TYPE),),
        start_ns=START_NS + MINUTE_NS,
        end_ns=close_ns(bars),
        capital_usdt=CAPITAL_USDT,
    )


def spec(rules: tuple[dict[str, Any], ...]) -> NodeSpec:
    return NodeSpec(mode=MODES["backtest"], session="BENCH", strategies=(), rules=rules)


def stock_config(market: Simulation) -> BacktestRunConfig:
    """Return Nautilus's defaults over the same data and exchange."""
    ours = build_run_config(market)
    engine = BacktestEngineConfig(logging=LoggingConfig(bypass_logging=True))
    return BacktestRunConfig(
        engine=engine, venues=ours.venues, data=ours.data, raise_exception=True, dispose_on_completion=False
    )


def timed(work: Callable[[], None]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def pnl(engine: BacktestEngine, market: BenchMarket, bars: int) -> float:
    """Return what was won, fees paid, the open position at the last close."""
    cache = engine.cache
    balance = cache.account_for_venue(BYBIT).balance_total(USDT).as_double()
    instrument = cache.instrument(BAR_TYPE.instrument_id)
    last = instrument.make_price(market.candles().close[bars - 1])
    open_pnl = sum(position.unrealized_pnl(last).as_double() for position in cache.positions_open())
    return float(balance - float(CAPITAL_USDT) + open_pnl)


def run_plain(
    config: BacktestRunConfig, strategy: EmaCross, *, cured: bool
) -> tuple[BacktestEngine, float, float]:
    node = BacktestNode([config])
    with lean_caches() if cured else nullcontext():
        node.build()
    engine = node.get_engines()[0]
    if cured:
        spare_analyzer(engine)
    engine.add_strategy(strategy)
    wall, cpu = timed(node.run)
    return engine, wall, cpu


def run_variant(variant: str, bars: int, folder: Path) -> RunResult:
    market = BenchMarket()
    strategy = EmaCross(EmaCrossConfig(bar_type=BAR_TYPE))
    simulated = simulation(market, bars)
    entries, size = 0, 0.0
    if variant == "stock":
        engine, wall, cpu = run_plain(stock_config(simulated), strategy, cured=False)
    elif variant == "engine":
        engine, wall, cpu = run_plain(build_run_config(simulated), strategy, cured=True)
    else:
        journal = None if variant.endswith("no_recorder") else Journal(folder, "bench", durable=False)
        rules = OFF if variant.startswith("no_rules") else PERMISSIVE
        host = build_backtest(spec(rules), simulated, journal, strategies=[strategy])

        def work() -> None:
            host.run()
            if journal is not None:
                journal.close()

        wall, cpu = timed(work)
        engine = host.engine
        if journal is not None:
            entries, size = journal.last_seq, journal.path.stat().st_size / 1e6
    return RunResult(
        engine=variant,
        bars=bars,
        wall_secs=wall,
        cpu_secs=cpu,
        orders=strategy.orders,
        pnl_usdt=pnl(engine, market, bars),
        rss_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        entries=entries,
        journal_mb=size,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("variant", choices=VARIANTS)
    parser.add_argument("--bars", type=int, default=50_000)
    arguments = parser.parse_args()
    BenchMarket().provide()
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    try:
        print(msgspec.json.encode(run_variant(arguments.variant, arguments.bars, folder)).decode())
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
