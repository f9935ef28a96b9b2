"""
What monitoring costs trading: tick to trade of a node that is watched, beside the same node alone.

Both are measured as in ``benchmarks.latency``, in turns. Watched means live view, exporter, a sample a second
and a reader a second.
"""

import argparse
import asyncio
import statistics
from typing import Any, Final

from adapters.bybit_simulator.ws_trade import TradeStream
from benchmarks import latency

AIM: Final = 1.05
ALONE: Final = "benchmarks.latency_node"
WATCHED: Final = "benchmarks.monitoring_node"


async def run(rounds: int, samples: int) -> dict[str, list[float]]:
    """Return milliseconds from frame to order by what was measured."""
    arrivals = latency.Arrivals()
    arrivals.watch(TradeStream)
    spawn = asyncio.create_subprocess_exec
    module = ALONE

    async def spawn_ours(*command: str, **options: Any) -> asyncio.subprocess.Process:
        return await spawn(*(module if word == ALONE else word for word in command), **options)

    asyncio.create_subprocess_exec = spawn_ours  # type: ignore[assignment]
    found: dict[str, list[float]] = {ALONE: [], WATCHED: []}
    try:
        for _ in range(rounds):
            for module in (ALONE, WATCHED):
                measured = await latency.measure("node", samples, 0.5, arrivals)
                found[module] += measured.order_ms
    finally:
        asyncio.create_subprocess_exec = spawn
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--samples", type=int, default=1_000)
    arguments = parser.parse_args()
    found = asyncio.run(run(arguments.rounds, arguments.samples))
    for name, values in found.items():
        shown = "  ".join(f"p{pct} {latency.percentile(values, pct):.3f}" for pct in (50, 95, 99))
        print(f"{name.rpartition('.')[2]:18}{len(values):>7,} orders, ms: {shown}")
    ratio = statistics.median(found[WATCHED]) / statistics.median(found[ALONE])
    print(f"{'met   ' if ratio <= AIM else 'MISSED'} watched {ratio:.3f} times alone at p50 (aim {AIM})")


if __name__ == "__main__":
    main()
