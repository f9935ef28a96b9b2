"""The pace of the market: ticks in real time, or faster by a factor."""

import asyncio
from collections.abc import Callable, Iterator

from adapters.bybit_simulator.prices import MarketTick, PriceSource

# When the machine cannot keep up, other tasks still get their turn after so many ticks.
TICKS_BETWEEN_TURNS = 64


class Feed:
    """
    Play a price source against the wall clock.

    Parameters
    ----------
    source : PriceSource
        Ticks in market time.
    sink : Callable[[MarketTick], None]
        Takes each tick when it is due.
    speed : float
        Market seconds per wall second.
    """

    def __init__(self, source: PriceSource, sink: Callable[[MarketTick], None], speed: float) -> None:
        self._ticks: Iterator[MarketTick] = source.ticks()
        self._sink = sink
        self._speed = speed

    async def run(self) -> None:
        """Play until the source ends."""
        loop = asyncio.get_running_loop()
        first_ms: int | None = None
        began = loop.time()
        without_turn = 0
        for tick in self._ticks:
            if first_ms is None:
                first_ms = tick.ts_ms
            due = began + (tick.ts_ms - first_ms) / 1_000 / self._speed
            without_turn += 1
            if (delay := due - loop.time()) > 0:
                await asyncio.sleep(delay)
                without_turn = 0
            elif without_turn >= TICKS_BETWEEN_TURNS:
                await asyncio.sleep(0)
                without_turn = 0
            self._sink(tick)
