"""
Print how many signals each kernel gives with its defaults on real candles, and how confident they are.

Usage: python -m benchmarks.confidence_distribution [CANDLES.parquet ...]
"""

import os
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq

from strategies.kernels.contract import Kernel
from strategies.kernels.table import KERNELS

REPO = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("BOT_SHARED_DATA", REPO.parent / "shared" / "data"))
DEFAULT_FILES = tuple(SHARED / "candles" / f"bybit_linear_{s}USDT_15m.parquet" for s in ("BTC", "ETH", "SOL"))
QUANTILES = (0.05, 0.25, 0.50, 0.75, 0.95)

Bars = list[tuple[float, float, float, float, float]]


def load_bars(path: Path) -> Bars:
    """Read open, high, low, close, volume, oldest first."""
    table = pq.read_table(path, columns=["open", "high", "low", "close", "volume"])
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


def confidences(kernel: Kernel, bars: Bars) -> tuple[list[float], int]:
    """Run a kernel with its defaults; return the confidence of each signal and the number of buys."""
    state = kernel.new_state()
    params = tuple(kernel.defaults().values())
    found = []
    buys = 0
    for bar in bars:
        side, confidence, _, _ = kernel.step(state, bar, params)
        if side:
            found.append(confidence)
            buys += side > 0
    return sorted(found), buys


def row(name: str, files: list[Bars]) -> str:
    """Return one line of the table, over all files."""
    started = time.perf_counter()
    per_file = [confidences(KERNELS[name], bars) for bars in files]
    seconds = time.perf_counter() - started
    found = sorted(c for part, _ in per_file for c in part)
    if not found:
        return f"| {name} | 0 |"
    buys = sum(count for _, count in per_file)
    quantiles = " | ".join(f"{found[int(q * (len(found) - 1))]:.2f}" for q in QUANTILES)
    passing = 100 * sum(c >= 0.60 for c in found) / len(found)
    strong = 100 * sum(c >= 0.70 for c in found) / len(found)
    cost = 1e6 * seconds / sum(map(len, files))
    per_thousand = 1000 * len(found) / sum(map(len, files))
    return (
        f"| {name} | {len(found)} | {per_thousand:.1f} | {100 * buys / len(found):.0f} % | {quantiles} "
        f"| {passing:.0f} % | {strong:.0f} % | {cost:.1f} |"
    )


def main(paths: list[str]) -> None:
    """Print the table of ``docs/strategies.md``."""
    files = [load_bars(Path(path)) for path in (paths or DEFAULT_FILES)]
    print(
        "| strategy | signals | per 1000 bars | buys | p5 | p25 | p50 | p75 | p95 "
        "| >= 0.60 | >= 0.70 | us/bar |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|---|")
    for name in KERNELS:
        print(row(name, files))


if __name__ == "__main__":
    main(sys.argv[1:])
