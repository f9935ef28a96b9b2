"""
Schemas of trading commands.

Nautilus's own dictionaries of modify and cancel commands leave ``params`` out, and those of a submit would
repeat the signal, so commands are put together here by their constructors.
"""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import msgspec
from nautilus_trader.core.uuid import UUID4
from nautilus_trader.execution import messages as nautilus
from nautilus_trader.model.enums import order_side_from_str
from nautilus_trader.model.events import OrderInitialized
from nautilus_trader.model.identifiers import (
    AccountId,
    ClientId,
    ClientOrderId,
    InstrumentId,
    OrderListId,
    PositionId,
    StrategyId,
    TraderId,
    VenueOrderId,
)
from nautilus_trader.model.objects import Price, Quantity
from nautilus_trader.model.orders import OrderList
from nautilus_trader.model.orders.unpacker import OrderUnpacker

from nautilus_bot.core.messages import Signal

type Plain = dict[str, Any]


class CommandSchema(NamedTuple):
    """How one command type becomes a dictionary and an object again."""

    type: Any
    to_plain: Callable[[Any], Plain]
    from_plain: Callable[[Plain], Any]


def _optional(cls: Callable[[str], Any], text: str | None) -> Any:
    return None if text is None else cls(text)


def _common(plain: Plain) -> Plain:
    """Return the constructor arguments that all commands share."""
    return {
        "client_id": _optional(ClientId, plain["client_id"]),
        "trader_id": TraderId(plain["trader_id"]),
        "command_id": UUID4.from_str(plain["command_id"]),
        "ts_init": plain["ts_init"],
        "params": _params(plain.get("params")),
        "correlation_id": _optional(UUID4.from_str, plain.get("correlation_id")),
    }


def _about_orders(plain: Plain) -> Plain:
    """Return the arguments shared by commands about an instrument's orders."""
    return {
        **_common(plain),
        "strategy_id": StrategyId(plain["strategy_id"]),
        "instrument_id": InstrumentId.from_str(plain["instrument_id"]),
    }


def _about_order(plain: Plain) -> Plain:
    """Return the arguments shared by commands about one order."""
    return {
        **_about_orders(plain),
        "client_order_id": ClientOrderId(plain["client_order_id"]),
        "venue_order_id": _optional(VenueOrderId, plain["venue_order_id"]),
    }


def _params(params: Plain | None) -> Plain | None:
    """Restore the signal that a submit of older journals carries among its parameters."""
    if params and isinstance(params.get("signal"), dict):
        return {**params, "signal": msgspec.convert(params["signal"], Signal)}
    return params


def _order(plain: Plain) -> Any:
    return OrderUnpacker.from_init(OrderInitialized.from_dict(plain))


def _submit(plain: Plain) -> Any:
    return nautilus.SubmitOrder(
        **_common(plain),
        strategy_id=StrategyId(plain["strategy_id"]),
        order=_order(plain["order"]),
        position_id=_optional(PositionId, plain["position_id"]),
    )


def _submit_list(plain: Plain) -> Any:
    order_list = OrderList(OrderListId(plain["order_list_id"]), [_order(order) for order in plain["orders"]])
    return nautilus.SubmitOrderList(
        **_common(plain),
        strategy_id=StrategyId(plain["strategy_id"]),
        order_list=order_list,
        position_id=_optional(PositionId, plain["position_id"]),
    )


def _modify(plain: Plain) -> Any:
    return nautilus.ModifyOrder(
        **_about_order(plain),
        quantity=_optional(Quantity.from_str, plain["quantity"]),
        price=_optional(Price.from_str, plain["price"]),
        trigger_price=_optional(Price.from_str, plain["trigger_price"]),
    )


def _cancel(plain: Plain) -> Any:
    return nautilus.CancelOrder(**_about_order(plain))


def _cancel_all(plain: Plain) -> Any:
    return nautilus.CancelAllOrders(
        **_about_orders(plain), order_side=order_side_from_str(plain["order_side"])
    )


def _cancel_batch(plain: Plain) -> Any:
    cancels = [_cancel(cancel) for cancel in plain["cancels"]]
    return nautilus.BatchCancelOrders(**_about_orders(plain), cancels=cancels)


def _query(plain: Plain) -> Any:
    return nautilus.QueryOrder(**_about_order(plain))


def _query_account(plain: Plain) -> Any:
    return nautilus.QueryAccount(**_common(plain), account_id=AccountId(plain["account_id"]))


def _submit_to_plain(command: Any) -> Plain:
    """Leave the signal out: it is an entry of its own, and the order's tags name it."""
    plain: Plain = nautilus.SubmitOrder.to_dict(command)
    if command.params:
        plain["params"] = {name: value for name, value in command.params.items() if name != "signal"}
    return plain


def _with_params(cls: Any) -> Callable[[Any], Plain]:
    def to_plain(command: Any) -> Plain:
        plain: Plain = cls.to_dict(command)
        if command.params:
            plain["params"] = command.params
        return plain

    return to_plain


SCHEMAS: Final = (
    CommandSchema(nautilus.SubmitOrder, _submit_to_plain, _submit),
    CommandSchema(nautilus.SubmitOrderList, nautilus.SubmitOrderList.to_dict, _submit_list),
    CommandSchema(nautilus.ModifyOrder, _with_params(nautilus.ModifyOrder), _modify),
    CommandSchema(nautilus.CancelOrder, _with_params(nautilus.CancelOrder), _cancel),
    CommandSchema(nautilus.CancelAllOrders, _with_params(nautilus.CancelAllOrders), _cancel_all),
    CommandSchema(nautilus.BatchCancelOrders, _with_params(nautilus.BatchCancelOrders), _cancel_batch),
    CommandSchema(nautilus.QueryOrder, _with_params(nautilus.QueryOrder), _query),
    CommandSchema(nautilus.QueryAccount, _with_params(nautilus.QueryAccount), _query_account),
)
