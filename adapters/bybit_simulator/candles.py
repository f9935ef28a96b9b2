"""
Candles from trades, for every interval at once, with Bybit's confirm flag and history queries.

A candle closes when time passes its end, whether or not a trade comes. Minutes without trades give flat
candles at the last close, as on Bybit; a hole of more than ``MAX_FLAT`` candles stays a hole.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from decimal import Decimal
from operator import attrgetter
from typing import Final

import msgspec

from adapters.bybit_simulator.orders import ZERO
from adapters.bybit_simulator.prices import MarketTick, TradeTick
from adapters.bybit_simulator.prices_bars import MS_PER_MINUTE, BarRow

INTERVALS: Final = (1, 3, 5, 15, 30, 60, 120, 240, 360, 720, 1440)
"""Minutes of the intervals kept."""

MAX_FLAT: Final = 10
KEPT: Final = 200_000

_START = attrgetter("start_ms")


class Candle(msgspec.Struct, frozen=True):
    """One candle; ``turnover`` is in USDT, ``confirm`` says that it is closed."""

    start_ms: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    turnover: Decimal
    confirm: bool


class Kline(msgspec.Struct, frozen=True):
    """A candle of a symbol and an interval in minutes."""

    symbol: str
    interval: int
    candle: Candle


def interval_minutes(text: str) -> int | None:
    """Return the minutes of Bybit's interval word (``1`` ... ``720``, ``D``); None if it is not kept."""
    if text == "D":
        return 1440
    return int(text) if text.isdecimal() and int(text) in INTERVALS else None


