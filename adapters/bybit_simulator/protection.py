"""
What follows a position: its own take-profit and stop-loss, and the reduce-only orders against it.

In Bybit's Full mode protection belongs to the net position. It stands among the conditional orders, always
for the whole size, without a client id; when one leg triggers the other is cancelled, and when the position
closes or turns both go.
"""

from decimal import Decimal
from typing import Final, Literal

import msgspec

from adapters.bybit_simulator.ledger import Position
from adapters.bybit_simulator.orders import FALLING, RISING, ZERO, Order, OrderSide, TriggerBy, opposite
from adapters.bybit_simulator.state import ExchangeState

type Leg = Literal["TakeProfit", "StopLoss"]

_OCO_CANCEL: Final[dict[Leg, str]] = {
    "TakeProfit": "CancelByOCOTpCanceledBySlTriggered",
    "StopLoss": "CancelByOCOSlCanceledByTpTriggered",
}
_CLEARED: Final = "CancelByTpSlTsClear"


class PositionGuard:
    """Keep protection and reduce-only orders in step with the position."""

    def __init__(self, state: ExchangeState) -> None:
        self._state = state

    def after_fill(self, order: Order, before: Position) -> None:
        """
        Follow a position that an order just changed.

        Parameters
        ----------
        order : Order
            The order that was filled; its own take-profit and stop-loss pass to the position.
        before : Position
            The position before the fill.
        """
        position = self._position(order.symbol)
        if before.size and position.side != before.side:
            self.clear(order.symbol)
        if position.side == order.side and (order.take_profit or order.stop_loss):
            self.protect(
                order.symbol,
                take_profit=order.take_profit,
                stop_loss=order.stop_loss,
                tp_trigger_by=order.tp_trigger_by or "LastPrice",
                sl_trigger_by=order.sl_trigger_by or "LastPrice",
            )
        self._resize_protection(order.symbol)
        self._shrink_reduce_only(order.symbol)

    def protect(
        self,
        symbol: str,
        *,
        take_profit: Decimal | None,
        stop_loss: Decimal | None,
        tp_trigger_by: TriggerBy = "LastPrice",
        sl_trigger_by: TriggerBy = "LastPrice",
    ) -> None:
        """Set the position's take-profit and stop-loss; None leaves a leg alone, zero clears it."""
        position = self._position(symbol)
        if take_profit is not None and (take_profit or None) != position.take_profit:
            self._cancel_leg(symbol, "TakeProfit", _CLEARED)
            position = self._state.ledger.put(
                msgspec.structs.replace(
                    position, take_profit=take_profit or None, tp_trigger_by=tp_trigger_by
                )
            )
            if take_profit:
                self._place_leg(position, "TakeProfit", take_profit, tp_trigger_by)
        if stop_loss is not None and (stop_loss or None) != position.stop_loss:
            self._cancel_leg(symbol, "StopLoss", _CLEARED)
            position = self._state.ledger.put(
                msgspec.structs.replace(position, stop_loss=stop_loss or None, sl_trigger_by=sl_trigger_by)
            )
            if stop_loss:
                self._place_leg(position, "StopLoss", stop_loss, sl_trigger_by)

    def clear(self, symbol: str, cancel_type: str = _CLEARED) -> None:
        """Take all protection off a position."""
        self._cancel_leg(symbol, "TakeProfit", cancel_type)
        self._cancel_leg(symbol, "StopLoss", cancel_type)
        position = self._position(symbol)
        if position.take_profit or position.stop_loss:
            self._state.ledger.put(msgspec.structs.replace(position, take_profit=None, stop_loss=None))

    def forget_leg(self, order: Order) -> None:
        """Drop the position's field of a protective order that was cancelled or triggered."""
        position = self._position(order.symbol)
        if order.stop_order_type == "TakeProfit":
            self._state.ledger.put(msgspec.structs.replace(position, take_profit=None))
        else:
            self._state.ledger.put(msgspec.structs.replace(position, stop_loss=None))

    def one_cancels_other(self, triggered: Order) -> None:
        """Cancel the leg whose sibling has just triggered."""
        other: Leg = "StopLoss" if triggered.stop_order_type == "TakeProfit" else "TakeProfit"
        self.forget_leg(triggered)
        if self._cancel_leg(triggered.symbol, other, _OCO_CANCEL[other]):
            position = self._position(triggered.symbol)
            self._state.ledger.put(msgspec.structs.replace(position, take_profit=None, stop_loss=None))

    def move_leg(self, order: Order, trigger_price: Decimal) -> Order:
        """Move a protective order and the position's field with it."""
        position = self._position(order.symbol)
        if order.stop_order_type == "TakeProfit":
            self._state.ledger.put(msgspec.structs.replace(position, take_profit=trigger_price))
        else:
            self._state.ledger.put(msgspec.structs.replace(position, stop_loss=trigger_price))
        return self._state.publish_order(msgspec.structs.replace(order, trigger_price=trigger_price))

    def _position(self, symbol: str) -> Position:
        return self._state.ledger.positions[symbol]

    def _legs(self, symbol: str) -> list[Order]:
        return [order for order in self._state.orders.conditional(symbol) if order.is_protection]

    def _cancel_leg(self, symbol: str, leg: Leg, cancel_type: str) -> bool:
        for order in self._legs(symbol):
            if order.stop_order_type == leg:
                self._cancel(order, cancel_type)
                return True
        return False

    def _place_leg(self, position: Position, leg: Leg, price: Decimal, trigger_by: TriggerBy) -> None:
        side: OrderSide = opposite("Buy" if position.size > 0 else "Sell")
        rises = (leg == "TakeProfit") == (position.size > 0)
        now = self._state.now_ms()
        self._state.publish_order(
            Order(
                order_id=self._state.next_id(),
                order_link_id="",
                symbol=position.symbol,
                side=side,
                order_type="Market",
                time_in_force="IOC",
                qty=abs(position.size),
                leaves_qty=abs(position.size),
                price=ZERO,
                status="Untriggered",
                reduce_only=True,
                close_on_trigger=True,
                trigger_price=price,
                trigger_direction=RISING if rises else FALLING,
                trigger_by=trigger_by,
                tpsl_mode="Full",
                stop_order_type=leg,
                create_type="CreateByTakeProfit" if leg == "TakeProfit" else "CreateByStopLoss",
                last_price_on_created=self._state.markets[position.symbol].reference,
                created_ms=now,
                updated_ms=now,
            )
        )

    def _resize_protection(self, symbol: str) -> None:
        size = abs(self._position(symbol).size)
        for order in self._legs(symbol):
            if order.qty != size and size:
                self._state.publish_order(msgspec.structs.replace(order, qty=size, leaves_qty=size))

    def _shrink_reduce_only(self, symbol: str) -> None:
        position = self._position(symbol)
        for order in self._state.orders.open(symbol):
            if not order.reduce_only or order.is_protection:
                continue
            closable = position.closable(order.side)
            if not closable:
                self._cancel(order, "CancelByReduceOnly")
            elif order.leaves_qty > closable:
                qty = order.cum_exec_qty + closable
                self._state.publish_order(msgspec.structs.replace(order, qty=qty, leaves_qty=closable))

    def _cancel(self, order: Order, cancel_type: str) -> None:
        self._state.publish_order(ended(order, cancel_type=cancel_type))


def ended(order: Order, *, cancel_type: str = "UNKNOWN", reject_reason: str = "EC_PerCancelRequest") -> Order:
    """Return an order as it ends; a derivative ends as ``Cancelled`` even if part of it was filled."""
    return msgspec.structs.replace(
        order,
        status="Cancelled",
        leaves_qty=ZERO,
        cancel_type=cancel_type,
        reject_reason=reject_reason,
    )
