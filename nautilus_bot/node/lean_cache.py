"""
A cache that keeps no copies of closed netting positions: for backtests, and for sessions of weeks.

Each time a netting position is opened again, Nautilus's cache pickles the closed one twice and unpickles it
once, and the portfolio unpickles it again to sum up what was realised: two fifths of the time of an order
that turns a position. The copies serve reports that the event catalog answers here; balances, margins and
position events do not depend on them.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from nautilus_trader.cache.cache import Cache
from nautilus_trader.model.position import Position
from nautilus_trader.system import kernel


class LeanCache(Cache):
    """A cache without snapshots of positions; ``Portfolio.realized_pnl`` knows the last cycle only."""

    __slots__ = ()  # with a dictionary every call from compiled code would look for an override in it

    def snapshot_position(self, position: Position) -> None:
        """Keep nothing: every event of the position is an entry of the event catalog."""


@contextmanager
def lean_caches() -> Iterator[None]:
    """
    Give the kernels that are constructed meanwhile a ``LeanCache``.

    Nautilus's kernel names its cache class itself and takes no other, so the name is replaced for as long as
    the construction takes.
    """
    kernel.Cache = LeanCache
    try:
        yield
    finally:
        kernel.Cache = Cache
