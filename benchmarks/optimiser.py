"""
Trials per second of one strategy with stops and targets, end to end with Optuna and the study stored.

45,000 real 1-minute bars of binance_usdm_BTCUSDT_1m, the volatility breakout with its five parameters, each
engine in a process of its own, one after another in one run. Ours is the whole thing: TPE, fast simulation
with fees, rounding and all risk rules, pruning off (every trial sees every bar), ``study.db`` written. Beside
it Optuna's own loop on stock Nautilus and on backtrader, which call the same kernel, stored in SQLite as its
documentation shows, and a grid on vectorbt, which stores nothing. Trials per CPU second (all processes) hold
on a busy machine too; ``trades`` are those of one and the same set of parameters without risk rules.

Usage: python -m benchmarks.optimiser [--trials 500]
"""

# ruff: noqa: PLC0415  each process imports the engine that it measures, and no other

import argparse
import resource
import sys
import tempfile
import time
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow.parquet as pq

from benchmarks.market import REPO, SHARED
from benchmarks.peers.environment import OPTIMISER_REQUIREMENTS, peer_python
from benchmarks.peers.optimiser_run import CHECK, SIZE, SPACE
from benchmarks.processes import run_json
from nautilus_bot.market.candles import COLUMNS, Candles
from nautilus_bot.market.instruments import build_instrument, facts_of
from nautilus_bot.market.intervals import bar_type, interval_ns
from nautilus_bot.risk.rules.table import RULES

STRATEGY: Final = "VolatilityBreakoutStrategy"
SOURCE: Final = SHARED / "candles" / "binance_usdm_BTCUSDT_1m.parquet"
BARS: Final = 45_000
PEER_TRIALS: Final = {"nautilus": 3, "backtrader": 3, "vectorbt": 64}
PEERS: Final = (("backtrader", "Optuna + backtrader, SQLite"), ("vectorbt", "vectorbt grid, not stored"))
HEADING: Final = (
    "| engine | trials | seconds | trials/s | times stock | CPU s | trials per CPU s | times stock | trades "
    "| MB | load |"
)
OFF: Final = tuple({"rule": name, "enabled": False} for name in RULES)


def candles() -> Candles:
    table = pq.read_table(SOURCE)[:BARS]
    return Candles(*(table[name].to_numpy().copy() for name in COLUMNS))


def arrays(folder: Path) -> Path:
    path = folder / "bars.npy"
    np.save(path, np.column_stack([column.astype(np.float64) for column in candles().columns()]))
    return path


