"""From equity at each bar to returns by day, and the few figures that are read off them."""

from math import isnan, sqrt

import numpy as np

from nautilus_bot.core.clocks import NS_PER_DAY
from nautilus_bot.research.backtest.statistics import DAYS_PER_YEAR, max_drawdown_pct
from nautilus_bot.research.fast.market import Floats, Ints
from nautilus_bot.research.statistics.moments import moments_of

YEAR_ROOT = sqrt(DAYS_PER_YEAR)
SMALLEST_EQUITY = 1e-9


def days_of(ts: Ints) -> Ints:
    """Return the UTC day of each bar (days since 1970); the bar that closes at midnight ends its day."""
    days: Ints = (ts - 1) // NS_PER_DAY
    return days


def day_ends(days: Ints) -> Ints:
    """Return the row of each day's last bar."""
    return np.flatnonzero(np.diff(days, append=days[-1] + 1))


def daily_returns(equity: Floats, ends: Ints, capital: float) -> Floats:
    """
    Return the simple return of each day that has bars.

    Parameters
    ----------
    equity : Floats, shape (n_bars,)
        At each bar's close, USDT.
    ends : Ints, shape (n_days,)
        From ``day_ends``.
    capital : float
        Equity before the first bar, USDT.
    """
    marks = np.maximum(np.concatenate([[capital], equity[ends]]), SMALLEST_EQUITY)
    returns: Floats = marks[1:] / marks[:-1] - 1.0
    return returns


def annual_sharpe(returns: Floats) -> float:
    """Return the annualised Sharpe ratio of daily returns; 0 where nothing varies: nothing was done."""
    sharpe = moments_of(returns).sharpe
    return 0.0 if isnan(sharpe) else sharpe * YEAR_ROOT


def total_return_pct(returns: Floats) -> float:
    """Return the compounded return, percent."""
    return 100.0 * (float(np.prod(1.0 + returns)) - 1.0)


def drawdown_pct(returns: Floats) -> float:
    """Return the largest drawdown of the compounded returns, percent, the starting capital included."""
    return max_drawdown_pct(np.concatenate([[1.0], np.cumprod(1.0 + returns)]))
