"""
Orders and executions as the exchange keeps them: frozen facts, replaced when something changes.

Field names are Bybit's in snake case (``cum_exec_qty`` is ``cumExecQty``), values are Bybit's own words.
Amounts are ``Decimal``; times are milliseconds of the wall clock.
"""

from decimal import Decimal
from typing import Final, Literal

import msgspec

ZERO: Final = Decimal(0)

type OrderSide = Literal["Buy", "Sell"]
type OrderType = Literal["Market", "Limit"]
type TimeInForce = Literal["GTC", "IOC", "FOK", "PostOnly"]
type TriggerBy = Literal["LastPrice", "MarkPrice", "IndexPrice"]
type OrderStatus = Literal[
    "New",
    "PartiallyFilled",
    "Untriggered",
    "Triggered",
    "Filled",
    "Cancelled",
    "PartiallyFilledCanceled",
    "Rejected",
    "Deactivated",
]
type ExecType = Literal["Trade", "BustTrade", "Funding"]

RISING: Final = 1
FALLING: Final = 2

OPEN_STATUSES: Final = frozenset({"New", "PartiallyFilled", "Untriggered", "Triggered"})


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """
    One order, from acceptance to its end.

    Parameters
    ----------
    order_id, order_link_id : str
        Id given by the exchange, and the client's own (empty for orders the exchange made itself).
    price : Decimal
        Limit price in USDT; zero for a market order.
    qty, leaves_qty, cum_exec_qty : Decimal
        Base coin. ``leaves_qty`` is zero once the order has ended.
    trigger_price : Decimal | None
        Price that wakes a conditional order; None for an active order.
    trigger_direction : int
        1 when the price must rise to the trigger, 2 when it must fall, 0 for an active order.
    take_profit, stop_loss : Decimal | None
        Protection that the fill of this order gives to the net position.
    stop_order_type : str
        Empty, ``Stop`` (conditional), ``TakeProfit`` or ``StopLoss`` (protection of the position).
    create_type, cancel_type, reject_reason : str
        Bybit's enumerations of the same names.
    created_ms, updated_ms : int
        Wall clock, milliseconds UTC.
    """

    order_id: str
    order_link_id: str
    symbol: str
    side: OrderSide
    order_type: OrderType
    time_in_force: TimeInForce
    qty: Decimal
    price: Decimal
    status: OrderStatus
    created_ms: int
    updated_ms: int
    leaves_qty: Decimal
    cum_exec_qty: Decimal = ZERO
    cum_exec_value: Decimal = ZERO
    cum_exec_fee: Decimal = ZERO
    closed_pnl: Decimal = ZERO
    reduce_only: bool = False
    close_on_trigger: bool = False
    position_idx: int = 0
    trigger_price: Decimal | None = None
    trigger_direction: int = 0
    trigger_by: TriggerBy | Literal[""] = ""
    take_profit: Decimal | None = None
    stop_loss: Decimal | None = None
    tp_trigger_by: TriggerBy | Literal[""] = ""
    sl_trigger_by: TriggerBy | Literal[""] = ""
    tpsl_mode: Literal["", "Full"] = ""
    stop_order_type: Literal["", "Stop", "TakeProfit", "StopLoss"] = ""
    create_type: str = "CreateByUser"
    cancel_type: str = "UNKNOWN"
    reject_reason: str = "EC_NoError"
    last_price_on_created: Decimal = ZERO

    @property
    def is_open(self) -> bool:
        """Whether the order still waits for a trigger or a fill."""
        return self.status in OPEN_STATUSES

    @property
    def is_conditional(self) -> bool:
        """Whether the order still waits for its trigger."""
        return self.status == "Untriggered"

    @property
    def is_stop_order(self) -> bool:
        """Whether Bybit lists the order under ``orderFilter=StopOrder``."""
        return self.trigger_price is not None

    @property
    def is_protection(self) -> bool:
        """Whether the order is the position's own take-profit or stop-loss."""
        return self.stop_order_type in ("TakeProfit", "StopLoss")

    @property
    def is_buy(self) -> bool:
        """Whether the order buys."""
        return self.side == "Buy"

    @property
    def avg_price(self) -> Decimal | None:
        """Mean fill price in USDT; None before the first fill."""
        return self.cum_exec_value / self.cum_exec_qty if self.cum_exec_qty else None

    @property
    def leaves_value(self) -> Decimal:
        """Value still to be filled at the order's price, in USDT."""
        return self.leaves_qty * (self.price or self.trigger_price or self.last_price_on_created)


class Execution(msgspec.Struct, frozen=True, kw_only=True):
    """
    One fill, or one entry that Bybit lists among the executions.

    Parameters
    ----------
    exec_fee : Decimal
        USDT; positive is paid.
    closed_size : Decimal
        How much of a position this fill closed, base coin.
    exec_pnl : Decimal
        Realised profit of the closed part before fees, USDT.
    seq : int
        Counter of the exchange, strictly increasing.
    exec_ms : int
        Wall clock, milliseconds UTC.
    """

    exec_id: str
    order_id: str
    order_link_id: str
    symbol: str
    side: OrderSide
    order_type: OrderType | Literal["UNKNOWN"]
    order_price: Decimal
    order_qty: Decimal
    leaves_qty: Decimal
    exec_price: Decimal
    exec_qty: Decimal
    exec_value: Decimal
    exec_fee: Decimal
    fee_rate: Decimal
    is_maker: bool
    mark_price: Decimal
    index_price: Decimal
    closed_size: Decimal
    exec_pnl: Decimal
    seq: int
    exec_ms: int
    exec_type: ExecType = "Trade"
    create_type: str = "CreateByUser"
    stop_order_type: str = ""


def opposite(side: OrderSide) -> OrderSide:
    """Return the other side."""
    return "Sell" if side == "Buy" else "Buy"


def signed(side: OrderSide, qty: Decimal) -> Decimal:
    """Return a quantity with the sign of its side: positive buys, negative sells."""
    return qty if side == "Buy" else -qty
