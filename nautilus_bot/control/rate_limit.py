"""A token bucket: so many requests a second, with a small reserve for bursts."""

from collections.abc import Callable


class TokenBucket:
    """
    Say whether one more request may be served.

    Parameters
    ----------
    per_sec : float
        Requests a second in the long run.
    burst : int
        Requests that may come at once after a pause.
    clock : Callable[[], float]
        Monotonic seconds.
    """

    def __init__(self, per_sec: float, burst: int, clock: Callable[[], float]) -> None:
        self._per_sec = per_sec
        self._burst = float(burst)
        self._clock = clock
        self._tokens = float(burst)
        self._filled_at = clock()

    def take(self) -> float:
        """Take one token and return 0.0, or the seconds to wait for the next one."""
        now = self._clock()
        self._tokens = min(self._burst, self._tokens + (now - self._filled_at) * self._per_sec)
        self._filled_at = now
        if self._tokens >= 1.0:
            self._tokens -= 1.0
            return 0.0
        return (1.0 - self._tokens) / self._per_sec