class CandleStore:
    """Candles of several symbols, oldest first, with the forming one at the end."""

    def __init__(self, symbols: Iterable[str]) -> None:
        self._series = {(symbol, minutes): _Series(minutes) for symbol in symbols for minutes in INTERVALS}
        self._minute_end: dict[str, int] = {}

    def on_tick(self, tick: MarketTick) -> list[Kline]:
        """
        Take in a market tick; trades move candles, every tick moves time.

        Returns
        -------
        list[Kline]
            Candles that this tick closed, oldest first per interval.
        """
        closed: list[Kline] = []
        if tick.ts_ms >= self._minute_end.get(tick.symbol, 0):
            self._minute_end[tick.symbol] = (tick.ts_ms // MS_PER_MINUTE + 1) * MS_PER_MINUTE
            for minutes in INTERVALS:
                series = self._series[tick.symbol, minutes]
                closed.extend(Kline(tick.symbol, minutes, candle) for candle in series.advance(tick.ts_ms))
        if isinstance(tick, TradeTick):
            turnover = tick.price * tick.qty
            for minutes in INTERVALS:
                self._series[tick.symbol, minutes].add(tick, turnover)
        return closed

    def forming(self, symbol: str, interval: int) -> Candle | None:
        """Return the candle that is still open; None before the first trade."""
        return self._series[symbol, interval].forming()

    def seed(self, rows: Iterable[BarRow], bar_minutes: int) -> None:
        """
        Fill history from bars, for their own interval and its multiples.

        Parameters
        ----------
        rows : Iterable[BarRow]
            Ordered by open time, all before the first tick.
        bar_minutes : int
            Length of a bar.
        """
        intervals = [minutes for minutes in INTERVALS if minutes % bar_minutes == 0]
        for row in rows:
            bar = _candle(row)
            for minutes in intervals:
                self._series[row[0], minutes].seed(bar, bar_minutes)

    def klines(
        self,
        symbol: str,
        interval: int,
        *,
        start_ms: int | None = None,
        end_ms: int | None = None,
        limit: int = 200,
    ) -> list[Candle]:
        """
        Return candles, newest first, the forming one included.

        Parameters
        ----------
        start_ms, end_ms : int | None
            Bounds of the open time, both included. With a start only, the first candles after it are
            returned, otherwise the last ones before the end.
        limit : int
            Most candles to return.
        """
        series = self._series[symbol, interval]
        candles = series.closed
        low = 0 if start_ms is None else bisect_left(candles, start_ms, key=_START)
        high = len(candles) if end_ms is None else bisect_right(candles, end_ms, key=_START)
        current = series.forming()
        found = candles[low:high]
        if current is not None and _inside(current.start_ms, start_ms, end_ms):
            found = [*found, current]
        chosen = found[:limit] if start_ms is not None and end_ms is None else found[-limit:]
        return chosen[::-1]


class _Series:
    """The candles of one symbol and interval."""

    __slots__ = ("_close", "_high", "_low", "_ms", "_open", "_start", "_turnover", "_volume", "closed")

    def __init__(self, minutes: int) -> None:
        self.closed: list[Candle] = []
        self._ms = minutes * MS_PER_MINUTE
        self._start = -1
        self._open = self._high = self._low = self._close = ZERO
        self._volume = self._turnover = ZERO

    def advance(self, ts_ms: int) -> list[Candle]:
        """Close what ends before a time, and open the candle that holds it."""
        if self._start < 0 or ts_ms < self._start + self._ms:
            return []
        bucket = ts_ms // self._ms * self._ms
        first_new = len(self.closed)
        self._close_current()
        if (bucket - self._start) // self._ms - 1 > MAX_FLAT:
            self._start = -1
        else:
            for start in range(self._start + self._ms, bucket, self._ms):
                self._begin(start, self._close)
                self._close_current()
            self._begin(bucket, self._close)
        closed = self.closed[first_new:]
        if len(self.closed) > KEPT:
            del self.closed[: len(self.closed) - KEPT]
        return closed

    def add(self, trade: TradeTick, turnover: Decimal) -> None:
        """Add a trade to the open candle, which ``advance`` has prepared."""
        price = trade.price
        if self._start < 0 or not self._volume:
            self._begin(trade.ts_ms // self._ms * self._ms, price)
        if price > self._high:
            self._high = price
        elif price < self._low:
            self._low = price
        self._close = price
        self._volume += trade.qty
        self._turnover += turnover

    def forming(self) -> Candle | None:
        """Return the open candle."""
        return self._snapshot(confirm=False) if self._start >= 0 else None

    def seed(self, bar: Candle, bar_minutes: int) -> None:
        """Add a finished bar of the same or a shorter interval; history starts with a whole candle."""
        self.advance(bar.start_ms)
        if self._start < 0 and bar.start_ms % self._ms:
            return
        if self._start < 0 or not self._volume:
            self._begin(bar.start_ms // self._ms * self._ms, bar.open)
        self._high = max(self._high, bar.high)
        self._low = min(self._low, bar.low)
        self._close = bar.close
        self._volume += bar.volume
        self._turnover += bar.turnover
        if (bar.start_ms + bar_minutes * MS_PER_MINUTE) % self._ms == 0:
            self._close_current()
            self._start = -1

    def _begin(self, start_ms: int, price: Decimal) -> None:
        self._start = start_ms
        self._open = self._high = self._low = self._close = price
        self._volume = self._turnover = ZERO

    def _close_current(self) -> None:
        self.closed.append(self._snapshot(confirm=True))

    def _snapshot(self, *, confirm: bool) -> Candle:
        return Candle(
            self._start, self._open, self._high, self._low, self._close, self._volume, self._turnover, confirm
        )


def _candle(row: BarRow) -> Candle:
    _, ts_open_ns, *prices, volume = row
    open_, high, low, close = (Decimal(repr(float(price))) for price in prices)
    base = Decimal(repr(float(volume)))
    return Candle(
        ts_open_ns // 1_000_000, open_, high, low, close, base, base * (high + low + close) / 3, True
    )


def _inside(start_ms: int, low: int | None, high: int | None) -> bool:
    return (low is None or start_ms >= low) and (high is None or start_ms <= high)
