"""
The whole backtest, six strategies on three symbols (18 instances, 15-minute bars), and what its parts cost.

With the rules as shipped most entries are refused, and without rules more would trade: so the cost of the
rules is that of all of them on but permissive, against all of them off, where both let the same orders pass,
and again timed within one run (``benchmarks.attribution``), which noise between runs does not reach.
``python -m benchmarks.six_strategies --variant node`` is one run, as JSON; without it all are compared.
"""

import argparse
import os
import resource
import shutil
import tempfile
from pathlib import Path
from typing import Any, Final

import msgspec
from nautilus_trader.backtest.node import BacktestNode
from nautilus_trader.model.data import BarType

from benchmarks.attribution import RECORDER, RULES, Attribution
from benchmarks.engine_run import OFF, PERMISSIVE, RunResult, timed
from benchmarks.market import REPO, SHARED, VAR
from benchmarks.processes import run_json
from catalog.journal import Journal
from nautilus_bot.config.bot import BotConfig
from nautilus_bot.config.loader import load_config
from nautilus_bot.market.importer import import_files
from nautilus_bot.node.backtest import build_backtest, build_run_config, spare_analyzer
from nautilus_bot.node.collector import rare_collections
from nautilus_bot.node.compose import build_node_spec, build_simulation
from nautilus_bot.node.lean_cache import lean_caches
from nautilus_bot.node.modes import MODES
from nautilus_bot.node.spec import NodeSpec, build_strategies
from nautilus_bot.research.backtest.market import BacktestMarket, load_market

SYMBOLS: Final = ("BTCUSDT", "ETHUSDT", "SOLUSDT")
HISTORY: Final = "20240101-20240701"
SYNTHETIC_BARS: Final = 17_000
TARGET: Final = 0.25
VARIANTS: Final = {
    "node": "as shipped",
    "permissive": "all rules on, none in the way",
    "timed": "the same, recorder and rules timed within",
    "no_rules": "all rules off",
    "no_recorder": "permissive, nothing recorded",
    "engine": "strategies on the bare engine",
}


def load() -> tuple[BotConfig, BacktestMarket]:
    """Return the shipped configuration over real candles, or over a synthetic market without them."""
    files = [SHARED / "candles" / f"bybit_linear_{symbol}_15m.parquet" for symbol in SYMBOLS]
    real = all(file.exists() for file in files)
    root = VAR / ("real" if real else "synthetic") / "six_catalog"
    if real and not root.exists():
        import_files(root, [str(file) for file in files])
    config = load_config(REPO / "configs")
    market = msgspec.structs.replace(
        config.backtest,
        symbols=SYMBOLS,
        timeframe="15m",
        timerange=HISTORY if real else "",
        funding=False,
        market_data="history" if real else "synthetic",
        data_catalog_path=str(root),
        synthetic=msgspec.structs.replace(config.backtest.synthetic, bars=SYNTHETIC_BARS),
    )
    config = msgspec.structs.replace(config, backtest=market)
    spec = build_node_spec(config, MODES["backtest"], "BENCH")
    bar_types = dict.fromkeys(one.bar_type for one in spec.strategies)
    return config, load_market(config.backtest, [BarType.from_str(name) for name in bar_types])


def run_variant(variant: str, folder: Path) -> RunResult:
    config, market = load()
    rules: dict[str, tuple[dict[str, Any], ...]] = {"no_rules": OFF, "node": config.risk.rules}
    spec = msgspec.structs.replace(
        build_node_spec(config, MODES["backtest"], "BENCH"), rules=rules.get(variant, PERMISSIVE)
    )
    simulated = build_simulation(
        config,
        spec,
        data_catalog=Path(market.data_catalog),
        start_ns=market.start_ns,
        end_ns=market.end_ns,
        funding={},
    )
    entries, size = 0, 0.0
    attribution = Attribution()
    if variant == "timed":
        attribution.install()
    if variant == "engine":
        engine, (wall, cpu) = _run_bare(spec, simulated)
    else:
        journal = None if variant == "no_recorder" else Journal(folder, "bench", durable=False)
        host = build_backtest(spec, simulated, journal)

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
        bars=market.bars,
        wall_secs=wall,
        cpu_secs=cpu,
        orders=engine.kernel.exec_engine.event_count,
        pnl_usdt=_balance(engine) - config.backtest.capital_usdt,
        rss_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        entries=entries,
        journal_mb=size,
        recorder_share=attribution.spent[RECORDER] / (wall * 1e9),
        rules_share=attribution.spent[RULES] / (wall * 1e9),
    )


def _run_bare(spec: NodeSpec, simulated: Any) -> tuple[Any, tuple[float, float]]:
    node = BacktestNode([build_run_config(simulated)])
    with lean_caches():
        node.build()
    engine = node.get_engines()[0]
    spare_analyzer(engine)
    engine.add_strategies(list(build_strategies(spec)))
    with rare_collections():
        return engine, timed(node.run)


def _balance(engine: Any) -> float:
    (account,) = engine.cache.accounts()
    return float(sum(money.as_double() for money in account.balances_total().values()))


def measure(repeats: int) -> dict[str, RunResult]:
    found: dict[str, list[RunResult]] = {}
    for _ in range(repeats):
        for variant in VARIANTS:
            words = ("-m", "benchmarks.six_strategies", "--variant", variant)
            found.setdefault(variant, []).append(msgspec.convert(run_json(*words), RunResult))
    return {variant: min(runs, key=lambda one: one.cpu_secs) for variant, runs in found.items()}


COLUMNS: Final = {
    "bars": 9,
    "bars/s": 9,
    "cpu s": 8,
    "wall s": 8,
    "events": 9,
    "entries": 9,
    "MB": 6,
    "load": 6,
}


def report(results: dict[str, RunResult]) -> str:
    lines = [" " * 14 + "".join(name.rjust(width) for name, width in COLUMNS.items())]
    lines += [
        f"{name:14}{r.bars:>9,}{r.rate:>9,.0f}{r.cpu_secs:>8.2f}{r.wall_secs:>8.2f}{r.orders:>9,}"
        f"{r.entries:>9,}{r.rss_mb:>6}{r.load:>6.1f}   {VARIANTS[name]}"
        for name, r in results.items()
    ]
    whole = results["permissive"].cpu_secs
    costs = {name: (whole - results[name].cpu_secs) / whole for name in ("no_rules", "no_recorder", "engine")}
    parts = f"all risk rules {costs['no_rules']:.1%}, the recorder {costs['no_recorder']:.1%}"
    lines.append(f"\nbetween runs: {parts}, all around the strategies {costs['engine']:.1%}")
    timed = results["timed"]
    together = timed.rules_share + timed.recorder_share
    lines.append(
        f"within one run: all risk rules {timed.rules_share:.1%}, the recorder {timed.recorder_share:.1%}"
    )
    met = "met   " if together < TARGET else "MISSED"
    lines.append(f"{met} rules and recorder together {together:.1%} within one run (target < {TARGET:.0%})")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--variant", choices=VARIANTS)
    parser.add_argument("--repeats", type=int, default=2)
    arguments = parser.parse_args()
    if arguments.variant is None:
        _, market = load()
        print(f"{market.bars:,} bars, {market.origin}, {os.cpu_count()} CPUs, load {os.getloadavg()}\n")
        print(report(measure(arguments.repeats)))
        return
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    try:
        print(msgspec.json.encode(run_variant(arguments.variant, folder)).decode())
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
