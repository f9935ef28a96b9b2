"""What the public may know of one symbol's market, kept up to date by the ticks of a price source."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Final

import msgspec

from adapters.bybit_simulator.instruments import LinearInstrument
from adapters.bybit_simulator.klines import DAY_MS, MINUTE_MS, Kline, KlineSeries
from adapters.bybit_simulator.prices import BookTick, FundingTick, Level, MarketTick, MarkTick, TradeTick
from adapters.bybit_simulator.refusals import bad_request

RECENT_TRADES: Final = 1_000
DEFAULT_FUNDING_RATE: Final = Decimal("0.0001")
HOUR_MS: Final = 3_600_000
FEWEST_BARS: Final = 1_500
"""Bars kept of each interval, or as many as the market opened with if those are more: a day of minutes."""


class PublicTrade(msgspec.Struct, frozen=True):
    """A trade with the id and the number under which it is published."""

    trade: TradeTick
    trade_id: str
    seq: int
    tick_direction: str


class DayStatistics(msgspec.Struct, frozen=True):
    """The last 24 hours and the last hour of a symbol, from its minute bars."""

    high: float
    low: float
    previous: float
    previous_hour: float
    volume: float
    turnover: float


class PublicMarket:
    """
    The public market of one symbol.

    Parameters
    ----------
    instrument : LinearInstrument
        The symbol's filters.
    history : Iterable[Kline]
        Minute bars before the market opens, oldest first.
    """

    def __init__(self, instrument: LinearInstrument, history: Iterable[Kline] = ()) -> None:
        self.instrument = instrument
        self.symbol = instrument.symbol
        self.bids: tuple[Level, ...] = ()
        self.asks: tuple[Level, ...] = ()
        self.book_ts_ms = 0
        self.ts_ms = 0
        self.seq = 0
        self.last_price: Decimal | None = None
        self.tick_direction = "ZeroPlusTick"
        self.mark_price: Decimal | None = None
        self.index_price: Decimal | None = None
        self.funding_rate = DEFAULT_FUNDING_RATE
        self.funding_history: deque[tuple[int, Decimal]] = deque(maxlen=1_000)
        self.trades: deque[PublicTrade] = deque(maxlen=RECENT_TRADES)
        self._minutes = KlineSeries("1", history)
        self._bars_kept = max(len(self._minutes), FEWEST_BARS)
        self._series: dict[str, KlineSeries] = {"1": self._minutes}
        self._statistics: tuple[int, DayStatistics] | None = None
        last = self._minutes.forming
        if last is not None:
            self.last_price = Decimal(f"{last[4]:.{instrument.price_scale}f}")
            self.ts_ms = last[0]

    def series(self, interval: str) -> KlineSeries:
        """Return the bars of an interval, built from the minutes on first demand."""
        if interval not in self._series:
            self._series[interval] = KlineSeries(interval, self._minutes)
        return self._series[interval]

    def roll(self, ts_ms: int) -> list[tuple[str, Kline]]:
        """Move to a market time and return the bars that ended, each with its interval."""
        heard_ms, self.ts_ms = self.ts_ms, max(self.ts_ms, ts_ms)
        ended = [
            (interval, bar)
            for interval, series in self._series.items()
            for bar in series.roll(ts_ms, heard_ms=heard_ms)
        ]
        if ended:
            for series in self._series.values():
                series.keep_last(self._bars_kept)
        return ended

    def on_book(self, tick: BookTick) -> None:
        """Replace the order book."""
        self.seq += 1
        self.bids, self.asks, self.book_ts_ms = tick.bids, tick.asks, tick.ts_ms

    def on_trade(self, tick: TradeTick) -> PublicTrade:
        """Record a public trade."""
        self.seq += 1
        self._turn_direction(tick.price)
        self.last_price = tick.price
        for series in self._series.values():
            series.add_trade(tick.ts_ms, float(tick.price), float(tick.qty))
        trade_id = f"{self.symbol}-{tick.ts_ms}-{self.seq}"
        published = PublicTrade(tick, trade_id, self.seq, self.tick_direction)
        self.trades.append(published)
        return published

    def on_mark(self, tick: MarkTick) -> None:
        """Replace mark and index price."""
        self.mark_price, self.index_price = tick.mark, tick.index

    def on_funding(self, tick: FundingTick) -> None:
        """Record a settlement; its rate is also the forecast of the next one."""
        self.funding_rate = tick.rate
        self.funding_history.append((tick.ts_ms, tick.rate))

    @property
    def reference_price(self) -> Decimal:
        """The mark price, or what is nearest to it before the first one."""
        price = self.mark_price or self.last_price or (self.bids[0][0] if self.bids else None)
        return Decimal(0) if price is None else price

    @property
    def next_funding_ms(self) -> int:
        """When funding is settled next, market time in ms."""
        interval_ms = self.instrument.funding_interval_mins * MINUTE_MS
        return (self.ts_ms // interval_ms + 1) * interval_ms

    def statistics(self) -> DayStatistics:
        """Return the day's figures, computed once per minute of market time."""
        minute = self.ts_ms // MINUTE_MS
        if self._statistics is None or self._statistics[0] != minute:
            self._statistics = (minute, self._day_statistics())
        return self._statistics[1]

    def _day_statistics(self) -> DayStatistics:
        day = self._minutes.since(self.ts_ms - DAY_MS)
        price = float(self.reference_price)
        if not day:
            return DayStatistics(price, price, price, price, 0.0, 0.0)
        hour = [bar for bar in day if bar[0] >= self.ts_ms - HOUR_MS]
        return DayStatistics(
            high=max(bar[2] for bar in day),
            low=min(bar[3] for bar in day),
            previous=day[0][1],
            previous_hour=hour[0][1] if hour else day[-1][4],
            volume=sum(bar[5] for bar in day),
            turnover=sum(bar[6] for bar in day),
        )

    def _turn_direction(self, price: Decimal) -> None:
        """Bybit's tick direction: up or down against the last price, ``Zero...`` when it did not move."""
        if self.last_price is None or price == self.last_price:
            self.tick_direction = "Zero" + self.tick_direction.removeprefix("Zero")
        else:
            self.tick_direction = "PlusTick" if price > self.last_price else "MinusTick"


class MarketBoard:
    """
    The public markets of all symbols.

    Parameters
    ----------
    instruments : Mapping[str, LinearInstrument]
        Listed instruments by symbol.
    history : Mapping[str, Iterable[Kline]]
        Minute bars by symbol from before the start.
    """

    def __init__(
        self,
        instruments: Mapping[str, LinearInstrument],
        history: Mapping[str, Iterable[Kline]] | None = None,
    ) -> None:
        bars = history or {}
        self._markets = {
            symbol: PublicMarket(instrument, bars.get(symbol, ()))
            for symbol, instrument in instruments.items()
        }

    def __iter__(self) -> Iterator[PublicMarket]:
        return iter(self._markets.values())

    def market(self, symbol: str) -> PublicMarket:
        """
        Return the market of a symbol.

        Raises
        ------
        Refused
            10001 if it is not listed.
        """
        if symbol not in self._markets:
            raise bad_request("params error: symbol invalid " + symbol)
        return self._markets[symbol]

    def knows(self, symbol: str) -> bool:
        """Tell whether the symbol is listed."""
        return symbol in self._markets

    def now_ms(self) -> int:
        """Return the market time: that of the newest tick of any symbol."""
        return max((market.ts_ms for market in self._markets.values()), default=0)

    def find(self, tick: MarketTick) -> PublicMarket | None:
        """Return the market that a tick belongs to; None when it is not listed."""
        return self._markets.get(tick.symbol)
