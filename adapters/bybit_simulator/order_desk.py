"""Orders from the client: placed, changed and cancelled, or refused before anything happens."""

from typing import Final

import msgspec

from adapters.bybit_simulator import checks
from adapters.bybit_simulator.markets import SymbolMarket
from adapters.bybit_simulator.matching import Matcher
from adapters.bybit_simulator.orders import ZERO, Order
from adapters.bybit_simulator.protection import PositionGuard, ended
from adapters.bybit_simulator.refusals import Code, Refused, bad_request
from adapters.bybit_simulator.requests import AmendOrder, CreateOrder
from adapters.bybit_simulator.state import ExchangeState

MAX_ACTIVE_ORDERS: Final = 500
MAX_STOP_ORDERS: Final = 10


class OrderDesk:
    """Check what a client asks of its orders, then do it."""

    def __init__(self, state: ExchangeState, matcher: Matcher, guard: PositionGuard) -> None:
        self._state = state
        self._matcher = matcher
        self._guard = guard

    def create(self, request: CreateOrder) -> Order:
        """Accept an order and let it meet the market, or raise ``Refused``."""
        market = self._state.market(request.symbol)
        checks.check_form(request)
        self._check_new_ids(request)
        request = self._whole_position(request)
        position = self._state.ledger.positions[request.symbol]
        checks.check_new_order(request, market, position)
        order = self._cut_to_position(self._new_order(request, market))
        if order.trigger_price is not None:
            return self._state.publish_order(order)
        self._check_margin(order)
        return self._matcher.enter(order)

    def amend(self, request: AmendOrder) -> Order:
        """Change an open order, or raise ``Refused``."""
        market = self._state.market(request.symbol)
        checks.check_category(request.category)
        order = self._open_order(request.symbol, request.order_id, request.order_link_id, "replace")
        changed = self._cut_to_position(_amended(order, request))
        if changed == order:
            raise bad_request("order not modified")
        self._check_amendment(order, changed, market)
        if order.is_protection and changed.trigger_price is not None:
            return self._guard.move_leg(order, changed.trigger_price)
        if order.is_conditional:
            return self._state.publish_order(changed)
        self._check_margin(changed)
        return self._matcher.enter(changed)

    def cancel(self, symbol: str, order_id: str, order_link_id: str) -> Order:
        """Cancel an open order by either id, or raise ``Refused``."""
        self._state.market(symbol)
        return self.cancel_open(self._open_order(symbol, order_id, order_link_id, "cancel"))

    def cancel_open(self, order: Order) -> Order:
        """Cancel an order that is known to be open."""
        cancelled = self._state.publish_order(ended(order, cancel_type="CancelByUser"))
        if order.is_protection:
            self._guard.forget_leg(order)
            self._state.publish_position(order.symbol)
        return cancelled

    def _check_new_ids(self, request: CreateOrder) -> None:
        if request.order_link_id and self._state.orders.knows_link(request.order_link_id):
            raise Refused(Code.DUPLICATE_LINK_ID, "OrderLinkedID is duplicate")
        if request.trigger_price is None:
            if len(self._state.orders.resting(request.symbol)) >= MAX_ACTIVE_ORDERS:
                raise Refused(Code.TOO_MANY_ORDERS, "Not allowed to have more than 500 active orders.")
        elif self._own_stop_orders(request.symbol) >= MAX_STOP_ORDERS:
            raise Refused(Code.TOO_MANY_STOP_ORDERS, "already had 10 working normal stop orders")

    def _own_stop_orders(self, symbol: str) -> int:
        return sum(1 for order in self._state.orders.conditional(symbol) if not order.is_protection)

    def _whole_position(self, request: CreateOrder) -> CreateOrder:
        """Zero quantity with reduceOnly and closeOnTrigger means everything that is open."""
        if request.qty or not (request.reduce_only and request.close_on_trigger):
            return request
        position = self._state.ledger.positions[request.symbol]
        checks.check_reduces(request.side, position)
        return msgspec.structs.replace(request, qty=position.closable(request.side))

    def _cut_to_position(self, order: Order) -> Order:
        """A reducing order never asks for more than there is to close."""
        if not (order.reduce_only or order.close_on_trigger):
            return order
        closable = self._state.ledger.positions[order.symbol].closable(order.side)
        if order.leaves_qty <= closable:
            return order
        return msgspec.structs.replace(order, qty=order.cum_exec_qty + closable, leaves_qty=closable)

    def _new_order(self, request: CreateOrder, market: SymbolMarket) -> Order:
        now = self._state.now_ms()
        conditional = request.trigger_price is not None
        protected = bool(request.take_profit or request.stop_loss)
        return Order(
            order_id=self._state.next_id(),
            order_link_id=request.order_link_id,
            symbol=request.symbol,
            side=request.side,
            order_type=request.order_type,
            time_in_force="IOC" if request.order_type == "Market" else request.time_in_force or "GTC",
            qty=request.qty,
            leaves_qty=request.qty,
            price=(request.price or ZERO) if request.order_type == "Limit" else ZERO,
            status="Untriggered" if conditional else "New",
            reduce_only=request.reduce_only,
            close_on_trigger=request.close_on_trigger,
            trigger_price=request.trigger_price,
            trigger_direction=request.trigger_direction if conditional else 0,
            trigger_by=request.trigger_by if conditional else "",
            take_profit=request.take_profit or None,
            stop_loss=request.stop_loss or None,
            tp_trigger_by=request.tp_trigger_by if request.take_profit else "",
            sl_trigger_by=request.sl_trigger_by if request.stop_loss else "",
            tpsl_mode="Full" if protected else "",
            stop_order_type="Stop" if conditional else "",
            last_price_on_created=market.reference,
            created_ms=now,
            updated_ms=now,
        )

    def _open_order(self, symbol: str, order_id: str, order_link_id: str, verb: str) -> Order:
        if not order_id and not order_link_id:
            raise bad_request("orderId or orderLinkId is required")
        order = self._state.orders.find(order_id, order_link_id)
        if order is None or order.symbol != symbol or not order.is_open:
            raise Refused(Code.ORDER_NOT_EXISTS, f"order not exists or too late to {verb}")
        return order

    def _check_amendment(self, order: Order, changed: Order, market: SymbolMarket) -> None:
        if changed.leaves_qty <= 0:
            raise Refused(
                Code.QTY_BELOW_FILLED,
                "The modified contract quantity cannot be less than or equal to the filled quantity.",
            )
        checks.check_qty(changed.qty, market.instrument, market=order.order_type == "Market")
        if changed.price != order.price:
            checks.check_price(changed.price, market.instrument)
            if not order.is_conditional:
                checks.check_price_limit(changed.price, order.side, market)
        if changed.trigger_price is not None and changed.trigger_price != order.trigger_price:
            checks.check_trigger(changed.trigger_price, changed.trigger_direction, changed.trigger_by, market)
        if (changed.take_profit, changed.stop_loss) != (order.take_profit, order.stop_loss):
            base = changed.price or changed.trigger_price or market.reference
            checks.check_protection(
                order.side, base, changed.take_profit, changed.stop_loss, market.instrument
            )
        if not order.reduce_only:
            reference = changed.price or changed.trigger_price or market.reference
            checks.check_notional(changed.qty * reference, market.instrument)

    def _check_margin(self, order: Order) -> None:
        if not self._matcher.affordable(order):
            raise Refused(Code.INSUFFICIENT_BALANCE, "ab not enough for new order")


def _amended(order: Order, request: AmendOrder) -> Order:
    """Return an order with what was asked for; a protective order always keeps the position's size."""
    qty = order.qty if request.qty is None or order.is_protection else request.qty
    return msgspec.structs.replace(
        order,
        qty=qty,
        leaves_qty=qty - order.cum_exec_qty,
        price=order.price if request.price is None or order.order_type == "Market" else request.price,
        trigger_price=(request.trigger_price or order.trigger_price) if order.is_conditional else None,
        trigger_by=(request.trigger_by or order.trigger_by) if order.is_conditional else "",
        take_profit=order.take_profit if request.take_profit is None else request.take_profit or None,
        stop_loss=order.stop_loss if request.stop_loss is None else request.stop_loss or None,
        tp_trigger_by=request.tp_trigger_by or order.tp_trigger_by,
        sl_trigger_by=request.sl_trigger_by or order.sl_trigger_by,
    )
