"""The exchange's own clock: the wall clock, wrong by as much as a fault says."""

import time
from collections.abc import Callable


class WallClock:
    """
    Milliseconds UTC for authentication, orders and executions.

    Parameters
    ----------
    skew_ms : Callable[[], int]
        By how much the clock is wrong now.
    """

    def __init__(self, skew_ms: Callable[[], int]) -> None:
        self._skew_ms = skew_ms

    def __call__(self) -> int:
        """Return the time now, ms UTC."""
        return time.time_ns() // 1_000_000 + self._skew_ms()
