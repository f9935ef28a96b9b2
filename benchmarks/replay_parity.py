"""
A long paper session at speed, replayed and set against its own backtest.

``python -m benchmarks.replay_parity [wall seconds] [speed]``: all six strategies on one-minute bars, by
default 100 s at 240 times real time, well over 20 minutes of market time and 5,000 entries. Exits with 1
unless every signal, verdict and order comes out identical and the parts of the gap sum to it to the cent.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import time
from decimal import Decimal
from pathlib import Path

from catalog.store import EventStore
from nautilus_bot.replay.parity import compare_with_backtest
from nautilus_bot.replay.run_replay import replay_run

CONFIGS = Path(__file__).parents[1] / "configs"
LEAST_ENTRIES = 5_000


def main(secs: float, speed: float) -> int:
    """Trade, replay, compare, print; return the exit code."""
    with tempfile.TemporaryDirectory(prefix="replay-parity-") as name:
        store = trade(Path(name), secs, speed)
        run = store.latest()
        begun = time.perf_counter()
        replay = replay_run(store, run.run_id)
        took = time.perf_counter() - begun
        report = compare_with_backtest(store, run.run_id)
    decisions = replay.decisions
    print(f"{run.run_id}: {run.last_seq:,} entries, {secs * speed / 60:.0f} minutes of market time")
    print(f"replay: {decisions.identical:,} of {decisions.recorded:,} decisions identical, {took:.1f} s")
    for kind in replay.kinds:
        print(f"  {kind.kind:<14}{kind.recorded:>7,}{kind.replayed:>7,}")
    print(f"parity: session {report.session_pnl:+.2f}, backtest {report.backtest_pnl:+.2f}, gap in cents:")
    for part in report.parts:
        print(f"  {part.cause:<14}{part.cents:>+10}")
    print(f"  {'gap':<14}{report.gap_cents:>+10}")
    sums = sum((part.cents for part in report.parts), Decimal(0)) == report.gap_cents
    good = decisions.is_identical and sums and run.last_seq >= LEAST_ENTRIES
    print("ok" if good else "FAILED")
    return 0 if good else 1


def trade(folder: Path, secs: float, speed: float) -> EventStore:
    """Run a paper session with a configuration and a store of its own."""
    configs = folder / "configs"
    shutil.copytree(CONFIGS, configs)
    strategies = json.loads((configs / "strategies_config_72h.json").read_text())
    for one in strategies["strategies"]:
        one["timeframe"] = "1m"
    (configs / "strategies_config_72h.json").write_text(json.dumps(strategies))
    backtest = json.loads((configs / "backtest.json").read_text())
    (configs / "backtest.json").write_text(
        json.dumps(backtest | {"event_store_path": str(folder / "events")})
    )
    command = [
        sys.executable, "-m", "nautilus_bot.cli.main", "paper", "-c", str(configs), f"--speed={speed}",
        f"--duration={secs}", f"--state={folder / 'exchange.sqlite'}", "--name=replay-parity",
        "--control-port=0", "--json",
    ]  # fmt: skip
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return EventStore(folder / "events")


if __name__ == "__main__":
    arguments = [float(word) for word in sys.argv[1:]]
    sys.exit(main(*(arguments + [100.0, 240.0][len(arguments) :])))
