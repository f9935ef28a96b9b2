"""What happened on the account: the newest part of it, since a session of weeks must not take more room."""

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

HISTORY_KEPT: Final = 2_000
"""
Ended orders, executions and ledger entries that the exchange can still list.

Bybit lists those of two years; an hour of all six strategies at sixty times real time makes this many. The
account file keeps everything.
"""


class History[T]:
    """
    A log of which the end is kept, oldest first.

    Parameters
    ----------
    items : Iterable[T]
        What it begins with; only the last ``HISTORY_KEPT`` are kept.
    count : int | None, default None
        How many there ever were, when that is more than ``items``.
    """

    def __init__(self, items: Iterable[T] = (), count: int | None = None) -> None:
        self._kept = deque(items, HISTORY_KEPT)
        self.count = len(self._kept) if count is None else count

    def append(self, item: T) -> None:
        """Add what happened last."""
        self._kept.append(item)
        self.count += 1

    @property
    def last(self) -> T:
        """What happened last; there must be something."""
        return self._kept[-1]

    def since(self, number: int) -> list[T]:
        """Return what came after the first ``number`` items, oldest first."""
        newest = islice(reversed(self._kept), self.count - number)
        return list(newest)[::-1]

    def __iter__(self) -> Iterator[T]:
        return iter(self._kept)

    def __reversed__(self) -> Iterator[T]:
        return reversed(self._kept)
