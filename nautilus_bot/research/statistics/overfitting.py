"""The probability of backtest overfitting by combinatorially symmetric cross-validation (CSCV)."""

from dataclasses import dataclass
from functools import cache
from itertools import combinations

import numpy as np

from nautilus_bot.core.errors import DataError
from nautilus_bot.research.statistics.moments import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Overfitting:
    """
    What CSCV says of a selection among trials.

    Parameters
    ----------
    probability : float
        PBO: share of splits in which the best trial in-sample is in the lower half out-of-sample.
    loss_probability : float
        Share of splits in which it loses money out-of-sample.
    slope : float
        Of the regression of its out-of-sample on its in-sample Sharpe ratio.
    logits : FloatArray, shape (n_splits,)
        Logit of its relative rank out-of-sample; zero or less counts for the PBO.
    inside, outside : FloatArray, shape (n_splits,)
        Its Sharpe ratio per period in-sample and out-of-sample.
    """

    probability: float
    loss_probability: float
    slope: float
    logits: FloatArray
    inside: FloatArray
    outside: FloatArray


def probability_of_overfitting(returns: FloatArray, blocks: int = 16) -> Overfitting:
    """
    Split time in every symmetric way, choose on one half, look at the other.

    Parameters
    ----------
    returns : FloatArray, shape (n_periods, n_trials)
        Returns of at least two trials on the same periods; the first periods that do not fill a block are
        left out.
    blocks : int, default 16
        Even number of blocks of time.

    Raises
    ------
    DataError
        If there are fewer than two trials or two periods a block.

    Notes
    -----
    D. H. Bailey, J. M. Borwein, M. Lopez de Prado and Q. J. Zhu, "The Probability of Backtest Overfitting",
    J. of Computational Finance 20 (2017), section 2.2; the Sharpe ratio is the measure of performance. A
    trial without variation has a Sharpe ratio of zero.
    """
    periods, trials = returns.shape
    length = periods // blocks
    if trials < 2 or length < 2:
        raise DataError(
            f"CSCV needs at least 2 trials and 2 periods for each of {blocks} blocks, found {trials} trials "
            f"and {periods} periods; use a longer time range or fewer blocks"
        )
    parts = returns[periods - blocks * length :].reshape(blocks, length, trials)
    sums, squares = parts.sum(axis=1), (parts**2).sum(axis=1)
    halves = _halves(blocks)
    inside = _sharpes(halves @ sums, halves @ squares, length * blocks // 2)
    outside = _sharpes((1.0 - halves) @ sums, (1.0 - halves) @ squares, length * blocks // 2)
    rows = np.arange(len(halves))
    best = inside.argmax(axis=1)
    chosen_inside, chosen_outside = inside[rows, best], outside[rows, best]
    logits = _logits(outside, chosen_outside)
    return Overfitting(
        probability=float(np.mean(logits <= 0.0)),
        loss_probability=float(np.mean(chosen_outside < 0.0)),
        slope=_slope(chosen_inside, chosen_outside),
        logits=logits,
        inside=chosen_inside,
        outside=chosen_outside,
    )


@cache
def _halves(blocks: int) -> FloatArray:
    """Return one row for each choice of half of the blocks: 1 where a block is in-sample."""
    chosen = np.array(list(combinations(range(blocks), blocks // 2)))
    rows = np.zeros((len(chosen), blocks))
    np.put_along_axis(rows, chosen, 1.0, axis=1)
    return rows


def _sharpes(sums: FloatArray, squares: FloatArray, count: int) -> FloatArray:
    mean = sums / count
    variance = np.maximum(0.0, squares / count - mean**2)
    sharpes: FloatArray = np.divide(mean, np.sqrt(variance), out=np.zeros_like(mean), where=variance > 0.0)
    return sharpes


def _logits(outside: FloatArray, chosen: FloatArray) -> FloatArray:
    """Return the logit of the chosen trial's rank among all; ties share their ranks."""
    below = np.sum(outside < chosen[:, None], axis=1)
    equal = np.sum(outside == chosen[:, None], axis=1)
    rank = (below + (equal + 1) / 2.0) / (outside.shape[1] + 1.0)
    logits: FloatArray = np.log(rank / (1.0 - rank))
    return logits


def _slope(inside: FloatArray, outside: FloatArray) -> float:
    centred = inside - inside.mean()
    spread = float(np.sum(centred**2))
    return float(np.sum(centred * outside)) / spread if spread > 0.0 else 0.0
