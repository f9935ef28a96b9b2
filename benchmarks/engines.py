"""
Bars per second: this node beside stock Nautilus and backtrader, one strategy, one market, one run.

Every measurement is a process of its own; seconds are those of the run, without imports. Rates are by CPU
time, which other work on the machine disturbs less than wall time; both are printed. This node and
backtrader run ``--repeats`` times and the fastest counts, stock Nautilus once: it is quadratic.
"""

import argparse
import os
from collections.abc import Iterator
from typing import Final

import msgspec

from benchmarks.engine_run import RunResult
from benchmarks.market import BenchMarket
from benchmarks.peers.environment import peer_python
from benchmarks.processes import run_json

SIZES: Final = (50_000, 200_000, 500_000)
STOCK_SIZES: Final = (50_000, 200_000)
SAME_PNL_RATIO: Final = 1e-4
PARTS: Final = ("node", "no_rules", "no_recorder", "engine")
COLUMNS: Final = {
    "bars": 9, "bars/s": 9, "cpu s": 8, "wall s": 8, "orders": 8, "PnL USDT": 13, "MB": 6, "load": 6
}  # fmt: skip
HEADER: Final = " " * 22 + "".join(name.rjust(width) for name, width in COLUMNS.items())


def ours(variant: str, bars: int) -> RunResult:
    return msgspec.convert(run_json("-m", "benchmarks.engine_run", variant, "--bars", str(bars)), RunResult)


def backtrader(market: BenchMarket, bars: int, *, tuned: bool) -> RunResult | None:
    python = peer_python()
    if python is None:
        return None
    words = ["benchmarks/peers/backtrader_run.py", str(market.arrays), str(bars)]
    return msgspec.convert(run_json(*words, *(["tuned"] if tuned else []), python=python), RunResult)


def best(results: list[RunResult]) -> RunResult:
    return min(results, key=lambda result: result.cpu_secs)


def line(result: RunResult) -> str:
    return (
        f"{result.engine:22}{result.bars:>9,}{result.rate:>9,.0f}{result.cpu_secs:>8.2f}{result.wall_secs:>8.2f}"
        f"{result.orders:>8,}{result.pnl_usdt:>13,.2f}{result.rss_mb:>6}{result.load:>6.1f}"
    )


def measure(market: BenchMarket, sizes: list[int], repeats: int, stock: bool) -> Iterator[RunResult]:
    """Yield every engine's result at every size, the engines of a size close together in time."""
    for bars in sizes:
        runs: dict[str, list[RunResult]] = {}
        for _ in range(repeats):
            for result in (
                ours("node", bars),
                backtrader(market, bars, tuned=False),
                backtrader(market, bars, tuned=True),
            ):
                if result is not None:
                    runs.setdefault(result.engine, []).append(result)
        for results in runs.values():
            yield best(results)
        if stock and bars in STOCK_SIZES:
            yield ours("stock", bars)


def agreement(results: list[RunResult]) -> Iterator[str]:
    """Say for every size whether all engines made the same turns and the same money."""
    for bars in dict.fromkeys(result.bars for result in results):
        same = [result for result in results if result.bars == bars]
        first = same[0]
        orders = {result.orders for result in same}
        spread = max(abs(result.pnl_usdt - first.pnl_usdt) for result in same)
        ok = len(orders) == 1 and spread <= SAME_PNL_RATIO * abs(first.pnl_usdt)
        yield (
            f"{bars:>9,} bars: {'EQUAL' if ok else 'DIFFERENT'}: orders {sorted(orders)}, "
            f"PnL within {spread:,.4f} USDT of {first.pnl_usdt:,.2f}"
        )


def targets(results: list[RunResult]) -> Iterator[str]:
    """Say what was promised and what was found."""
    rate = {(result.engine, result.bars): result.rate for result in results}
    for bars in dict.fromkeys(result.bars for result in results):
        for peer, wanted in (("stock", 6.0 if bars == 200_000 else 1.0), ("backtrader", 1.0)):
            if (peer, bars) in rate:
                ratio = rate["node", bars] / rate[peer, bars]
                found = f"{ratio:.2f} times {peer} at {bars:,} bars"
                yield f"{verdict(ratio >= wanted)} {found} (target {wanted:g})"
    if ("node", SIZES[0]) in rate and ("node", SIZES[-1]) in rate:
        kept = rate["node", SIZES[-1]] / rate["node", SIZES[0]]
        yield f"{verdict(kept >= 0.8)} {kept:.2f} of the rate at 50,000 bars is kept at 500,000 (target 0.8)"


def verdict(ok: bool) -> str:
    return "met   " if ok else "MISSED"


def costs(parts: dict[str, RunResult]) -> Iterator[str]:
    """Say what rules and recorder take of the run: the run's CPU time less that of a run without them."""
    whole = parts["node"].cpu_secs
    yield f"of {whole:.2f} s CPU at {parts['node'].bars:,} bars ({parts['node'].entries:,} entries):"
    for name, without in (
        ("all risk rules", "no_rules"),
        ("the recorder", "no_recorder"),
        ("all we add", "engine"),
    ):
        secs = whole - parts[without].cpu_secs
        yield f"  {name:18}{secs:>7.2f} s {100 * secs / whole:>5.1f} %"
    added = (2 * whole - parts["no_rules"].cpu_secs - parts["no_recorder"].cpu_secs) / whole
    found = f"rules and recorder together take {added:.1%} of the run"
    yield f"{verdict(added < 0.25)} {found} (target < 25 %)"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument(
        "--no-stock", action="store_true", help="leave out the minutes that stock Nautilus takes"
    )
    arguments = parser.parse_args()
    market = BenchMarket()
    market.provide()
    print(f"{market.describe()}\n{os.cpu_count()} CPUs, load {os.getloadavg()}\n\n{HEADER}")
    results = []
    for result in measure(market, arguments.sizes, arguments.repeats, not arguments.no_stock):
        results.append(result)
        print(line(result), flush=True)
    print("\n" + "\n".join((*agreement(results), "", *targets(results), "")))
    bars = min(200_000, max(arguments.sizes))
    print("\n".join(costs(measure_parts(bars, arguments.repeats))))


def measure_parts(bars: int, repeats: int) -> dict[str, RunResult]:
    """Return the fastest run of the node and of the node without parts, taken in turn."""
    rounds = [{variant: ours(variant, bars) for variant in PARTS} for _ in range(repeats)]
    return {variant: best([one[variant] for one in rounds]) for variant in PARTS}


if __name__ == "__main__":
    main()
