"""What a cache may forget is what a snapshot leaves out."""

import pytest
from nautilus_trader.cache.cache import Cache

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
