from decimal import Decimal

import numpy as np
import pytest

from nautilus_bot.market.candles import Candles
from nautilus_bot.market.funding import FundingRate
from nautilus_bot.market.instruments import facts_of
from nautilus_bot.research.fast.market import build_market

HOUR_NS = 3_600 * 1_000_000_000
START_NS = 1_704_067_200 * 1_000_000_000  # 2024-01-01 00:00 UTC


def build(bars, symbol="BTCUSDT", missing=(), funding=(), interval_ns=HOUR_NS, volume=1_000.0):
    """A market of hourly bars (open, high, low, close); ``missing`` bar numbers are left out."""
    kept = [i for i in range(len(bars)) if i not in missing]
    ts_open = np.array([START_NS + i * interval_ns for i in kept], dtype=np.int64)
    columns = np.array([bars[i] for i in kept], dtype=float).T
    candles = Candles(ts_open, *(column.copy() for column in columns), np.full(len(kept), volume))
    rates = [FundingRate(START_NS + int(at * interval_ns), Decimal(rate)) for at, rate in funding]
    return build_market(candles, facts_of(symbol), interval_ns, rates)


@pytest.fixture(scope="session")
def market():
    return build
