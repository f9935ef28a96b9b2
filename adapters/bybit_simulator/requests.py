"""
What a client may ask of the engine, in Bybit's own request fields (camel case on the wire).

``parse_request`` turns the decoded JSON body into one of these structs; unknown fields are ignored, as
Bybit ignores them, and an empty string or null counts as absent.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal

import msgspec

from adapters.bybit_simulator.orders import OrderSide, OrderType, TimeInForce, TriggerBy
from adapters.bybit_simulator.refusals import bad_request


class CreateOrder(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """
    Place an order (``/v5/order/create``, ``order.create``).

    Parameters
    ----------
    qty : Decimal
        Base coin; zero together with ``reduce_only`` and ``close_on_trigger`` means the whole position.
    trigger_price : Decimal | None
        Makes the order conditional; ``trigger_direction`` (1 rises, 2 falls) is then required.
    take_profit, stop_loss : Decimal | None
        Given to the net position when this order fills.
    """

    symbol: str
    side: OrderSide
    order_type: OrderType
    qty: Decimal
    category: str = "linear"
    price: Decimal | None = None
    time_in_force: TimeInForce | None = None
    order_link_id: str = ""
    position_idx: int = 0
    reduce_only: bool = False
    close_on_trigger: bool = False
    trigger_price: Decimal | None = None
    trigger_direction: int = 0
    trigger_by: TriggerBy = "LastPrice"
    take_profit: Decimal | None = None
    stop_loss: Decimal | None = None
    tp_trigger_by: TriggerBy = "LastPrice"
    sl_trigger_by: TriggerBy = "LastPrice"
    tpsl_mode: Literal["Full", "Partial"] = "Full"
    tp_order_type: OrderType = "Market"
    sl_order_type: OrderType = "Market"


class AmendOrder(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Change an open order (``/v5/order/amend``); what is left out stays, zero clears protection."""

    symbol: str
    category: str = "linear"
    order_id: str = ""
    order_link_id: str = ""
    qty: Decimal | None = None
    price: Decimal | None = None
    trigger_price: Decimal | None = None
    trigger_by: TriggerBy | None = None
    take_profit: Decimal | None = None
    stop_loss: Decimal | None = None
    tp_trigger_by: TriggerBy | None = None
    sl_trigger_by: TriggerBy | None = None


class SetTradingStop(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Give the net position a take-profit and a stop-loss (``/v5/position/trading-stop``); zero clears."""

    symbol: str
    category: str = "linear"
    position_idx: int = 0
    take_profit: Decimal | None = None
    stop_loss: Decimal | None = None
    tp_trigger_by: TriggerBy = "LastPrice"
    sl_trigger_by: TriggerBy = "LastPrice"
    tpsl_mode: Literal["Full", "Partial"] = "Full"
    tp_order_type: OrderType = "Market"
    sl_order_type: OrderType = "Market"
    trailing_stop: Decimal | None = None


def parse_request[T: msgspec.Struct](kind: type[T], body: Mapping[str, Any]) -> T:
    """
    Return the request that a decoded JSON body holds.

    Parameters
    ----------
    kind : type[T]
        ``CreateOrder``, ``AmendOrder`` or ``SetTradingStop``.
    body : Mapping[str, Any]
        The body with Bybit's names.

    Returns
    -------
    T
        The typed request.

    Raises
    ------
    Refused
        10001, naming the parameter, if one is missing or cannot be read.
    """
    present = {key: value for key, value in body.items() if value is not None and value != ""}
    try:
        return msgspec.convert(present, kind, strict=False)
    except msgspec.ValidationError as e:
        raise bad_request(f"params error: {e}") from e
