"""An order book that somebody else's market data fills and our orders eat from."""

from collections.abc import Sequence
from decimal import Decimal

from adapters.bybit_simulator.orders import ZERO, OrderSide
from adapters.bybit_simulator.prices import Level


class Book:
    """
    The book of one symbol between two market-data updates.

    What an order takes is gone until the next update replaces the book.
    """

    __slots__ = ("asks", "bids", "ts_ms", "update_id")

    def __init__(self) -> None:
        self.bids: Sequence[Level] = ()
        self.asks: Sequence[Level] = ()
        self.ts_ms = 0
        self.update_id = 0

    def replace(self, bids: Sequence[Level], asks: Sequence[Level], ts_ms: int) -> None:
        """Take over new levels, best first on both sides."""
        self.bids = bids
        self.asks = asks
        self.ts_ms = ts_ms
        self.update_id += 1

    @property
    def best_bid(self) -> Decimal | None:
        """Highest price somebody buys at; None when nobody does."""
        return self.bids[0][0] if self.bids else None

    @property
    def best_ask(self) -> Decimal | None:
        """Lowest price somebody sells at; None when nobody does."""
        return self.asks[0][0] if self.asks else None

    @property
    def mid(self) -> Decimal | None:
        """Mean of best bid and ask; None when a side is empty."""
        if not self.bids or not self.asks:
            return None
        return (self.bids[0][0] + self.asks[0][0]) / 2

    def best_opposite(self, side: OrderSide) -> Decimal | None:
        """Price at which an order of ``side`` would start to fill; None when nothing stands there."""
        return self.best_ask if side == "Buy" else self.best_bid

    def crosses(self, side: OrderSide, price: Decimal) -> bool:
        """Whether a limit order at ``price`` would take liquidity."""
        best = self.best_opposite(side)
        if best is None:
            return False
        return price >= best if side == "Buy" else price <= best

    def available(self, side: OrderSide, limit: Decimal | None) -> Decimal:
        """Return the quantity an order of ``side`` could take up to ``limit`` (None: any price)."""
        return sum((qty for price, qty in self._opposite(side) if _within(side, price, limit)), ZERO)

    def take(self, side: OrderSide, qty: Decimal, limit: Decimal | None) -> list[Level]:
        """
        Remove liquidity and return what was taken, best price first.

        Parameters
        ----------
        side : OrderSide
            Side of the taker.
        qty : Decimal
            Wanted quantity, base coin.
        limit : Decimal | None
            Worst acceptable price; None for a market order.

        Returns
        -------
        list[Level]
            Price and quantity of each fill; together at most ``qty``.
        """
        levels = self._opposite(side)
        taken: list[Level] = []
        for price, standing in levels:
            if qty <= 0 or not _within(side, price, limit):
                break
            part = min(qty, standing)
            taken.append((price, part))
            qty -= part
        if taken:
            self._remove(side, taken)
        return taken

    def _opposite(self, side: OrderSide) -> Sequence[Level]:
        return self.asks if side == "Buy" else self.bids

    def _remove(self, side: OrderSide, taken: list[Level]) -> None:
        levels = self._opposite(side)
        last_price, last_standing = levels[len(taken) - 1]
        rest = last_standing - taken[-1][1]
        kept = [(last_price, rest)] if rest > 0 else []
        kept.extend(levels[len(taken) :])
        if side == "Buy":
            self.asks = kept
        else:
            self.bids = kept


def _within(side: OrderSide, price: Decimal, limit: Decimal | None) -> bool:
    if limit is None:
        return True
    return price <= limit if side == "Buy" else price >= limit
