"""What the exchange knows of one symbol's market: book, last, mark and index price, recent trades."""

from collections import deque
from decimal import Decimal
from typing import Final

from adapters.bybit_simulator.book import Book
from adapters.bybit_simulator.instruments import LinearInstrument
from adapters.bybit_simulator.orders import ZERO
from adapters.bybit_simulator.prices import TradeTick

RECENT_TRADES: Final = 1000


class SymbolMarket:
    """The market of one symbol; ``ts_ms`` is market time."""

    __slots__ = ("_index", "_mark", "book", "instrument", "last", "trades", "ts_ms")

    def __init__(self, instrument: LinearInstrument) -> None:
        self.instrument = instrument
        self.book = Book()
        self.last: Decimal | None = None
        self.trades: deque[TradeTick] = deque(maxlen=RECENT_TRADES)
        self.ts_ms = 0
        self._mark: Decimal | None = None
        self._index: Decimal | None = None

    def set_mark(self, mark: Decimal, index: Decimal) -> None:
        """Take over the venue's mark and index price."""
        self._mark = mark
        self._index = index

    def restore(self, last: Decimal | None, mark: Decimal, index: Decimal, ts_ms: int) -> None:
        """Take over saved prices; zero means unknown."""
        self.last = last
        self._mark = mark or None
        self._index = index or None
        self.ts_ms = ts_ms

    @property
    def mark(self) -> Decimal:
        """Mark price, USDT; the last trade or the mid stands in for it, zero before any data."""
        return self._mark or self.last or self.book.mid or ZERO

    @property
    def index(self) -> Decimal:
        """Index price, USDT; the mark stands in for it."""
        return self._index or self.mark

    @property
    def reference(self) -> Decimal:
        """The last trade, USDT; the mark stands in for it."""
        return self.last or self.mark

    def price_of(self, trigger_by: str) -> Decimal:
        """Return the price that a trigger looks at, USDT; zero before any data."""
        if trigger_by == "MarkPrice":
            return self.mark
        if trigger_by == "IndexPrice":
            return self.index
        return self.reference
