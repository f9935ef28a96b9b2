"""A market that a test moves by hand."""

import time
from decimal import Decimal

from adapters.bybit_simulator.prices import BookTick, MarkTick, TradeTick


def price_ticks(bid, ask, qty="10", trade=None, symbol="BTCUSDT", ts_ms=None):
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
