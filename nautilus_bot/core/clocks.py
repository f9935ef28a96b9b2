"""
The market clock: the last market-data event time of the venue, monotone.

Throttles, hourly caps, the daily roll-over and three-second evaluation read only this clock, so that they
mean the same in a backtest, an accelerated paper session, a replay and live. Authentication, timeouts and
heartbeats use the wall clock, which is not here.
"""

NS_PER_SEC = 1_000_000_000
NS_PER_HOUR = 3_600 * NS_PER_SEC
NS_PER_DAY = 24 * NS_PER_HOUR


class MarketClock:
    """Hold the latest market-data event time; it never runs backwards."""

    __slots__ = ("now_ns",)

    def __init__(self, now_ns: int = 0) -> None:
        self.now_ns = now_ns

    def advance(self, ts_event: int) -> None:
        """
        Move to the time of a market-data event.

        Parameters
        ----------
        ts_event : int
            Event time of the venue, ns UTC; an older one is ignored.
        """
        self.now_ns = max(self.now_ns, ts_event)


def utc_day(ts_ns: int) -> int:
    """Return the number of the UTC day that holds ``ts_ns``."""
    return ts_ns // NS_PER_DAY


def next_utc_day(ts_ns: int) -> int:
    """Return the first nanosecond of the UTC day after the one that holds ``ts_ns``."""
    return (ts_ns // NS_PER_DAY + 1) * NS_PER_DAY
