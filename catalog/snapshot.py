"""
Orders, positions and accounts of a cache as recorded messages, and back into a cache.

Fills that made up an open position are kept with it, and so are what failed to close it and all orders of a
signal that still has one open: no id of theirs may be given away again. Other orders closed long ago are not.
What a strategy earned over its life is its ledger's to know.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from nautilus_trader.cache.cache import Cache
from nautilus_trader.model.enums import OmsType
from nautilus_trader.model.identifiers import InstrumentId, StrategyId
from nautilus_trader.model.orders import Order
from nautilus_trader.model.orders.unpacker import OrderUnpacker
from nautilus_trader.model.position import Position

from catalog.accounts import reported_account
from catalog.codec import decode, encode
from nautilus_bot.core import ids
from nautilus_bot.core.clocks import NS_PER_HOUR
from nautilus_bot.core.errors import CorruptEntry
from nautilus_bot.core.session_state import BookState, Recorded

KEEP_CLOSED_NS: Final = NS_PER_HOUR // 3
"""Closed orders are kept this long: beyond the part of the venue's history that is compared all the time."""


def pack_book(cache: Cache, now_ns: int, *, keep_closed_ns: int = KEEP_CLOSED_NS) -> BookState:
    """
    Return what a recovery needs of a cache.

    Parameters
    ----------
    cache : Cache
        Of a running node or of a rebuild.
    now_ns : int
        Wall clock, ns UTC.
    keep_closed_ns : int, default 20 minutes
        Orders closed longer ago are left out, unless what they belong to is still open.
    """
    done = {order.client_order_id for order in _done(cache, now_ns - keep_closed_ns)}
    orders = [order for order in cache.orders() if order.client_order_id not in done]
    return BookState(
        instruments=_pack(cache.instruments()),
        accounts=_pack(account.last_event for account in cache.accounts()),
        orders=tuple(_pack(order.events) for order in orders),
        positions=tuple(_pack(position.events) for position in cache.positions_open()),
    )


def forget_done(cache: Cache, now_ns: int, *, keep_closed_ns: int = KEEP_CLOSED_NS) -> None:
    """
    Let a cache forget what ``pack_book`` leaves out, so that weeks take no more room than hours.

    Parameters
    ----------
    cache : Cache
        Of a running node.
    now_ns : int
        Wall clock, ns UTC.
    keep_closed_ns : int, default 20 minutes
        As in ``pack_book``.
    """
    for order in _done(cache, now_ns - keep_closed_ns):
        cache.purge_order(order.client_order_id)
    for position in cache.positions_closed():
        if position.ts_closed < now_ns - keep_closed_ns:
            cache.purge_position(position.id)
    cache.purge_account_events(ts_now=now_ns, lookback_secs=keep_closed_ns // 1_000_000_000)


def _done(cache: Cache, before_ns: int) -> list[Order]:
    """Return the orders that ended before a moment and belong to nothing that is open."""
    positions = cache.positions_open()
    rested_on = {order_id for position in positions for order_id in position.client_order_ids}
    live = {
        _signal(order)
        for order in cache.orders()
        if not order.is_closed or order.client_order_id in rested_on
    }
    opened_ns = {(position.strategy_id, position.instrument_id): position.ts_opened for position in positions}
    return [
        order
        for order in cache.orders_closed()
        if order.ts_last < before_ns and _signal(order) not in live and not _closes(order, opened_ns)
    ]


def _closes(order: Order, opened_ns: Mapping[tuple[StrategyId, InstrumentId], int]) -> bool:
    """Tell whether it was to close what is open: without it a restart would begin that close again."""
    opened = opened_ns.get((order.strategy_id, order.instrument_id))
    is_close = ids.role_of(order.client_order_id.value) == ids.CLOSE
    return is_close and opened is not None and order.ts_init >= opened


def _signal(order: Order) -> str:
    """Return the signal of an order of ours; any other order stands for itself."""
    client_order_id: str = order.client_order_id.value
    signal_id = ids.signal_of(client_order_id)
    return signal_id if order.tags and order.tags[0] == signal_id else client_order_id


def unpack_book(book: BookState, cache: Cache) -> None:
    """
    Put a packed book into a cache.

    Raises
    ------
    CorruptEntry
        If a position's instrument is missing, or a message cannot be understood.
    """
    for instrument in _unpack(book.instruments):
        cache.add_instrument(instrument)
    for state in _unpack(book.accounts):
        cache.add_account(reported_account(state))
    for events in book.orders:
        add_order(cache, _order(_unpack(events)))
    for fills in book.positions:
        cache.add_position(_position(cache, _unpack(fills)), OmsType.NETTING)


def copy_book(source: Cache, target: Cache) -> None:
    """Put the accounts, orders and open positions of one cache into another that has none of them."""
    for account in source.accounts():
        target.add_account(account)
    for order in source.orders():
        add_order(target, order)
    for position in source.positions_open():
        target.add_position(position, OmsType.NETTING)


def add_order(cache: Cache, order: Order) -> None:
    """Add an order that has a history: under its id, its venue's id and its status."""
    cache.add_order(order)
    cache.update_order(order)


def _order(events: list[Any]) -> Order:
    order = OrderUnpacker.from_init(events[0])
    for event in events[1:]:
        order.apply(event)
    return order


def _position(cache: Cache, fills: list[Any]) -> Position:
    instrument = cache.instrument(fills[0].instrument_id)
    if instrument is None:
        raise CorruptEntry(
            f"a snapshot must hold the instrument of every position, {fills[0].instrument_id} is missing"
        )
    position = Position(instrument, fills[0])
    for fill in fills[1:]:
        position.apply(fill)
    return position


def _pack(messages: Iterable[Any]) -> tuple[Recorded, ...]:
    return tuple(Recorded(*encode(message)) for message in messages)


def _unpack(messages: Iterable[Recorded]) -> list[Any]:
    return [decode(one.type, one.version, one.payload) for one in messages]
