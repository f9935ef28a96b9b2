"""
What the exchange tells its client, in the order in which Bybit pushes it.

One command or tick yields: the order as accepted, its executions, the order as it stands after them, the
position, the wallet. The topics are ``order``, ``execution``, ``position`` and ``wallet``.
"""

from decimal import Decimal
from typing import Literal

import msgspec

from adapters.bybit_simulator.orders import Execution, Order, OrderSide


class PositionView(msgspec.Struct, frozen=True, kw_only=True):
    """
    A position as Bybit shows it, valued at the mark price.

    Parameters
    ----------
    side : OrderSide | ""
        Empty when flat.
    size : Decimal
        Base coin, zero or more.
    avg_price : Decimal
        Entry price, USDT; zero when flat.
    position_value : Decimal
        Entry value, USDT.
    position_im, position_mm : Decimal
        Initial and maintenance margin at the mark price, USDT, closing fee included.
    liq_price : Decimal | None
        Mark price at which the account would be liquidated if nothing else moved; None when there is none.
    cur_realised_pnl, cum_realised_pnl : Decimal
        Realised profit of this position and of all on this symbol, fees and funding included, USDT.
    """

    symbol: str
    side: OrderSide | Literal[""]
    size: Decimal
    avg_price: Decimal
    position_value: Decimal
    leverage: Decimal
    mark_price: Decimal
    unrealised_pnl: Decimal
    position_im: Decimal
    position_mm: Decimal
    liq_price: Decimal | None
    take_profit: Decimal | None
    stop_loss: Decimal | None
    cur_realised_pnl: Decimal
    cum_realised_pnl: Decimal
    risk_limit_value: Decimal
    seq: int
    created_ms: int
    updated_ms: int


class WalletView(msgspec.Struct, frozen=True, kw_only=True):
    """
    The unified account, whose only coin is USDT.

    Parameters
    ----------
    wallet_balance : Decimal
        Cash: deposits, realised profit, fees and funding, USDT.
    equity : Decimal
        ``wallet_balance + unrealised_pnl``.
    available_balance : Decimal
        What may still become initial margin, USDT, zero or more.
    order_im, position_im, position_mm : Decimal
        Margins in use, USDT; the total initial margin is ``order_im + position_im``.
    im_rate, mm_rate : Decimal
        Initial and maintenance margin as a ratio of equity; liquidation at ``mm_rate >= 1``.
    """

    wallet_balance: Decimal
    unrealised_pnl: Decimal
    equity: Decimal
    available_balance: Decimal
    order_im: Decimal
    position_im: Decimal
    position_mm: Decimal
    cum_realised_pnl: Decimal
    im_rate: Decimal
    mm_rate: Decimal


class OrderChanged(msgspec.Struct, frozen=True):
    """An order was accepted, changed, triggered, filled or ended."""

    order: Order


class Executed(msgspec.Struct, frozen=True):
    """An order was filled, fully or in part."""

    execution: Execution


class PositionChanged(msgspec.Struct, frozen=True):
    """A position was opened, changed, protected or closed."""

    position: PositionView


class WalletChanged(msgspec.Struct, frozen=True):
    """The account's cash or margins changed."""

    wallet: WalletView


type ExchangeEvent = OrderChanged | Executed | PositionChanged | WalletChanged
"""What ``Exchange.drain`` returns."""
