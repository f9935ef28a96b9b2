"""What a cache may forget is what a snapshot leaves out."""

import pytest
from nautilus_trader.cache.cache import Cache
from nautilus_trader.core.uuid import UUID4
from nautilus_trader.model.enums import OrderSide
from nautilus_trader.model.events import OrderDenied
from nautilus_trader.model.identifiers import ClientOrderId
from nautilus_trader.model.orders import MarketOrder

from catalog.snapshot import forget_done, pack_book, unpack_book

MINUTE_NS = 60_000_000_000
END_NS = 200 * MINUTE_NS


@pytest.fixture
def cache(recorded) -> Cache:
    """Return a copy of what the recorded engine knows, its one position open."""
    copy = Cache()
    unpack_book(pack_book(recorded.engine.cache, END_NS, keep_closed_ns=END_NS), copy)
    return copy


def test_old_orders_are_forgotten_but_not_those_of_an_open_position(cache):
    (position,) = cache.positions_open()
    before = {order.client_order_id: order for order in cache.orders()}
    assert len(before) > 60
    forget_done(cache, END_NS, keep_closed_ns=10 * MINUTE_NS)
    kept = {order.client_order_id for order in cache.orders()}
    young = {name for name, order in before.items() if order.ts_last >= END_NS - 10 * MINUTE_NS}
    assert kept == young | set(position.client_order_ids)
    assert len(kept) < 10
    assert cache.positions_open() == [position]


def test_a_cache_that_forgot_makes_the_snapshot_that_it_would_have_made(cache):
    keep_ns = 30 * MINUTE_NS
    before = pack_book(cache, END_NS, keep_closed_ns=keep_ns)
    forget_done(cache, END_NS, keep_closed_ns=keep_ns)
    after = pack_book(cache, END_NS, keep_closed_ns=keep_ns)
    assert sorted(map(repr, after.orders)) == sorted(map(repr, before.orders))
    assert after.positions == before.positions
    assert after.accounts == before.accounts


def test_a_refused_close_is_remembered_while_its_position_is_open(cache):
    (position,) = cache.positions_open()
    before, after = (
        _refused_close(cache, f"TOXIDR-FL-BTCUSDT-{count}", position.ts_opened + seconds * 1_000_000_000)
        for count, seconds in ((1, -60), (2, 60))
    )
    forget_done(cache, 10 * END_NS, keep_closed_ns=MINUTE_NS)
    assert cache.order_exists(after)  # else a restart would take the close for one that was never sent
    assert not cache.order_exists(before)


def _refused_close(cache: Cache, signal: str, ts: int) -> ClientOrderId:
    (position,) = cache.positions_open()
    name = ClientOrderId(f"{signal}-C")
    owner = (position.trader_id, position.strategy_id, position.instrument_id, name)
    order = MarketOrder(*owner, OrderSide.SELL, position.quantity, UUID4(), ts, tags=[signal])
    cache.add_order(order)
    order.apply(OrderDenied(*owner, "ledger: no", UUID4(), ts))
    cache.update_order(order)
    return name
