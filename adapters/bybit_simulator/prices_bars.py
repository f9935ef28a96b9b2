"""
Prices from bars: every candle becomes quotes, trades and marks that make exactly this candle again.

The rows may be real history or synthetic; the source asks nothing of them but order. Symbols run together
in market time, funding is settled on the instrument's own grid.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import groupby
from operator import attrgetter, itemgetter
from random import Random
from typing import Final

import msgspec

from adapters.bybit_simulator.instruments import LinearInstrument
from adapters.bybit_simulator.orders import ZERO
from adapters.bybit_simulator.prices import BookTick, FundingTick, Level, MarketTick, MarkTick, TradeTick
from nautilus_bot.market.paths import MIN_POINTS, PathPoint, bar_path

type BarRow = tuple[str, int, float, float, float, float, float]
"""Symbol, open time (ns UTC), open, high, low, close (USDT), volume (base coin)."""

type FundingRates = Mapping[str, Mapping[int, Decimal]]
"""Funding rate (ratio) by symbol and settlement time (ms UTC)."""

MS_PER_MINUTE: Final = 60_000
_DUST: Final = Decimal("0.00000001")
_SIZE_PROFILES: Final = 4
_DEFAULT_FUNDING: Final = Decimal("0.0001")


class BarShape(msgspec.Struct, frozen=True, kw_only=True):
    """
    How bars become ticks.

    Parameters
    ----------
    bar_minutes : int
        Length of a bar.
    trades_per_minute : int
        Trades (each with a fresh book and mark) in a minute of market time.
    depth : int
        Levels on each side of the book.
    spread_ticks : int
        Distance between best bid and best ask.
    level_usdt : int
        Least mean value of a level, USDT: a quiet minute has a thin tape, not an empty book.
    seed : int
        Chooses the paths; the same seed gives the same ticks.
    """

    bar_minutes: int = 1
    trades_per_minute: int = 20
    depth: int = 50
    spread_ticks: int = 1
    level_usdt: int = 5_000
    seed: int = 7

    @property
    def bar_ms(self) -> int:
        """Length of a bar, milliseconds."""
        return self.bar_minutes * MS_PER_MINUTE

    @property
    def points(self) -> int:
        """Trades in a bar."""
        return max(MIN_POINTS, self.bar_minutes * self.trades_per_minute)


class BarPriceSource:
    """
    Market ticks from bars of one or several symbols.

    Parameters
    ----------
    rows : Callable[[], Iterable[BarRow]]
        Opens the bars anew, ordered by open time; symbols may alternate.
    instruments : Mapping[str, LinearInstrument]
        Tick and lot sizes; rows of other symbols are an error.
    shape : BarShape
        How bars become ticks.
    funding : FundingRates | None
        Known rates; where none is known 0.0001 is settled.
    """

    def __init__(
        self,
        rows: Callable[[], Iterable[BarRow]],
        instruments: Mapping[str, LinearInstrument],
        shape: BarShape | None = None,
        funding: FundingRates | None = None,
    ) -> None:
        self._rows = rows
        self._instruments = instruments
        self._shape = shape or BarShape()
        self._funding = funding or {}

    def ticks(self) -> Iterator[MarketTick]:
        """Yield books, trades, marks and funding settlements in market time."""
        for ts_open_ns, bars in groupby(self._rows(), key=itemgetter(1)):
            start_ms = ts_open_ns // 1_000_000
            together = [tick for row in bars for tick in self._bar_ticks(row, start_ms)]
            together.sort(key=attrgetter("ts_ms"))
            yield from together

    def _bar_ticks(self, row: BarRow, start_ms: int) -> Iterator[MarketTick]:
        symbol = row[0]
        instrument = self._instruments[symbol]
        yield from self._settlements(instrument, start_ms)
        ladder = _Ladder(instrument, self._shape, row)
        for trade, ticks in bar_trades(row, instrument, self._shape):
            yield ladder.book_around(trade, ticks)
            if trade.qty:
                yield trade
            # The mark follows the trade: a stop at the last price comes before a liquidation at the mark.
            yield MarkTick(symbol, trade.ts_ms, trade.price, trade.price)

    def _settlements(self, instrument: LinearInstrument, start_ms: int) -> Iterator[FundingTick]:
        every = instrument.funding_interval_mins * MS_PER_MINUTE
        first = -(-start_ms // every) * every
        known = self._funding.get(instrument.symbol, {})
        for ts_ms in range(first, start_ms + self._shape.bar_ms, every):
            yield FundingTick(instrument.symbol, ts_ms, known.get(ts_ms, _DEFAULT_FUNDING))


def bar_trades(row: BarRow, instrument: LinearInstrument, shape: BarShape) -> Iterator[tuple[TradeTick, int]]:
    """
    Yield the trades of one bar, each with its price in ticks.

    Parameters
    ----------
    row : BarRow
        Prices are rounded to the instrument's tick; the volume is kept to its last digit.

    Yields
    ------
    tuple[TradeTick, int]
        Trades without quantity when the bar has no volume.
    """
    symbol, ts_open_ns, *prices, volume = row
    unit, lots = _lots(_decimal(volume), instrument.qty_step)
    rest = _decimal(volume) - unit * lots
    open_, high, low, close = (_ticks(price, instrument.tick_size) for price in prices)
    rng = Random(f"{shape.seed}:{symbol}:{ts_open_ns}")
    path = bar_path((open_, high, low, close), lots, points=shape.points, rng=rng)
    for index, point in enumerate(path):
        qty = unit * point.lots + (rest if index == len(path) - 1 else ZERO)
        yield _trade(symbol, ts_open_ns, point, qty, instrument.tick_size, shape.bar_ms), point.ticks


def _trade(
    symbol: str, ts_open_ns: int, point: PathPoint, qty: Decimal, tick: Decimal, bar_ms: int
) -> TradeTick:
    ts_ms = ts_open_ns // 1_000_000 + int(point.fraction * bar_ms)
    return TradeTick(symbol, ts_ms, tick * point.ticks, qty, "Buy" if point.taker_buys else "Sell")


def _decimal(value: float) -> Decimal:
    return Decimal(repr(float(value)))


def _ticks(price: float, tick: Decimal) -> int:
    return int((_decimal(price) / tick).to_integral_value(rounding=ROUND_HALF_EVEN))


def _lots(volume: Decimal, step: Decimal) -> tuple[Decimal, int]:
    """Return the unit in which a volume is split and how many whole units it has."""
    for unit in (step, _DUST):
        lots = int(volume / unit)
        if lots >= MIN_POINTS:
            return unit, lots
    return step, 0


class _Ladder:
    """The books of one bar: prices follow the trades, sizes follow the bar's volume."""

    def __init__(self, instrument: LinearInstrument, shape: BarShape, row: BarRow) -> None:
        self._instrument = instrument
        self._shape = shape
        self._rng = Random(f"{shape.seed}:{row[0]}:{row[1]}:book")
        traded = int(_decimal(row[6]) / instrument.qty_step) // shape.points
        mean_lots = max(4, traded, int(shape.level_usdt / (_decimal(row[5]) * instrument.qty_step)))
        self._sizes = [self._side(mean_lots) for _ in range(_SIZE_PROFILES)]

    def book_around(self, trade: TradeTick, ticks: int) -> BookTick:
        """Return the book in which this trade happened: at the best price of the side it took from."""
        spread = self._shape.spread_ticks
        ask = ticks if trade.side == "Buy" else ticks + spread
        bid = ask - spread
        return BookTick(trade.symbol, trade.ts_ms, self._levels(bid, -1), self._levels(ask, 1))

    def _levels(self, best: int, step: int) -> tuple[Level, ...]:
        tick = self._instrument.tick_size
        sizes = self._sizes[self._rng.randrange(_SIZE_PROFILES)]
        last = max(0, best + step * len(sizes)) if step < 0 else best + len(sizes)
        return tuple(
            (tick * price, size) for price, size in zip(range(best, last, step), sizes, strict=False)
        )

    def _side(self, mean_lots: int) -> list[Decimal]:
        step = self._instrument.qty_step
        return [
            step * max(1, int(mean_lots * self._rng.uniform(0.5, 3.0) * (1 + level / 10)))
            for level in range(self._shape.depth)
        ]