def run_ours(trials: int, jobs: int) -> dict[str, Any]:
    from nautilus_bot.research.fast.market import build_market
    from nautilus_bot.research.optimize.fingerprint import build_fingerprint
    from nautilus_bot.research.optimize.objective import Leg, Objective
    from nautilus_bot.research.optimize.space import load_space
    from nautilus_bot.research.optimize.study import StudySettings, run_study
    from nautilus_bot.research.optimize.study_file import StudyFile
    from strategies.sizing import SizingLimits

    market = build_market(candles(), facts_of("BTCUSDT"), interval_ns("1m"))
    limits = SizingLimits(Decimal("0.5"), Decimal(3), Decimal(30_000))
    bare = Objective((Leg(STRATEGY, market, limits),), OFF, Decimal(10_000))
    objective = Objective((Leg(STRATEGY, market, limits),), (), Decimal(10_000), slippage_ticks=1)
    distributions = load_space(REPO / "configs", STRATEGY).distributions()
    settings = StudySettings(n_trials=trials, n_jobs=jobs, metrics=("total_return",), prune=False)
    begun = time.perf_counter()
    objective.evaluate(CHECK)
    first = time.perf_counter() - begun
    with tempfile.TemporaryDirectory() as folder:
        begun, cpu = time.perf_counter(), cpu_secs()
        marks: list[float] = []
        with StudyFile(
            Path(folder) / "study.db",
            "bench",
            settings.metrics,
            build_fingerprint(objective, distributions, settings, {}),
        ) as store:
            run_study(
                objective,
                distributions,
                settings,
                store=store,
                on_batch=lambda _batch, _best: marks.append(time.perf_counter()),
            )
        secs, spent = time.perf_counter() - begun, cpu_secs() - cpu
    steady = (trials - settings.batch) / (marks[-1] - marks[0])
    return {
        "trials": trials,
        "secs": secs,
        "cpu_secs": spent,
        "trades": bare.evaluate(CHECK).figures.trades,
        "first_use_secs": first,
        "steady": steady,
        "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def cpu_secs() -> float:
    """Return the CPU time of this process and of its children that have ended."""
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def run_nautilus(trials: int) -> dict[str, Any]:
    from nautilus_trader.backtest.config import BacktestEngineConfig
    from nautilus_trader.backtest.engine import BacktestEngine
    from nautilus_trader.config import LoggingConfig, StrategyConfig
    from nautilus_trader.model.currencies import USDT
    from nautilus_trader.model.data import Bar
    from nautilus_trader.model.enums import AccountType, OmsType, OrderSide, TimeInForce
    from nautilus_trader.model.identifiers import Venue
    from nautilus_trader.model.objects import Money
    from nautilus_trader.trading.strategy import Strategy

    from benchmarks.peers.optimiser_run import search
    from nautilus_bot.market.data_catalog import to_bars
    from strategies.kernels.volatility_breakout import STATE_SIZE, step

    instrument = build_instrument("BTCUSDT")
    kind = bar_type("BTCUSDT", "1m")
    bars = to_bars(instrument, kind, candles())

    class Config(StrategyConfig, frozen=True):
        kernel: tuple[float, ...]

    class Breakout(Strategy):
        def __init__(self, config: Config) -> None:
            super().__init__(config)
            self.kernel_state = [0.0] * STATE_SIZE
            self.entries = 0

        def on_start(self) -> None:
            self.subscribe_bars(kind)

        def on_bar(self, bar: Bar) -> None:
            values = (float(bar.open), float(bar.high), float(bar.low), float(bar.close), float(bar.volume))
            side, _, stop, target = step(self.kernel_state, values, self.config.kernel)
            if not side:
                return
            if not self.portfolio.is_flat(instrument.id):
                if side * float(self.portfolio.net_position(instrument.id)) < 0.0:
                    self.cancel_all_orders(instrument.id)
                    self.close_all_positions(instrument.id)
                return
            self.entries += 1
            self.submit_order_list(
                self.order_factory.bracket(
                    instrument.id,
                    OrderSide.BUY if side > 0 else OrderSide.SELL,
                    instrument.make_qty(SIZE),
                    sl_trigger_price=instrument.make_price(stop),
                    tp_price=instrument.make_price(target),
                    tp_post_only=False,
                    time_in_force=TimeInForce.GTC,
                )
            )

    def evaluate(parameters: dict[str, float]) -> tuple[int, float]:
        engine = BacktestEngine(BacktestEngineConfig(logging=LoggingConfig(bypass_logging=True)))
        engine.add_venue(
            Venue("BYBIT"), OmsType.NETTING, AccountType.MARGIN, [Money(1_000_000, USDT)], base_currency=USDT
        )
        engine.add_instrument(instrument)
        engine.add_data(bars)
        strategy = Breakout(Config(kernel=tuple(float(parameters[name]) for name in SPACE)))
        engine.add_strategy(strategy)
        engine.run()
        balance = engine.cache.account_for_venue(Venue("BYBIT")).balance_total(USDT).as_double()
        engine.dispose()
        return strategy.entries, balance - 1_000_000.0

    trades = evaluate(CHECK)[0]
    secs, cpu_secs = search(evaluate, trials)
    return {
        "trials": trials,
        "trades": trades,
        "secs": secs,
        "cpu_secs": cpu_secs,
        "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def compare(trials: int) -> None:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        path = arrays(Path(folder))
        here = ("-m", "benchmarks.optimiser")
        rows = [
            ("nautilus-bot optimize, 1 job", run_json(*here, "--engine", "ours", "--trials", str(trials))),
            (
                "nautilus-bot optimize, 2 jobs",
                run_json(*here, "--engine", "ours", "--trials", str(trials), "--jobs", "2"),
            ),
            (
                "Optuna + stock Nautilus, SQLite",
                run_json(*here, "--engine", "nautilus", "--trials", str(PEER_TRIALS["nautilus"])),
            ),
        ]
        python = peer_python(OPTIMISER_REQUIREMENTS)
        if python is not None:
            script = str(REPO / "benchmarks" / "peers" / "optimiser_run.py")
            for name, title in PEERS:
                rows.append((title, run_json(script, name, str(path), str(PEER_TRIALS[name]), python=python)))
    show(rows)


def show(rows: list[tuple[str, dict[str, Any]]]) -> None:
    stock = next(row["trials"] / row["secs"] for name, row in rows if "Nautilus" in name)
    stock_cpu = next(row["trials"] / row["cpu_secs"] for name, row in rows if "Nautilus" in name)
    print(f"{SOURCE.name}, {BARS:,} bars, {STRATEGY}\n")
    print(HEADING)
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for name, row in rows:
        per_cpu = row["trials"] / row["cpu_secs"]
        rate = row["trials"] / row["secs"]
        print(
            f"| {name} | {row['trials']} | {row['secs']:.2f} | {rate:.2f} | {rate / stock:.0f} "
            f"| {row['cpu_secs']:.2f} | {per_cpu:.2f} | {per_cpu / stock_cpu:.0f} "
            f"| {row['trades']} | {row['rss_mb']} | {row['load']:.1f} |"
        )
    for name, row in rows:
        if "steady" in row:
            print(
                f"\n{name}: {row['steady']:.0f} trials/s between first and last batch; starting processes "
                "and making study.db is in the seconds, loading compiled code "
                f"({row['first_use_secs']:.2f} s) is not"
            )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--trials", type=int, default=500)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--engine", choices=("ours", "nautilus"))
    arguments = parser.parse_args()
    if not SOURCE.exists():
        print(f"{SOURCE} is not here: set BOT_SHARED_DATA", file=sys.stderr)
        return 2
    if arguments.engine == "ours":
        print(msgspec.json.encode(run_ours(arguments.trials, arguments.jobs)).decode())
    elif arguments.engine == "nautilus":
        print(msgspec.json.encode(run_nautilus(arguments.trials)).decode())
    else:
        compare(arguments.trials)
    return 0


if __name__ == "__main__":
    sys.exit(main())
