"""Probability forecasts against what happened: Brier score, reliability, isotonic and Platt calibration."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from nautilus_bot.core.errors import DataError
from nautilus_bot.research.statistics.moments import FloatArray


@dataclass(frozen=True, slots=True)
class Bin:
    """
    Forecasts of about the same height.

    Parameters
    ----------
    forecast : float
        Their mean.
    observed : float
        Share of them that came true.
    count : int
        How many there are.
    """

    forecast: float
    observed: float
    count: int


@dataclass(frozen=True, slots=True, eq=False)
class Knots:
    """A function that never falls: straight lines between knots, flat beyond the ends."""

    forecast: FloatArray
    probability: FloatArray

    def __call__(self, forecasts: FloatArray) -> FloatArray:
        """Return the calibrated forecasts."""
        return np.interp(forecasts, self.forecast, self.probability)


def brier_score(forecasts: FloatArray, outcomes: FloatArray) -> float:
    """
    Return the mean squared error of probability forecasts: 0 is perfect, 0.25 always says one half.

    Parameters
    ----------
    forecasts, outcomes : FloatArray, shape (n,)
        Probabilities, and 1 where it happened, else 0.

    Notes
    -----
    G. W. Brier, Monthly Weather Review 78 (1950), for two classes.
    """
    return float(np.mean((forecasts - outcomes) ** 2))


def reliability(forecasts: FloatArray, outcomes: FloatArray, bins: int = 10) -> tuple[Bin, ...]:
    """
    Return how often forecasts of each height came true, in groups of about equal size.

    Parameters
    ----------
    forecasts, outcomes : FloatArray, shape (n,)
        As in ``brier_score``.
    bins : int, default 10
        Groups; equal forecasts stay together, so there may be fewer.
    """
    edges = np.unique(np.quantile(forecasts, np.linspace(0.0, 1.0, bins + 1)))
    group = np.clip(np.searchsorted(edges, forecasts, side="right") - 1, 0, max(0, len(edges) - 2))
    found = []
    for number in np.unique(group):
        inside = group == number
        found.append(Bin(float(forecasts[inside].mean()), float(outcomes[inside].mean()), int(inside.sum())))
    return tuple(found)


def calibration_error(bins: tuple[Bin, ...]) -> float:
    """Return the mean distance of forecast and outcome over groups, weighted by size (ECE)."""
    total = sum(one.count for one in bins)
    return sum(one.count * abs(one.forecast - one.observed) for one in bins) / total


def fit_isotonic(forecasts: FloatArray, outcomes: FloatArray, least: int = 1) -> Knots:
    """
    Return the function without a fall that has the least squared error.

    Parameters
    ----------
    forecasts, outcomes : FloatArray, shape (n,)
        As in ``brier_score``; at least one.
    least : int, default 1
        Neighbouring forecasts are put together until there are this many: the ends of a curve that rests on
        a few lucky signals promise too much.

    Raises
    ------
    DataError
        If there is nothing to fit on.

    Notes
    -----
    Pool adjacent violators: M. Ayer et al., Annals of Mathematical Statistics 26 (1955); as a calibration,
    B. Zadrozny and C. Elkan, KDD (2002). Each pool is one knot at its mean forecast, so lines join the steps.
    """
    _refuse_empty(forecasts)
    pools: list[tuple[float, float, int]] = []  # sum of forecasts, sum of outcomes, size
    for group in _groups(forecasts, outcomes, least):
        pool = group
        while pools and pools[-1][1] * pool[2] >= pool[1] * pools[-1][2]:
            before = pools.pop()
            pool = (before[0] + pool[0], before[1] + pool[1], before[2] + pool[2])
        pools.append(pool)
    return Knots(
        np.array([total / count for total, _, count in pools]),
        np.array([happened / count for _, happened, count in pools]),
    )


def _groups(forecasts: FloatArray, outcomes: FloatArray, least: int) -> Iterator[tuple[float, float, int]]:
    """Yield sums of forecasts and outcomes, and the size, of rising groups; the last takes what is left."""
    values, inverse, counts = np.unique(forecasts, return_inverse=True, return_counts=True)
    happened = np.bincount(inverse, weights=outcomes)
    total, came_true, size, left = 0.0, 0.0, 0, len(forecasts)
    for value, true, count in zip(values.tolist(), happened.tolist(), counts.tolist(), strict=True):
        total, came_true, size, left = total + value * count, came_true + true, size + count, left - count
        if left == 0 or (size >= least and left >= least):
            yield total, came_true, size
            total, came_true, size = 0.0, 0.0, 0


def fit_constant(forecasts: FloatArray, outcomes: FloatArray) -> Knots:
    """Return the base rate, whatever was forecast: all that is left when forecasts carry no information."""
    _refuse_empty(forecasts)
    return Knots(np.array([forecasts.mean()]), np.array([outcomes.mean()]))


def fit_platt(forecasts: FloatArray, outcomes: FloatArray, knots: int = 51) -> Knots:
    """
    Return a logistic curve through the outcomes, as knots; a falling one is replaced by the base rate.

    Parameters
    ----------
    forecasts, outcomes : FloatArray, shape (n,)
        As in ``brier_score``; at least one.
    knots : int, default 51
        Points of the curve, evenly between the lowest and the highest forecast.

    Raises
    ------
    DataError
        If there is nothing to fit on.

    Notes
    -----
    J. Platt, "Probabilistic Outputs for Support Vector Machines" (1999), with his regularised targets
    ``(n+ + 1) / (n+ + 2)`` and ``1 / (n- + 2)``, which keep the curve away from 0 and 1.
    """
    _refuse_empty(forecasts)
    happened = float(outcomes.sum())
    high, low = (happened + 1.0) / (happened + 2.0), 1.0 / (len(outcomes) - happened + 2.0)
    targets = np.where(outcomes > 0.5, high, low)
    middle, width = float(forecasts.mean()), float(forecasts.std()) or 1.0
    scaled = (forecasts - middle) / width

    def loss(weights: FloatArray) -> tuple[float, FloatArray]:
        score = weights[0] * scaled + weights[1]
        error = 1.0 / (1.0 + np.exp(-score)) - targets
        value = float(np.sum(np.logaddexp(0.0, score) - targets * score))
        return value, np.array([float(error @ scaled), float(error.sum())])

    slope, intercept = minimize(loss, np.zeros(2), jac=True, method="BFGS").x
    if slope <= 0.0:
        return fit_constant(forecasts, outcomes)
    at = np.unique(np.linspace(forecasts.min(), forecasts.max(), knots))
    return Knots(at, 1.0 / (1.0 + np.exp(-(slope * (at - middle) / width + intercept))))


def _refuse_empty(forecasts: FloatArray) -> None:
    if not len(forecasts):
        raise DataError("a calibration needs at least one signal with an outcome, found none")
