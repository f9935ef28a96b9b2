"""From an equity curve to the figures that a search looks at, whole and up to each time slice."""

from collections.abc import Callable
from math import isnan
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from nautilus_bot.core.clocks import NS_PER_DAY
from nautilus_bot.core.errors import ConfigError, did_you_mean
from nautilus_bot.research.backtest.statistics import (
    DAYS_PER_YEAR,
    daily_returns,
    sharpe_ratio,
    sortino_ratio,
)

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """
    What came of one set of parameters.

    Parameters
    ----------
    total_return : float
        Equity at the end over the capital, less one, percent.
    max_drawdown : float
        Largest fall of equity below its peak, percent, at bar closes.
    rmd : float
        Return over maximum drawdown, both in percent; 0 when equity never fell, which is when nothing traded.
    sharpe, sortino : float
        Daily, 365 days a year (``nautilus_bot.research.backtest.statistics``); 0 when they do not exist.
    calmar : float
        Return per year over maximum drawdown; 0 when equity never fell.
    trades : int
        Round trips, one still open included.
    """

    total_return: float
    max_drawdown: float
    rmd: float
    sharpe: float
    sortino: float
    calmar: float
    trades: int


METRICS: Final[dict[str, Callable[[Figures], float]]] = {
    "rmd": lambda figures: figures.rmd,
    "sharpe": lambda figures: figures.sharpe,
    "total_return": lambda figures: figures.total_return,
    "sortino": lambda figures: figures.sortino,
    "calmar": lambda figures: figures.calmar,
}
"""What a search may maximise, by the name on the command line."""


def check_metrics(names: tuple[str, ...]) -> None:
    """
    Refuse metrics that do not exist, or one named twice.

    Raises
    ------
    ConfigError
        Naming the metric.
    """
    if not names or len(set(names)) != len(names):
        raise ConfigError(
            f"a search must have one or more metrics, each once, had {', '.join(names) or 'none'}"
        )
    for name in names:
        if name not in METRICS:
            raise ConfigError(f"no metric {name!r}; {did_you_mean(name, METRICS)}")


class Calendar(msgspec.Struct, frozen=True):
    """
    Where days and slices of a series of bars end.

    Parameters
    ----------
    day_ends : Ints
        Index of the last bar of each UTC day.
    slice_ends : tuple[int, ...]
        Number of bars up to the end of each time slice; the last one is all of them.
    days : float
        Length of the series.
    """

    day_ends: Ints
    slice_ends: tuple[int, ...]
    days: float


def build_calendar(ts: Ints, slices: int) -> Calendar:
    """
    Return the calendar of bars.

    Parameters
    ----------
    ts : Ints, shape (n,)
        Closing times, ns UTC.
    slices : int
        Number of slices of equally many bars.
    """
    # a bar that closes at midnight belongs to the day that ends with it
    day = (ts - 1) // NS_PER_DAY
    return Calendar(
        np.append(np.flatnonzero(np.diff(day)), len(ts) - 1),
        tuple(round(len(ts) * (one + 1) / slices) for one in range(slices)),
        max(1.0, (int(ts[-1]) - int(ts[0])) / NS_PER_DAY),
    )


def measure(equity: Floats, capital: float, calendar: Calendar, trades: int) -> Figures:
    """
    Return the figures of a curve.

    Parameters
    ----------
    equity : Floats, shape (n,)
        Balance plus open profit at each bar's close, USDT.
    capital : float
        Where it began, USDT.
    calendar : Calendar
        Of the same bars.
    trades : int
        Round trips.
    """
    total = 100.0 * (float(equity[-1]) / capital - 1.0)
    drawdown = float(np.max(drawdowns(equity, capital)))
    returns = daily_returns(np.concatenate(([capital], equity[calendar.day_ends])))
    return Figures(
        total_return=total,
        max_drawdown=drawdown,
        rmd=_over(total, drawdown),
        sharpe=_known(sharpe_ratio(returns)),
        sortino=_known(sortino_ratio(returns)),
        calmar=_over(_per_year(total, calendar.days), drawdown),
        trades=trades,
    )


def drawdowns(equity: Floats, capital: float) -> Floats:
    """Return how far each point lies below the highest one so far, the capital included, percent."""
    peaks = np.maximum(np.maximum.accumulate(equity), capital)
    return np.asarray(100.0 * (1.0 - equity / peaks), dtype=np.float64)


def measure_slices(equity: Floats, capital: float, calendar: Calendar) -> tuple[float, ...]:
    """Return the change of equity within each slice, percent of the capital."""
    ends = equity[np.array(calendar.slice_ends) - 1]
    return tuple((100.0 * np.diff(ends, prepend=capital) / capital).tolist())


def _per_year(total_pct: float, days: float) -> float:
    # what loses everything has no rate: it counts as lost
    growth = max(0.0, 1.0 + total_pct / 100.0)
    return 100.0 * float(growth ** (DAYS_PER_YEAR / days) - 1.0)


def _over(gain: float, drawdown: float) -> float:
    return gain / drawdown if drawdown > 0.0 else 0.0


def _known(value: float) -> float:
    return 0.0 if isnan(value) else value
