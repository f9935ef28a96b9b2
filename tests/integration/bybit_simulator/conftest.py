"""A market that a test moves by hand."""

import time
from decimal import Decimal

import pytest

from adapters.bybit_simulator.prices import BookTick, MarkTick, TradeTick


def make_price_ticks(bid, ask, qty="10", trade=None, symbol="BTCUSDT", ts_ms=None):
    """Return the ticks that bring the market to a price: five levels a side, mark, and a trade if asked."""
    ts_ms = time.time_ns() // 1_000_000 if ts_ms is None else ts_ms
    bid, ask, qty = Decimal(bid), Decimal(ask), Decimal(qty)
    tick = Decimal("0.1")
    levels = 5 if qty >= 1 else 1
    bids = tuple((bid - tick * n, qty) for n in range(levels))
    asks = tuple((ask + tick * n, qty) for n in range(levels))
    ticks = [BookTick(symbol, ts_ms, bids, asks), MarkTick(symbol, ts_ms, bid, bid)]
    if trade is not None:
        ticks.append(TradeTick(symbol, ts_ms, Decimal(trade), Decimal("0.001"), "Buy"))
    return ticks


@pytest.fixture(scope="session")
def price_ticks():
    """Return ``make_price_ticks``."""
    return make_price_ticks


@pytest.fixture(scope="session")
def minute_history():
    """Return sixty minute bars that end before this minute, oldest first."""
    this_minute = time.time_ns() // 60_000_000_000 * 60_000
    return [
        (this_minute - 60_000 * n, 50_000.0, 50_010.0, 49_990.0, 50_005.0, 1.0, 50_000.0)
        for n in range(60, 0, -1)
    ]
