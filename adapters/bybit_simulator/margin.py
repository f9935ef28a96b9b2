"""
Margins of a unified account with cross margin, one risk tier per symbol. Pure functions.

``IM = value / leverage + closing fee`` and ``MM = value x maintenance ratio + closing fee``, both at the mark
price; open orders need initial margin only for what they could add to the exposure. The account is
liquidated when the maintenance margin reaches the equity.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from adapters.bybit_simulator.instruments import LinearInstrument
from adapters.bybit_simulator.ledger import Position
from adapters.bybit_simulator.orders import ZERO, Order


class Margins(NamedTuple):
    """What one symbol (or the account) needs and has open, USDT."""

    position_im: Decimal
    position_mm: Decimal
    order_im: Decimal
    unrealised_pnl: Decimal

    @property
    def initial(self) -> Decimal:
        """Initial margin of positions and orders, USDT."""
        return self.position_im + self.order_im


NO_MARGIN = Margins(ZERO, ZERO, ZERO, ZERO)


def margins_of(
    instrument: LinearInstrument, position: Position, orders: Iterable[Order], mark: Decimal
) -> Margins:
    """
    Return the margins of one symbol.

    Parameters
    ----------
    orders : Iterable[Order]
        Orders that stand in the book; reduce-only ones need nothing.
    mark : Decimal
        Mark price, USDT.
    """
    value = abs(position.size) * mark
    closing_fee = value * instrument.taker_fee_rate
    added = exposure_after(position, orders, mark) - value
    return Margins(
        position_im=value / position.leverage + closing_fee,
        position_mm=value * instrument.maintenance_ratio + closing_fee,
        order_im=added * (1 / position.leverage + 2 * instrument.taker_fee_rate) if added else ZERO,
        unrealised_pnl=position.unrealised_pnl(mark) if position.size else ZERO,
    )


def exposure_after(position: Position, orders: Iterable[Order], mark: Decimal) -> Decimal:
    """Return the largest position value that the open orders could lead to, USDT."""
    net = position.size * mark
    buys = sells = ZERO
    for order in orders:
        if order.reduce_only:
            continue
        value = order.leaves_qty * (order.price or mark)
        if order.is_buy:
            buys += value
        else:
            sells += value
    return max(abs(net), net + buys, sells - net)


def total(parts: Iterable[Margins]) -> Margins:
    """Return the margins of the whole account."""
    im = mm = orders = upl = ZERO
    for part in parts:
        im += part.position_im
        mm += part.position_mm
        orders += part.order_im
        upl += part.unrealised_pnl
    return Margins(im, mm, orders, upl)


def liquidation_price(
    instrument: LinearInstrument, position: Position, *, free_equity: Decimal
) -> Decimal | None:
    """
    Return the mark price at which the account is liquidated if only this symbol moves.

    Parameters
    ----------
    free_equity : Decimal
        Balance plus the open profit and less the maintenance margin of all other symbols, USDT.

    Returns
    -------
    Decimal | None
        USDT; None when flat, or when no positive price leads there.

    Notes
    -----
    Solves ``free_equity + size (p - entry) = |size| p (mmr + taker fee)`` for ``p``.
    """
    if not position.size:
        return None
    size = abs(position.size)
    rate = instrument.maintenance_ratio + instrument.taker_fee_rate
    if position.size > 0:
        price = (position.cost - free_equity) / (size * (1 - rate))
    else:
        price = (position.cost + free_equity) / (size * (1 + rate))
    if price <= 0:
        return None
    return price.quantize(instrument.tick_size)
