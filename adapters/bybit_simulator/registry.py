"""The orders of the account, findable by either id, and the open ones by symbol."""

from collections.abc import Iterable, Iterator

from adapters.bybit_simulator.history import HISTORY_KEPT
from adapters.bybit_simulator.orders import Order


class OrderRegistry:
    """
    Hold every open order and those that ended last; ``resting`` and ``conditional`` are the open ones of a
    symbol, oldest first. A client's id is remembered for ever: it must not be used twice.
    """

    def __init__(self, symbols: Iterable[str]) -> None:
        names = tuple(symbols)
        self._orders: dict[str, Order] = {}
        self._ended: dict[str, None] = {}
        self._by_link: dict[str, str] = {}
        self._resting: dict[str, dict[str, Order]] = {name: {} for name in names}
        self._conditional: dict[str, dict[str, Order]] = {name: {} for name in names}
        self.changed: dict[str, None] = {}

    def put(self, order: Order) -> None:
        """Add an order or replace its earlier version."""
        key = order.order_id
        self._orders[key] = order
        if order.order_link_id:
            self._by_link[order.order_link_id] = key
        _keep(self._resting[order.symbol], order, wanted=order.status in ("New", "PartiallyFilled"))
        _keep(self._conditional[order.symbol], order, wanted=order.is_conditional)
        self.changed[key] = None
        if not order.is_open:
            self._ended[key] = None
            self._forget_oldest()

    def get(self, order_id: str) -> Order:
        """Return the order as it stands now; the id must be known."""
        return self._orders[order_id]

    def find(self, order_id: str = "", order_link_id: str = "") -> Order | None:
        """Return an order by the exchange's id or, without one, by the client's."""
        return self._orders.get(order_id or self._by_link.get(order_link_id, ""))

    def knows_link(self, order_link_id: str) -> bool:
        """Whether the client's id was used before."""
        return order_link_id in self._by_link

    def resting(self, symbol: str) -> list[Order]:
        """Return the orders that stand in the book."""
        orders = self._resting[symbol]
        return list(orders.values()) if orders else []

    def conditional(self, symbol: str) -> list[Order]:
        """Return the orders that wait for a trigger."""
        orders = self._conditional[symbol]
        return list(orders.values()) if orders else []

    def open(self, symbol: str) -> list[Order]:
        """Return all open orders of a symbol: resting, then conditional."""
        return self.resting(symbol) + self.conditional(symbol)

    def newest_first(self) -> Iterator[Order]:
        """Yield every order that is held, the one made last first."""
        return reversed(self._orders.values())

    def _forget_oldest(self) -> None:
        if len(self._ended) > HISTORY_KEPT:
            key = next(iter(self._ended))
            for held in (self._ended, self._orders, self.changed):
                held.pop(key, None)


def _keep(orders: dict[str, Order], order: Order, *, wanted: bool) -> None:
    if wanted:
        orders[order.order_id] = order
    else:
        orders.pop(order.order_id, None)
