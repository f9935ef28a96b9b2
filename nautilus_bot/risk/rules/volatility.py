"""Refuse entries in an instrument that moves too much."""

from collections.abc import Callable
from math import sqrt
from typing import Final, Literal

from nautilus_bot.risk.context import RiskContext
from nautilus_bot.risk.history import OnMissingHistory, missing_history
from nautilus_bot.risk.returns import ReturnsBook, deviation, root_mean_square
from nautilus_bot.risk.rule import BaseRule, OrderRequest, RuleConfig, Verdict, approved, refused
from nautilus_bot.risk.rules.units import Hours, Percent

HOURS_PER_DAY: Final = 24

type Measure = Literal["close_to_close", "zero_mean"]
MEASURES: Final[dict[str, Callable[[list[float]], float]]] = {
    "close_to_close": deviation,
    "zero_mean": root_mean_square,
}


class VolatilityConfig(RuleConfig, frozen=True):
    """
    Configuration of ``Volatility``.

    Parameters
    ----------
    limit_pct : float, default 5
        Highest realised volatility of a day, percent.
    measure : {"close_to_close", "zero_mean"}, default "close_to_close"
        Sample deviation of hourly returns about their mean, or about zero: then a steady trend counts as
        movement too.
    window_hours : int, default 24
        Hourly returns that are looked at.
    min_history_hours : int, default 24
        Returns that must be there; at most ``window_hours``.
    on_missing_history : {"approve", "refuse"}, default "approve"
        What to answer before that; an approval carries a note.
    """

    limit_pct: Percent = 5.0
    measure: Measure = "close_to_close"
    window_hours: Hours = 24
    min_history_hours: Hours = 24
    on_missing_history: OnMissingHistory = "approve"

    def __post_init__(self) -> None:
        """Refuse a history that no window can hold."""
        if self.min_history_hours > self.window_hours:
            raise ValueError(f"min_history_hours must be <= window_hours ({self.window_hours})")


class Volatility(BaseRule):
    """
    Approve an entry only when the instrument's realised 24-hour volatility is at most the limit.

    Notes
    -----
    Hourly volatility times the square root of 24: returns are taken as independent.
    """

    config_type = VolatilityConfig

    def __init__(self, config: VolatilityConfig) -> None:
        self._config = config
        self._measure = MEASURES[config.measure]

    def check(self, request: OrderRequest, context: RiskContext, /) -> Verdict:
        """Compare the volatility of the latest finished hours with the limit."""
        instrument_id = request.instrument_id
        returns = context.returns
        return returns.once_per_sample((self, instrument_id), lambda: self._assess(returns, instrument_id))

    def _assess(self, returns: ReturnsBook, instrument_id: str) -> Verdict:
        config = self._config
        window = returns.window(instrument_id, config.window_hours)
        if len(window) < config.min_history_hours:
            return missing_history(len(window), config.min_history_hours, config.on_missing_history)
        observed = 100.0 * self._measure(window) * sqrt(HOURS_PER_DAY)
        if observed <= config.limit_pct:
            return approved(limit=config.limit_pct, observed=observed, unit="pct")
        return refused(
            f"24-hour volatility {observed:.2f} % > {config.limit_pct:g} %",
            limit=config.limit_pct,
            observed=observed,
            unit="pct",
        )
