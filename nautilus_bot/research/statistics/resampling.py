"""Resampling: trades shuffled or drawn again, and blocks of a time series."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nautilus_bot.core.errors import DataError
from nautilus_bot.research.statistics.moments import FloatArray

type IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Paths:
    """
    What became of the same trades in other orders or other draws.

    Parameters
    ----------
    returns_pct : FloatArray, shape (n_paths,)
        Compounded return of each path.
    drawdowns_pct : FloatArray, shape (n_paths,)
        Largest drawdown of each path.
    """

    returns_pct: FloatArray
    drawdowns_pct: FloatArray

    @property
    def loss_probability(self) -> float:
        """Share of the paths that end with a loss."""
        return float(np.mean(self.returns_pct <= 0.0))


def shuffle_trades(returns: FloatArray, paths: int, random: np.random.Generator) -> Paths:
    """
    Return what other orders of the same trades would have been like; only the drawdowns differ.

    Parameters
    ----------
    returns : FloatArray, shape (n_trades,)
        Gain of each trade over the equity before it, ratios above -1.
    paths : int
        Number of orders.
    random : Generator
        Source of randomness.
    """
    return _paths(random.permuted(np.tile(returns, (paths, 1)), axis=1))


def bootstrap_trades(returns: FloatArray, paths: int, random: np.random.Generator) -> Paths:
    """
    Return what as many trades, drawn with replacement, would have come to.

    Parameters
    ----------
    returns : FloatArray, shape (n_trades,)
        Gain of each trade over the equity before it, ratios above -1; at least one.
    paths : int
        Number of draws.
    random : Generator
        Source of randomness.

    Notes
    -----
    B. Efron, "Bootstrap Methods: Another Look at the Jackknife", Annals of Statistics 7 (1979). Trades are
    taken as independent of each other.
    """
    return _paths(returns[random.integers(0, len(returns), (paths, len(returns)))])


def block_rows(count: int, mean_length: int, random: np.random.Generator) -> IntArray:
    """
    Return row numbers of a stationary bootstrap: blocks of random length, joined, wrapping at the end.

    Parameters
    ----------
    count : int
        Rows of the original and of the result.
    mean_length : int
        Mean length of a block, one or more.
    random : Generator
        Source of randomness.

    Raises
    ------
    DataError
        If a block is not at least one row long.

    Notes
    -----
    D. N. Politis and J. P. Romano, "The Stationary Bootstrap", J. of the American Statistical Association 89
    (1994): geometric block lengths make the result stationary.
    """
    if mean_length < 1:
        raise DataError(f"a block must have at least one row, {mean_length} were asked for")
    begins = random.random(count) < 1.0 / mean_length
    begins[0] = True
    starts = random.integers(0, count, int(begins.sum()))
    first = np.flatnonzero(begins)
    block = np.cumsum(begins) - 1
    rows: IntArray = (starts[block] + np.arange(count) - first[block]) % count
    return rows


def _paths(drawn: FloatArray) -> Paths:
    equity = np.cumprod(1.0 + drawn, axis=1)
    peaks = np.maximum(1.0, np.maximum.accumulate(equity, axis=1))
    drawdowns = np.max((peaks - equity) / peaks, axis=1)
    return Paths(100.0 * (equity[:, -1] - 1.0), 100.0 * drawdowns)
