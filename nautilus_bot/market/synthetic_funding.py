"""Funding rates that a synthetic market would have paid: longs pay after a rise, shorts after a fall."""

from typing import Final

import numpy as np

from nautilus_bot.core.clocks import NS_PER_HOUR
from nautilus_bot.market.candles import Candles
from nautilus_bot.market.funding import FundingRate, rate_from_float

FUNDING_NS: Final = 8 * NS_PER_HOUR
BASE_RATE: Final = 0.0001
"""Interest part of Bybit's formula, per eight hours."""

SENSITIVITY: Final = 0.006
"""Share of the last eight hours' return that shows up as premium."""

MAX_RATE: Final = 0.003


def synthetic_funding(candles: Candles, interval_ns: int) -> list[FundingRate]:
    """
    Return the rate of every eight-hour settlement that falls on a bar's close.

    Parameters
    ----------
    candles : Candles
        A synthetic symbol, without gaps.
    interval_ns : int
        Length of a bar; a rate depends on prices at settlements only, so every interval gives the same ones.

    Returns
    -------
    list[FundingRate]
        Oldest first, eight decimals; empty where a bar is longer than eight hours.
    """
    if FUNDING_NS % interval_ns:
        return []
    closed = candles.ts_open + interval_ns
    rows = np.flatnonzero(closed % FUNDING_NS == 0)
    prices = candles.close[rows]
    before = np.concatenate([candles.open[:1], prices[:-1]])[: len(prices)]
    rates = np.clip(BASE_RATE + SENSITIVITY * (prices / before - 1.0), -MAX_RATE, MAX_RATE)
    times = closed[rows].tolist()
    return [
        FundingRate(ts, rate_from_float(round(rate, 8)))
        for ts, rate in zip(times, rates.tolist(), strict=True)
    ]
