"""Value at risk and correlation of the portfolio as it stands: what the rules measure, for eyes."""

from collections.abc import Iterator
from itertools import combinations
from typing import Final

from nautilus_bot.risk.context import RiskContext
from nautilus_bot.risk.returns import correlation
from nautilus_bot.risk.value_at_risk import ReturnSample

WINDOW_HOURS: Final = 720
MIN_HOURS: Final = 48
MAX_INSTRUMENTS: Final = 30
"""Pairs grow with the square; beyond this only the first ones are compared."""


def value_at_risk_pct(context: RiskContext) -> float | None:
    """
    Return the one-day value at risk, percent of equity: the larger of historical and parametric, 95 %.

    Parameters
    ----------
    context : RiskContext
        Exposures, equity and hourly returns.

    Returns
    -------
    float | None
        None while there is no equity, or too little common history.
    """
    equity = context.equity_usdt
    if equity <= 0.0:
        return None
    exposures = {name: value for name, value in context.exposures().items() if value}
    if not exposures:
        return 0.0
    names = tuple(sorted(exposures))
    sample = context.returns.once_per_sample(("metrics", "sample", names), lambda: _sample(context, names))
    if sample is None:
        return None
    vector = [exposures[name] for name in names]
    return 100.0 * max(sample.historical(vector, 95), sample.parametric(vector, 95)) / equity


def market_correlation(context: RiskContext) -> float | None:
    """Return the mean correlation of all pairs of instruments; None without two that have history."""
    found = [
        value for pair in _pairs(tuple(context.marks)) if (value := _measured(context, pair)) is not None
    ]
    return sum(found) / len(found) if found else None


def position_correlation(context: RiskContext) -> float:
    """Return the highest correlation between two positions, directions included; 0 below two positions."""
    exposures = {name: value for name, value in context.exposures().items() if value}
    found = [
        value * (1 if exposures[first] * exposures[second] > 0 else -1)
        for first, second in _pairs(tuple(exposures))
        if (value := _measured(context, (first, second))) is not None
    ]
    return max(found, default=0.0)


def _pairs(names: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    return combinations(sorted(names)[:MAX_INSTRUMENTS], 2)


def _sample(context: RiskContext, names: tuple[str, ...]) -> ReturnSample | None:
    columns = context.returns.aligned(names, WINDOW_HOURS)
    return ReturnSample(columns) if len(columns[0]) >= MIN_HOURS else None


def _measured(context: RiskContext, pair: tuple[str, str]) -> float | None:
    def compute() -> float | None:
        one, two = context.returns.aligned(pair, WINDOW_HOURS)
        return correlation(one, two) if len(one) >= MIN_HOURS else None

    return context.returns.once_per_sample(("metrics", "correlation", pair), compute)
