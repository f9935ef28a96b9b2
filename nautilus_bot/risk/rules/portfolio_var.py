"""Cap the portfolio's one-day value at risk, the new order and in-flight entries included."""

from collections.abc import Sequence
from typing import Annotated, Literal

from msgspec import Meta

from nautilus_bot.risk.context import RiskContext
from nautilus_bot.risk.history import OnMissingHistory, missing_history
from nautilus_bot.risk.returns import ReturnsBook
from nautilus_bot.risk.rule import BaseRule, OrderRequest, RuleConfig, Verdict, approved, refused
from nautilus_bot.risk.rules.units import Hours, Percent
from nautilus_bot.risk.value_at_risk import HORIZON_HOURS, Confidence, ReturnSample

type Method = Literal["historical", "parametric", "larger"]


class PortfolioVarConfig(RuleConfig, frozen=True):
    """
    Configuration of ``PortfolioVar``.

    Parameters
    ----------
    limit_pct : float, default 20
        Largest value at risk of one day, percent of equity.
    confidence_pct : {95, 99}, default 95
        Percent of days whose loss stays within the value at risk.
    method : {"historical", "parametric", "larger"}, default "larger"
        Empirical quantile of overlapping days, normal quantile, or the larger of the two.
    window_hours : int, default 720
        Hourly returns that are looked at.
    min_history_hours : int, default 240
        Hours that all instruments of the portfolio must have; at least 48, at most ``window_hours``.
    on_missing_history : {"approve", "refuse"}, default "approve"
        What to answer before that; an approval carries a note.
    """

    limit_pct: Percent = 20.0
    confidence_pct: Confidence = 95
    method: Method = "larger"
    window_hours: Hours = 720
    min_history_hours: Annotated[int, Meta(ge=2 * HORIZON_HOURS, le=1440)] = 240
    on_missing_history: OnMissingHistory = "approve"

    def __post_init__(self) -> None:
        """Refuse a history that no window can hold."""
        if self.min_history_hours > self.window_hours:
            raise ValueError(f"min_history_hours must be <= window_hours ({self.window_hours})")


class PortfolioVar(BaseRule):
    """Approve an entry only when the value at risk of the portfolio after it is within the limit."""

    config_type = PortfolioVarConfig

    def __init__(self, config: PortfolioVarConfig) -> None:
        self._config = config

    def check(self, request: OrderRequest, context: RiskContext, /) -> Verdict:
        """Measure the portfolio with the order in it."""
        config = self._config
        equity = context.equity_usdt
        if equity <= 0.0:
            return refused("there is no equity", limit=config.limit_pct, observed=0.0, unit="pct")
        exposures = context.exposures()
        instrument_id = request.instrument_id
        exposures[instrument_id] = exposures.get(instrument_id, 0.0) + request.sign * request.notional_usdt
        loss = self._loss(context.returns, exposures)
        if loss is None:
            found = self._found(context.returns, tuple(sorted(exposures)))
            return missing_history(found, config.min_history_hours, config.on_missing_history)
        observed = 100.0 * loss / equity
        if observed <= config.limit_pct:
            return approved(limit=config.limit_pct, observed=observed, unit="pct")
        return refused(
            f"one-day value at risk {observed:.2f} % of equity > {config.limit_pct:g} %"
            f" ({config.method}, {config.confidence_pct} %)",
            limit=config.limit_pct,
            observed=observed,
            unit="pct",
        )

    def _found(self, returns: ReturnsBook, instrument_ids: tuple[str, ...]) -> int:
        hours = self._config.window_hours
        key = (self, instrument_ids, hours)
        return returns.once_per_sample(key, lambda: len(returns.aligned(instrument_ids, hours)[0]))

    def _loss(self, returns: ReturnsBook, exposures: dict[str, float]) -> float | None:
        """Return the value at risk, USDT; None before there is enough history."""
        instrument_ids = tuple(sorted(exposures))
        if len(instrument_ids) > 1:
            sample = self._sample(returns, instrument_ids)
            vector = [exposures[i] for i in instrument_ids]
            return None if sample is None else self._measure(sample, vector)
        # alone, the loss is proportional to the position: measured once per sample and direction
        (exposure,) = exposures.values()
        sign = 1.0 if exposure >= 0.0 else -1.0

        def of_one_usdt() -> float | None:
            sample = self._sample(returns, instrument_ids)
            return None if sample is None else self._measure(sample, (sign,))

        unit = returns.once_per_sample((self, instrument_ids, sign), of_one_usdt)
        return None if unit is None else abs(exposure) * unit

    def _measure(self, sample: ReturnSample, exposures: Sequence[float]) -> float:
        method, confidence = self._config.method, self._config.confidence_pct
        if method == "historical":
            return sample.historical(exposures, confidence)
        if method == "parametric":
            return sample.parametric(exposures, confidence)
        return max(sample.historical(exposures, confidence), sample.parametric(exposures, confidence))

    def _sample(self, returns: ReturnsBook, instrument_ids: tuple[str, ...]) -> ReturnSample | None:
        def compute() -> ReturnSample | None:
            columns = returns.aligned(instrument_ids, self._config.window_hours)
            enough = len(columns[0]) >= self._config.min_history_hours
            return ReturnSample(columns) if enough else None

        return returns.once_per_sample((self, instrument_ids), compute)
