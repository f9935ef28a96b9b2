"""Figures of merit, each by its textbook formula; ``docs/backtest.md`` lists them with their sources."""

from collections.abc import Sequence
from math import nan

import numpy as np
from numpy.typing import NDArray

DAYS_PER_YEAR = 365

type FloatArray = NDArray[np.float64]
type Interval = tuple[int, int]


def daily_returns(equity: FloatArray) -> FloatArray:
    """
    Return the simple return of each day.

    Parameters
    ----------
    equity : FloatArray, shape (n_days + 1,)
        Starting capital, then equity at the end of each day, USDT, positive.

    Returns
    -------
    FloatArray, shape (n_days,)
        Ratios (0.01 = 1 %).
    """
    return equity[1:] / equity[:-1] - 1.0


def sharpe_ratio(returns: FloatArray) -> float:
    """
    Return the annualised Sharpe ratio over a riskless rate of zero.

    Parameters
    ----------
    returns : FloatArray, shape (n_days,)
        Daily returns, days without a trade included.

    Returns
    -------
    float
        NaN with fewer than two days or without any variation.

    Notes
    -----
    ``mean / std(ddof=1) * sqrt(365)``: W. F. Sharpe, "The Sharpe Ratio", J. of Portfolio Management 21
    (1994); crypto trades on every day of the year.
    """
    if len(returns) < 2:
        return nan
    deviation = float(np.std(returns, ddof=1))
    if deviation == 0.0:
        return nan
    return float(np.mean(returns)) / deviation * float(np.sqrt(DAYS_PER_YEAR))


def sortino_ratio(returns: FloatArray) -> float:
    """
    Return the annualised Sortino ratio over a target of zero.

    Parameters
    ----------
    returns : FloatArray, shape (n_days,)
        Daily returns, days without a trade included.

    Returns
    -------
    float
        NaN with fewer than two days or without a losing day.

    Notes
    -----
    ``mean / sqrt(mean(min(r, 0)^2)) * sqrt(365)``: the target semideviation over all days, F. A. Sortino and
    R. van der Meer, "Downside Risk", J. of Portfolio Management 17 (1991).
    """
    if len(returns) < 2:
        return nan
    downside = float(np.sqrt(np.mean(np.minimum(returns, 0.0) ** 2)))
    if downside == 0.0:
        return nan
    return float(np.mean(returns)) / downside * float(np.sqrt(DAYS_PER_YEAR))


def drawdowns_pct(equity: FloatArray) -> FloatArray:
    """Return how far each point lies below the highest one before it, percent of that peak, 0 or more."""
    peaks = np.maximum.accumulate(equity)
    return (peaks - equity) / peaks * 100.0


def max_drawdown_pct(equity: FloatArray) -> float:
    """Return the largest drawdown of an equity curve, percent of its peak; 0 for an empty curve."""
    return float(np.max(drawdowns_pct(equity))) if len(equity) else 0.0


def profit_factor(pnls: Sequence[float]) -> float:
    """
    Return the sum of all winning trades over the sum of all losing ones.

    Returns
    -------
    float
        NaN without a losing trade.
    """
    lost = -sum(pnl for pnl in pnls if pnl < 0)
    return sum(pnl for pnl in pnls if pnl > 0) / lost if lost else nan


def win_rate_pct(pnls: Sequence[float]) -> float:
    """Return the share of trades that earned more than they cost, percent; NaN without a trade."""
    return 100.0 * sum(pnl > 0 for pnl in pnls) / len(pnls) if pnls else nan


def exposure_pct(held: Sequence[Interval], start_ns: int, end_ns: int) -> float:
    """
    Return the share of time with a position, percent; overlapping positions count once.

    Parameters
    ----------
    held : Sequence[Interval]
        When each position was open, ns UTC.
    start_ns, end_ns : int
        The whole time.
    """
    covered, reached = 0, start_ns
    for opened, closed in sorted(held):
        covered += max(0, min(closed, end_ns) - max(opened, reached))
        reached = max(reached, closed)
    return 100.0 * covered / (end_ns - start_ns) if end_ns > start_ns else 0.0
