from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from adapters.bybit_simulator.book_feed import BookFeed
from adapters.bybit_simulator.instruments import listed_instruments
from adapters.bybit_simulator.market_board import PublicMarket
from adapters.bybit_simulator.prices import BookTick

INSTRUMENT = listed_instruments(["BTCUSDT"])["BTCUSDT"]
SIDES = st.dictionaries(st.integers(1, 30), st.integers(1, 5), min_size=1)


def book(ts, bids, asks):
    return BookTick(
        "BTCUSDT",
        ts,
        tuple((Decimal(p), Decimal(q)) for p, q in sorted(bids.items(), reverse=True)),
        tuple((Decimal(p + 100), Decimal(q)) for p, q in sorted(asks.items())),
    )


@given(st.lists(st.tuples(SIDES, SIDES), min_size=1, max_size=12), st.sampled_from([1, 50]))
def test_a_snapshot_and_its_deltas_always_rebuild_the_book_and_u_has_no_gap(books, depth):
    market = PublicMarket(INSTRUMENT)
    market.on_book(book(0, *books[0]))
    feed = BookFeed(depth, market)
    snapshot = feed.snapshot()["data"]
    rebuilt = {side: dict(snapshot[side]) for side in ("b", "a")}
    last = snapshot["u"]
    for ts, sides in enumerate(books[1:], start=1):
        market.on_book(book(ts, *sides))
        frame = feed.delta()
        if frame is None:
            continue
        assert frame["data"]["u"] == last + 1
        last = frame["data"]["u"]
        for side in ("b", "a"):
            for price, qty in frame["data"][side]:
                if qty == "0":
                    del rebuilt[side][price]
                else:
                    rebuilt[side][price] = qty
    assert rebuilt["b"] == {str(p): str(q) for p, q in market.bids[:depth]}
    assert rebuilt["a"] == {str(p): str(q) for p, q in market.asks[:depth]}


def test_nothing_is_sent_when_nothing_changed():
    market = PublicMarket(INSTRUMENT)
    market.on_book(book(0, {1: 1}, {2: 1}))
    feed = BookFeed(50, market)
    feed.snapshot()
    market.on_book(book(1, {1: 1}, {2: 1}))
    assert feed.delta() is None
