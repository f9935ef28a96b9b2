"""What the venue holds of every instrument of the node, with the price to book a correction at."""

import asyncio
from collections.abc import Mapping
from decimal import Decimal

import msgspec
from nautilus_trader.cache.cache import Cache
from nautilus_trader.model.identifiers import InstrumentId

from adapters.bybit.rest import BybitRest


class Holding(msgspec.Struct, frozen=True):
    """The venue's net position (signed, base currency), and our last price or else its entry price."""

    quantity: Decimal
    price: Decimal


type Held = dict[str, Holding]
"""By instrument id; flat ones included."""


async def fetch_held(rest: BybitRest, cache: Cache, marks: Mapping[str, float]) -> Held:
    """
    Ask the venue for its positions.

    Raises
    ------
    VenueError, AuthFailed, VenueTimeout
        If it does not answer.
    """
    positions = await asyncio.to_thread(rest.positions)
    held = {}
    for instrument in cache.instruments():
        name = instrument.id.value
        position = positions.get(symbol_of(instrument.id))
        mark = Decimal(str(marks.get(name, 0)))
        if position is None:
            held[name] = Holding(Decimal(0), mark)
        else:
            held[name] = Holding(position.quantity, mark or position.average_price)
    return held


def symbol_of(instrument_id: InstrumentId) -> str:
    """Return Bybit's name, e.g. ``BTCUSDT``."""
    name: str = instrument_id.symbol.value
    return name.removesuffix("-LINEAR")
