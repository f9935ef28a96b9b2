"""
Run the measurements: ``python -m benchmarks [NAME ...]``; without a name all of them.

Each is a program of its own (``python -m benchmarks.NAME --help``). What they print goes into
``docs/performance.md`` by hand, with the machine it came from.
"""

import os
import subprocess
import sys
import time
from typing import Final

from benchmarks.market import REPO
from nautilus_bot.core.errors import did_you_mean

BENCHMARKS: Final = {
    "engines": "bars per second beside stock Nautilus and backtrader",
    "six_strategies": "the whole backtest of six strategies on three symbols",
    "latency": "tick to trade beside a bare node, idle cost, start and stop",
    "risk_chain": "each risk rule",
    "journal": "each way to write an event",
    "telegram": "from an event to the message on the phone",
    "recovery": "a restart as the journal grows, with and without snapshots",
    "fast_simulation": "the research engine",
    "optimiser": "trials per second beside Optuna on stock Nautilus and backtrader, and a grid on vectorbt",
    "overfit_gate": "how often the overfit gate passes markets without an edge, and with one",
    "confidence_distribution": "how confident the strategies' signals are",
}


def main() -> int:
    names = sys.argv[1:] or list(BENCHMARKS)
    for name in names:
        if name not in BENCHMARKS:
            print(f"no benchmark {name!r}; {did_you_mean(name, BENCHMARKS)}", file=sys.stderr)
            return 2
    failed = 0
    for name in names:
        print(f"\n== {name}: {BENCHMARKS[name]} (load {os.getloadavg()[0]:.1f})\n", flush=True)
        begun = time.perf_counter()
        failed |= subprocess.run(
            [sys.executable, "-m", f"benchmarks.{name}"], cwd=REPO, check=False
        ).returncode
        print(f"\n({time.perf_counter() - begun:.0f} s)", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
