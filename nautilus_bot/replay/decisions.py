"""Decisions as comparable values: signals, verdicts and commands, without ids that only the machine gives."""

from typing import Any

import msgspec
from nautilus_trader.execution.messages import (
    BatchCancelOrders,
    CancelAllOrders,
    CancelOrder,
    ModifyOrder,
    SubmitOrder,
    TradingCommand,
)

from nautilus_bot.core.messages import Message

DECISIVE = ("Signal", "RiskVerdict", "SubmitOrder", "ModifyOrder", "CancelOrder", "CancelAllOrders")


class Decision(msgspec.Struct, frozen=True):
    """
    One decision of a run.

    Parameters
    ----------
    kind : str
        Message type, e.g. ``Signal`` or ``SubmitOrder``.
    content : str
        Everything that must be identical, as one line of JSON.
    seq : int
        Entry of the record, 0 for a replayed one; not compared.
    """

    kind: str
    content: str
    seq: int = 0

    def same_as(self, other: "Decision") -> bool:
        """Say whether both decided the same."""
        return self.kind == other.kind and self.content == other.content


def describe_message(message: Message, seq: int = 0) -> Decision:
    """Return a signal or a verdict as a decision."""
    return Decision(type(message).__name__, msgspec.json.encode(message).decode(), seq)


def describe_command(command: TradingCommand, seq: int = 0) -> Decision:
    """Return a command as a decision: what is asked of which order, no UUIDs and no clock."""
    content = {"instrument_id": str(command.instrument_id), "strategy_id": str(command.strategy_id)}
    content |= _details(command)
    return Decision(type(command).__name__, msgspec.json.encode(content).decode(), seq)


def _details(command: TradingCommand) -> dict[str, Any]:
    match command:
        case SubmitOrder():
            order = command.order
            return {
                "client_order_id": order.client_order_id.value,
                "side": order.side_string(),
                "type": order.type_string(),
                "quantity": str(order.quantity),
                "price": str(order.price) if order.has_price else "",
                "trigger_price": str(order.trigger_price) if order.has_trigger_price else "",
                "tags": order.tags or [],
            }
        case ModifyOrder():
            return {
                "client_order_id": command.client_order_id.value,
                "quantity": str(command.quantity or ""),
                "price": str(command.price or ""),
                "trigger_price": str(command.trigger_price or ""),
            }
        case CancelOrder():
            return {"client_order_id": command.client_order_id.value}
        case BatchCancelOrders():
            return {"client_order_ids": [cancel.client_order_id.value for cancel in command.cancels]}
        case CancelAllOrders():
            return {"side": str(command.order_side)}
        case _:
            return {}
