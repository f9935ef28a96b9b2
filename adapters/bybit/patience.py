"""How often and how long a refused request is asked again: bounded, and as the venue wishes."""

import time
from collections.abc import Callable

from adapters.bybit.pybit_session import AskedToWait, PybitSession, Unreachable
from nautilus_bot.core.errors import RateLimited, VenueTimeout

FIRST_WAIT_SECS = 0.25
LONGEST_WAIT_SECS = 8.0
MOST_FAILURES = 4


class Patience:
    """
    Ask again while the venue limits us or a gateway fails.

    Parameters
    ----------
    session : PybitSession
        Tells how much of the venue's window is left.
    give_up_secs : float, default 60
        Longest time that one question may be limited.
    per_sec : float, default 20
        Most requests per second; Bybit cuts an address off at 120.

    Notes
    -----
    Waits double from a quarter of a second up to eight; a longer or shorter one that the venue asks for in
    its headers counts instead.
    """

    def __init__(self, session: PybitSession, *, give_up_secs: float = 60.0, per_sec: float = 20.0) -> None:
        self._session = session
        self._give_up_secs = give_up_secs
        self._gap_secs = 1.0 / per_sec
        self._last_asked = 0.0

    def ask[T](self, question: Callable[[], T]) -> T:
        """
        Return the answer to a question.

        Raises
        ------
        RateLimited
            If the venue still limits us after ``give_up_secs``.
        VenueError, VenueTimeout
            If the venue failed four times in a row.
        """
        begun, failures, waits = time.monotonic(), 0, 0
        while True:
            self._keep_pace()
            try:
                return question()
            except AskedToWait as refused:
                wait = _backoff(waits) if refused.wait_secs is None else max(refused.wait_secs, 0.05)
                if time.monotonic() + wait - begun > self._give_up_secs:
                    raise RateLimited(
                        f"a request must be accepted within {self._give_up_secs:g} s, {waits + 1} in a row "
                        f"were limited ({refused}); what was stored stays, run the same command later"
                    ) from refused
                waits += 1
            except (Unreachable, VenueTimeout):
                failures += 1
                if failures >= MOST_FAILURES:
                    raise
                wait = _backoff(failures)
            time.sleep(wait)

    def _keep_pace(self) -> None:
        now = time.monotonic()
        earliest = max(self._last_asked + self._gap_secs, self._session.window_resets_at)
        if earliest > now:
            time.sleep(min(earliest - now, LONGEST_WAIT_SECS))
        self._last_asked = time.monotonic()


def _backoff(attempt: int) -> float:
    return float(min(LONGEST_WAIT_SECS, FIRST_WAIT_SECS * 2**attempt))
