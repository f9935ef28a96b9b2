"""How many messages a minute, with a reserve that only critical ones may use."""

from collections.abc import Callable
from typing import Final

RESERVE: Final = 0.75
"""Share of a minute's messages that is kept for critical ones."""


class Pace:
    """
    Count messages against a bucket that fills up evenly.

    Parameters
    ----------
    per_minute : int
        Most messages in a minute; the bucket holds as many.
    clock : Callable[[], float]
        Monotonic seconds.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float]) -> None:
        self._size = float(per_minute)
        self._per_sec = per_minute / 60.0
        self._clock = clock
        self._left = self._size
        self._at = clock()

    def wait_secs(self, *, critical: bool) -> float:
        """Return how long to wait before a message may go; 0 takes its place in the bucket."""
        now = self._clock()
        self._left = min(self._size, self._left + (now - self._at) * self._per_sec)
        self._at = now
        missing = 1.0 + (0.0 if critical else RESERVE * self._size) - self._left
        # a bucket of one or two has no room for a reserve
        missing = min(missing, self._size - self._left)
        if missing > 1e-9:
            return missing / self._per_sec
        self._left -= 1.0
        return 0.0


class Backoff:
    """Wait longer after each failure in a row: 1, 2, 4 ... seconds, at most a minute."""

    def __init__(self, first_secs: float = 1.0, longest_secs: float = 60.0) -> None:
        self._first = first_secs
        self._longest = longest_secs
        self._failures = 0

    def failed(self) -> float:
        """Return how long to wait now."""
        wait = min(self._longest, self._first * 2.0 ** min(self._failures, 30))
        self._failures += 1
        return wait

    def worked(self) -> None:
        """Begin with the shortest wait again."""
        self._failures = 0
