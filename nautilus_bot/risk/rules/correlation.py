"""Refuse a position that would move like one that is already open."""

from typing import Annotated

from msgspec import Meta

from nautilus_bot.risk.context import RiskContext
from nautilus_bot.risk.history import OnMissingHistory, missing_history
from nautilus_bot.risk.returns import ReturnsBook, correlation
from nautilus_bot.risk.rule import BaseRule, OrderRequest, RuleConfig, Verdict, approved, refused
from nautilus_bot.risk.rules.units import Hours


class CorrelationConfig(RuleConfig, frozen=True):
    """
    Configuration of ``Correlation``.

    Parameters
    ----------
    limit : float, default 0.9
        Highest correlation between two positions, in [-1, 1], directions included.
    window_hours : int, default 168
        Hourly returns that are looked at.
    min_history_hours : int, default 48
        Hours that both instruments must have; at most ``window_hours``.
    on_missing_history : {"approve", "refuse"}, default "approve"
        What to answer before that; an approval carries a note.
    """

    limit: Annotated[float, Meta(ge=-1.0, le=1.0)] = 0.9
    window_hours: Hours = 168
    min_history_hours: Hours = 48
    on_missing_history: OnMissingHistory = "approve"

    def __post_init__(self) -> None:
        """Refuse a history that no window can hold."""
        if self.min_history_hours > self.window_hours:
            raise ValueError(f"min_history_hours must be <= window_hours ({self.window_hours})")


class Correlation(BaseRule):
    """
    Approve an entry only when no other open position is too much alike.

    Positions and approved entries of all strategies count, netted per instrument. Directions count: a
    long beside a long of an instrument that moves alike adds up, a short beside it hedges. Positions in
    the same instrument are ``max_position``'s.
    """

    config_type = CorrelationConfig

    def __init__(self, config: CorrelationConfig) -> None:
        self._config = config

    def check(self, request: OrderRequest, context: RiskContext, /) -> Verdict:
        """Find the open position that is most alike and compare it with the limit."""
        config = self._config
        highest, alike, note = -1.0, "", None
        for instrument_id, exposure in context.exposures().items():
            if instrument_id == request.instrument_id or exposure == 0.0:
                continue
            samples, measured = self._measured(context.returns, request.instrument_id, instrument_id)
            if samples < config.min_history_hours:
                note = missing_history(samples, config.min_history_hours, config.on_missing_history)
                if not note.approved:
                    return note
                continue
            together = measured * request.sign * (1 if exposure > 0.0 else -1)
            if together > highest or not alike:
                highest, alike = together, instrument_id
        if not alike:
            return note or approved(limit=config.limit, unit="ratio")
        if highest <= config.limit:
            return approved(limit=config.limit, observed=highest, unit="ratio")
        return refused(
            f"correlation {highest:.2f} with the position in {alike} > {config.limit:.2f}",
            limit=config.limit,
            observed=highest,
            unit="ratio",
        )

    def _measured(self, returns: ReturnsBook, first: str, second: str) -> tuple[int, float]:
        pair = (first, second) if first < second else (second, first)

        def compute() -> tuple[int, float]:
            one, two = returns.aligned(pair, self._config.window_hours)
            return len(one), correlation(one, two)

        return returns.once_per_sample((self, pair), compute)
