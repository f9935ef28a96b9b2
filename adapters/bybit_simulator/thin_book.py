"""A book that can fill an order only in part."""

from decimal import Decimal
from typing import TYPE_CHECKING

from adapters.bybit_simulator.requests import CreateOrder
from nautilus_bot.core.units import floor_to_step

if TYPE_CHECKING:
    from adapters.bybit_simulator.venue import Venue


def thin_the_book(venue: "Venue", request: CreateOrder, ratio: float) -> None:
    """
    Leave the order's side of the book one level that holds a part of its quantity.

    Parameters
    ----------
    venue : Venue
        Whose book.
    request : CreateOrder
        The order about to arrive.
    ratio : float
        Part of its quantity that the book holds, between 0 and 1.
    """
    market = venue.board.market(request.symbol)
    instrument = market.instrument
    part = floor_to_step(request.qty * Decimal(str(ratio)), instrument.qty_step)
    qty = max(part, instrument.qty_step)
    bids, asks = market.bids, market.asks
    if request.side == "Buy":
        asks = ((asks[0][0], qty),) if asks else ()
    else:
        bids = ((bids[0][0], qty),) if bids else ()
    venue.exchange.on_book(request.symbol, bids, asks, market.ts_ms)
