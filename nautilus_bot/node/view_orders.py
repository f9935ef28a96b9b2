"""The open orders of a run, folded from order events."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal

from nautilus_trader.model.enums import OrderSide, OrderType, order_type_to_str
from nautilus_trader.model.events import (
    OrderAccepted,
    OrderCanceled,
    OrderCancelRejected,
    OrderDenied,
    OrderEvent,
    OrderExpired,
    OrderFilled,
    OrderInitialized,
    OrderModifyRejected,
    OrderPendingCancel,
    OrderPendingUpdate,
    OrderRejected,
    OrderSubmitted,
    OrderTriggered,
    OrderUpdated,
)
from nautilus_trader.model.identifiers import ClientOrderId
from nautilus_trader.model.orders import Order

from nautilus_bot.core import ids
from nautilus_bot.core.snapshot import OpenOrder

FOREIGN = "V"
ENDED = (OrderCanceled, OrderDenied, OrderExpired, OrderRejected)
ROLES = (ids.ENTRY, ids.STOP, ids.TARGET, ids.CLOSE)
STATUS: dict[type[OrderEvent], str] = {
    OrderSubmitted: "SUBMITTED",
    OrderAccepted: "ACCEPTED",
    OrderTriggered: "TRIGGERED",
    OrderPendingUpdate: "PENDING_UPDATE",
    OrderPendingCancel: "PENDING_CANCEL",
    OrderUpdated: "ACCEPTED",
    OrderCancelRejected: "ACCEPTED",
    OrderModifyRejected: "ACCEPTED",
}
ZERO = Decimal(0)

type Lookup = Callable[[ClientOrderId], Order | None]


@dataclass(slots=True)
class _Tracked:
    strategy_id: str
    instrument_id: str
    role: str
    signal_id: str
    side: str
    type: str
    quantity: Decimal
    filled: Decimal = ZERO
    price: str = ""
    trigger: str = ""
    status: str = "INITIALIZED"
    ts_ns: int = 0


class OrderBookView:
    """
    Orders that may still fill, by client order id.

    Parameters
    ----------
    lookup : Callable[[ClientOrderId], Order | None]
        The cache's order, for orders that were not initialised by us: Nautilus publishes no initialisation
        of those that reconciliation finds at the venue.

    Attributes
    ----------
    gaps : int
        Events of orders that nobody knows, and fills beyond an order's quantity.
    """

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup
        self._open: dict[str, _Tracked] = {}
        self._ended: set[str] = set()
        self.gaps = 0

    def apply(self, event: OrderEvent) -> None:
        """Fold one order event."""
        name = event.client_order_id.value
        if isinstance(event, OrderInitialized):
            self._open[name] = _from_initialized(event)
        elif isinstance(event, ENDED):
            self._end(name)
        else:
            tracked = self._open.get(name) or self._adopt(event)
            if tracked is not None:
                self._change(name, tracked, event)

    def restore(self, orders: Iterable[Order]) -> None:
        """Take over orders from before the session: nothing is published of them until they change."""
        for order in orders:
            if not order.is_closed:
                for event in order.events:
                    self.apply(event)

    def open_orders(self) -> list[OpenOrder]:
        """Return what may still fill, oldest first."""
        return [_freeze(name, tracked) for name, tracked in self._open.items()]

    def _adopt(self, event: OrderEvent) -> _Tracked | None:
        name = event.client_order_id.value
        if name in self._ended:
            return None  # a late event of an order that has ended changes nothing
        order = self._lookup(event.client_order_id)
        if order is None:
            self.gaps += 1
            return None
        if order.is_closed and not isinstance(event, OrderFilled):
            return None
        tracked = self._open[name] = _from_initialized(order.init_event)
        return tracked

    def _change(self, name: str, tracked: _Tracked, event: OrderEvent) -> None:
        tracked.ts_ns = event.ts_event
        if isinstance(event, OrderFilled):
            self._fill(name, tracked, event)
            return
        tracked.status = STATUS.get(type(event), tracked.status)
        if isinstance(event, OrderUpdated):
            tracked.quantity = event.quantity.as_decimal()
            tracked.price = str(event.price) if event.price is not None else tracked.price
            tracked.trigger = str(event.trigger_price) if event.trigger_price is not None else tracked.trigger

    def _fill(self, name: str, tracked: _Tracked, event: OrderFilled) -> None:
        tracked.filled += event.last_qty.as_decimal()
        tracked.status = "PARTIALLY_FILLED"
        if tracked.filled > tracked.quantity:
            self.gaps += 1
        if tracked.filled >= tracked.quantity:
            self._end(name)

    def _end(self, name: str) -> None:
        self._open.pop(name, None)
        self._ended.add(name)


def _from_initialized(event: OrderInitialized) -> _Tracked:
    name = event.client_order_id.value
    signal_id, role = ids.signal_of(name), ids.role_of(name)
    ours = role in ROLES and event.tags is not None and signal_id in event.tags
    options = event.options
    return _Tracked(
        strategy_id=event.strategy_id.value,
        instrument_id=event.instrument_id.value,
        role=role if ours else FOREIGN,
        signal_id=signal_id if ours else "",
        side="BUY" if event.side == OrderSide.BUY else "SELL",
        type=order_type_to_str(OrderType(event.order_type)),
        quantity=event.quantity.as_decimal(),
        price=str(options.get("price") or ""),
        trigger=str(options.get("trigger_price") or ""),
        ts_ns=event.ts_event,
    )


def _freeze(name: str, tracked: _Tracked) -> OpenOrder:
    return OpenOrder(
        client_order_id=name,
        signal_id=tracked.signal_id,
        strategy_id=tracked.strategy_id,
        instrument_id=tracked.instrument_id,
        role=tracked.role,
        side="BUY" if tracked.side == "BUY" else "SELL",
        type=tracked.type,
        status=tracked.status,
        quantity=str(tracked.quantity),
        filled=str(tracked.filled),
        price=tracked.price,
        trigger=tracked.trigger,
        ts_ns=tracked.ts_ns,
    )
