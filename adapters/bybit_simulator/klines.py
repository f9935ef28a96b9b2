"""
Klines of one symbol, built from trades as Bybit builds them.

A quiet interval, in which the market ran and nobody traded, has a flat bar at the last close and without
volume, as Bybit's own have. An interval in which no market was heard at all has none: nobody knows what
happened then.

Prices and volumes are floats here: they only become text with the instrument's decimals again, which is exact
below 2**53 steps, and no order is ever made of them.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Final

from adapters.bybit_simulator.refusals import bad_request

MINUTE_MS: Final = 60_000
DAY_MS: Final = 86_400_000
WEEK_MS: Final = 7 * DAY_MS
# The epoch was a Thursday and Bybit's weeks begin on Monday.
FIRST_MONDAY_MS: Final = 4 * DAY_MS

INTERVALS: Final = ("1", "3", "5", "15", "30", "60", "120", "240", "360", "720", "D", "W", "M")
OUTAGE_MS: Final = MINUTE_MS
"""A market tells of its book many times a minute: one that was silent for longer was not there."""
TRIMMED: Final = 500

type Kline = tuple[int, float, float, float, float, float, float]
"""Opening time (ms UTC), open, high, low, close (USDT), volume (base coin), turnover (USDT)."""


def kline_start(interval: str, ts_ms: int) -> int:
    """Return the opening time of the bar that holds ``ts_ms``."""
    if interval == "M":
        month = datetime.fromtimestamp(ts_ms / 1_000, UTC).replace(
            day=1, hour=0, minute=0, second=0, microsecond=0
        )
        return int(month.timestamp()) * 1_000
    if interval == "W":
        return (ts_ms - FIRST_MONDAY_MS) // WEEK_MS * WEEK_MS + FIRST_MONDAY_MS
    length = DAY_MS if interval == "D" else int(interval) * MINUTE_MS
    return ts_ms // length * length


def kline_end(interval: str, start_ms: int) -> int:
    """Return the opening time of the bar after the one that opens at ``start_ms``."""
    if interval == "M":
        return kline_start("M", start_ms + 32 * DAY_MS)
    if interval == "W":
        return start_ms + WEEK_MS
    return start_ms + (DAY_MS if interval == "D" else int(interval) * MINUTE_MS)


def require_interval(interval: str) -> str:
    """Return the interval, or refuse it as Bybit does (10001)."""
    if interval not in INTERVALS:
        raise bad_request("Invalid period!")
    return interval


class KlineSeries:
    """
    The bars of one interval, oldest first; the last one is still forming.

    Parameters
    ----------
    interval : str
        One of ``INTERVALS``.
    bars : Iterable[Kline]
        Finer bars to begin with, oldest first.
    """

    def __init__(self, interval: str, bars: Iterable[Kline] = ()) -> None:
        self.interval = interval
        self._starts: list[int] = []
        self._bars: list[Kline] = []
        for bar in bars:
            self._merge(kline_start(interval, bar[0]), bar)

    def __len__(self) -> int:
        return len(self._bars)

    def __iter__(self) -> Iterator[Kline]:
        return iter(self._bars)

    @property
    def forming(self) -> Kline | None:
        """The bar that is still open; None before the first trade."""
        return self._bars[-1] if self._bars else None

    def add_trade(self, ts_ms: int, price: float, qty: float) -> None:
        """Take a trade into the forming bar, which ``roll`` has brought to its time."""
        self._merge(kline_start(self.interval, ts_ms), (ts_ms, price, price, price, price, qty, price * qty))

    def roll(self, ts_ms: int, *, heard_ms: int | None = None) -> list[Kline]:
        """
        Move to a market time.

        Parameters
        ----------
        ts_ms : int
            Market time, ms.
        heard_ms : int, optional
            When the market was last heard before; no bar is made up for an outage since then.

        Returns
        -------
        list[Kline]
            The bars that ended, oldest first; a quiet one is flat at the last close.
        """
        was_out = heard_ms is not None and ts_ms - heard_ms > OUTAGE_MS
        ended: list[Kline] = []
        while self._bars and kline_end(self.interval, self._starts[-1]) <= ts_ms:
            last = self._bars[-1]
            ended.append(last)
            start = kline_start(self.interval, ts_ms) if was_out else kline_end(self.interval, last[0])
            self._starts.append(start)
            self._bars.append((start, last[4], last[4], last[4], last[4], 0.0, 0.0))
        return ended

    def page(self, start_ms: int | None, end_ms: int | None, limit: int) -> list[Kline]:
        """
        Return a page as Bybit pages: the newest ``limit`` bars that open in ``[start_ms, end_ms]``.

        With only a start, Bybit counts from the start upwards.

        Returns
        -------
        list[Kline]
            Newest first; empty before history begins.
        """
        low = 0 if start_ms is None else bisect_left(self._starts, start_ms)
        high = len(self._bars) if end_ms is None else bisect_right(self._starts, end_ms)
        if start_ms is not None and end_ms is None:
            high = min(high, low + limit)
        return self._bars[max(low, high - limit) : high][::-1]

    def since(self, start_ms: int) -> list[Kline]:
        """Return the bars that open at ``start_ms`` or later, oldest first."""
        return self._bars[bisect_left(self._starts, start_ms) :]

    def keep_last(self, count: int) -> None:
        """Forget the oldest bars, ``TRIMMED`` at a time, so that at least ``count`` stay."""
        if len(self._bars) >= count + TRIMMED:
            del self._starts[:TRIMMED], self._bars[:TRIMMED]

    def _merge(self, start: int, bar: Kline) -> None:
        _, open_, high, low, close, volume, turnover = bar
        if not self._starts or start > self._starts[-1]:
            self._starts.append(start)
            self._bars.append((start, open_, high, low, close, volume, turnover))
            return
        first = self._bars[-1]
        if not first[5]:
            # A bar opens at its first trade, not at the close before it.
            self._bars[-1] = (first[0], open_, high, low, close, volume, turnover)
            return
        self._bars[-1] = (
            first[0],
            first[1],
            max(first[2], high),
            min(first[3], low),
            close,
            first[5] + volume,
            first[6] + turnover,
        )
