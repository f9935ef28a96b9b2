"""
Matching of our orders against somebody else's market.

- An active order takes what the book offers up to its limit, level by level, one execution each.
- A resting limit order fills as maker: fully when a trade prints beyond its price, up to the traded quantity
  when a trade prints at it against its side, up to the standing quantity when the book moves across it.
- A conditional order wakes when its price (last, mark or index) reaches the trigger, then enters as above.

Our orders never meet each other, and there is no queue in front of a resting order.
"""

from decimal import Decimal
from typing import Final

import msgspec

from adapters.bybit_simulator.ledger import Booked, EntryType, Position, to_cents
from adapters.bybit_simulator.orders import RISING, ZERO, ExecType, Execution, Order, OrderSide
from adapters.bybit_simulator.protection import PositionGuard, ended
from adapters.bybit_simulator.state import ExchangeState

_ENTRY_OF: Final[dict[ExecType, EntryType]] = {
    "Trade": "TRADE",
    "BustTrade": "LIQUIDATION",
    "Funding": "SETTLEMENT",
}


class Matcher:
    """Turn orders and market data into executions."""

    def __init__(self, state: ExchangeState, guard: PositionGuard) -> None:
        self._state = state
        self._guard = guard

    def enter(self, order: Order, *, announce: bool = True) -> Order:
        """
        Let an active order meet the book.

        Parameters
        ----------
        order : Order
            New, or just triggered or amended.
        announce : bool
            Tell of the order as ``New`` before it fills.

        Returns
        -------
        Order
            The order as it stands afterwards.
        """
        book = self._state.markets[order.symbol].book
        limit = order.price if order.order_type == "Limit" else None
        if order.time_in_force == "PostOnly" and book.crosses(order.side, order.price):
            return self._end(order, "EC_PostOnlyWillTakeLiquidity")
        if order.time_in_force == "FOK" and book.available(order.side, limit) < order.leaves_qty:
            return self._end(order, "EC_CancelForNoFullFill")
        if announce:
            order = self._state.publish_order(msgspec.structs.replace(order, status=_active_status(order)))
        else:
            order = msgspec.structs.replace(order, status=_active_status(order))
        before = self._state.ledger.positions[order.symbol]
        taken = book.take(order.side, order.leaves_qty, limit)
        for price, qty in taken:
            order = self._fill(order, price, qty, is_maker=False)
        if order.leaves_qty and (limit is None or order.time_in_force in ("IOC", "FOK")):
            order = self._end(order, "EC_NoImmediateQtyToFill")
        elif taken or not announce:
            order = self._state.publish_order(order)
        if taken:
            self._settle(order, before)
        return order

    def fill_at(self, order: Order, price: Decimal, *, exec_type: ExecType, fee_rate: Decimal) -> Order:
        """Fill an order whole at a price of the exchange's choice (liquidation, closing from outside)."""
        before = self._state.ledger.positions[order.symbol]
        order = self._fill(
            order, price, order.leaves_qty, is_maker=False, exec_type=exec_type, fee_rate=fee_rate
        )
        order = self._state.publish_order(order)
        self._settle(order, before)
        return order

    def on_book(self, symbol: str) -> None:
        """Fill resting orders that the new book has moved across."""
        book = self._state.markets[symbol].book
        for order in self._state.orders.resting(symbol):
            if book.crosses(order.side, order.price):
                current = self._state.orders.get(order.order_id)
                if not current.is_open:
                    continue
                qty = sum((part for _, part in book.take(order.side, current.leaves_qty, order.price)), ZERO)
                if qty:
                    self._fill_resting(current, qty)

    def on_trade(self, symbol: str, price: Decimal, qty: Decimal, side: OrderSide) -> None:
        """Fill resting orders at or behind a public trade, then wake what waits for the last price."""
        rest = qty
        for order in _by_priority(self._state.orders.resting(symbol)):
            current = self._state.orders.get(order.order_id)
            if not current.is_open:
                continue
            if (price < order.price) if order.is_buy else (price > order.price):
                self._fill_resting(current, current.leaves_qty)
            elif price == order.price and side != order.side and rest:
                part = min(rest, current.leaves_qty)
                rest -= part
                self._fill_resting(current, part)
        self.wake(symbol, "LastPrice", price)

    def wake(self, symbol: str, trigger_by: str, price: Decimal) -> None:
        """Trigger the conditional orders that a price has reached."""
        for order in self._state.orders.conditional(symbol):
            if order.trigger_by != trigger_by or order.trigger_price is None:
                continue
            rising = order.trigger_direction == RISING
            if (price >= order.trigger_price) if rising else (price <= order.trigger_price):
                current = self._state.orders.get(order.order_id)
                if current.is_conditional:
                    self._trigger(current)

    def _trigger(self, order: Order) -> None:
        if order.reduce_only or order.close_on_trigger:
            closable = self._state.ledger.positions[order.symbol].closable(order.side)
            if not closable:
                self._end(order, "EC_NoError", cancel_type="CancelByReduceOnly")
                return
            leaves = min(order.leaves_qty, closable)
            order = msgspec.structs.replace(order, qty=leaves, leaves_qty=leaves)
        order = self._state.publish_order(msgspec.structs.replace(order, status="Triggered"))
        if order.is_protection:
            self._guard.one_cancels_other(order)
        if not self.affordable(order):
            self._end(order, "EC_NoError", cancel_type="CancelByCannotAffordOrderCost")
            return
        self.enter(order, announce=order.order_type == "Limit")

    def affordable(self, order: Order) -> bool:
        """Return whether the account's margin carries what the order could add."""
        if order.reduce_only or order.close_on_trigger:
            return True
        standing = self._state.margins(order.symbol)
        candidate = order if order.price else msgspec.structs.replace(order, price=self._worst_price(order))
        wanted = self._state.margins(order.symbol, candidate)
        increase = wanted.initial - standing.initial
        if increase <= 0:
            return True
        account = self._state.account_margins()
        return self._state.ledger.balance + account.unrealised_pnl - account.initial >= increase

    def _worst_price(self, order: Order) -> Decimal:
        market = self._state.markets[order.symbol]
        return max(market.book.best_opposite(order.side) or ZERO, market.mark)

    def _fill_resting(self, order: Order, qty: Decimal) -> None:
        before = self._state.ledger.positions[order.symbol]
        order = self._state.publish_order(self._fill(order, order.price, qty, is_maker=True))
        self._settle(order, before)

    def _fill(
        self,
        order: Order,
        price: Decimal,
        qty: Decimal,
        *,
        is_maker: bool,
        exec_type: ExecType = "Trade",
        fee_rate: Decimal | None = None,
    ) -> Order:
        state = self._state
        market = state.markets[order.symbol]
        item = market.instrument
        rate = fee_rate if fee_rate is not None else item.maker_fee_rate if is_maker else item.taker_fee_rate
        value = price * qty
        fee = to_cents(value * rate)
        exec_id = state.next_id()
        booked = state.ledger.book_fill(
            order.symbol,
            order.side,
            qty,
            price,
            fee=fee,
            fee_rate=rate,
            entry_type=_ENTRY_OF[exec_type],
            order_id=order.order_id,
            order_link_id=order.order_link_id,
            trade_id=exec_id,
        )
        leaves = order.leaves_qty - qty
        filled = _filled(order, qty, value, fee, booked)
        state.publish_execution(
            Execution(
                exec_id=exec_id,
                order_id=order.order_id,
                order_link_id=order.order_link_id,
                symbol=order.symbol,
                side=order.side,
                order_type=order.order_type,
                order_price=order.price,
                order_qty=order.qty,
                leaves_qty=leaves,
                exec_price=price,
                exec_qty=qty,
                exec_value=value,
                exec_fee=fee,
                fee_rate=rate,
                is_maker=is_maker,
                mark_price=market.mark,
                index_price=market.index,
                closed_size=booked.closed,
                exec_pnl=booked.realised,
                seq=state.executions.count + 1,
                exec_ms=state.now_ms(),
                exec_type=exec_type,
                create_type=order.create_type,
                stop_order_type=order.stop_order_type,
            )
        )
        return filled

    def _settle(self, order: Order, before: Position) -> None:
        self._guard.after_fill(order, before)
        self._state.publish_position(order.symbol)
        self._state.publish_wallet()

    def _end(self, order: Order, reason: str, cancel_type: str = "UNKNOWN") -> Order:
        return self._state.publish_order(ended(order, cancel_type=cancel_type, reject_reason=reason))


def _filled(order: Order, qty: Decimal, value: Decimal, fee: Decimal, booked: Booked) -> Order:
    leaves = order.leaves_qty - qty
    return msgspec.structs.replace(
        order,
        status="PartiallyFilled" if leaves else "Filled",
        leaves_qty=leaves,
        cum_exec_qty=order.cum_exec_qty + qty,
        cum_exec_value=order.cum_exec_value + value,
        cum_exec_fee=order.cum_exec_fee + fee,
        closed_pnl=order.closed_pnl + booked.realised,
    )


def _active_status(order: Order) -> str:
    return "PartiallyFilled" if order.cum_exec_qty else "New"


def _by_priority(orders: list[Order]) -> list[Order]:
    """Best price first on each side, the older order first at the same price."""
    if len(orders) < 2:
        return orders
    return sorted(orders, key=lambda order: -order.price if order.is_buy else order.price)
