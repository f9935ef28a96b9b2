"""Refuse signals the strategy itself does not believe in."""

from nautilus_bot.risk.context import RiskContext
from nautilus_bot.risk.rule import BaseRule, OrderRequest, RuleConfig, Verdict, approved, refused
from nautilus_bot.risk.rules.units import UnitInterval


class MinConfidenceConfig(RuleConfig, frozen=True):
    """
    Configuration of ``MinConfidence``.

    Parameters
    ----------
    threshold : float, default 0.6
        Lowest accepted confidence, dimensionless, in [0, 1].
    """

    threshold: UnitInterval = 0.6


class MinConfidence(BaseRule):
    """Approve an entry only when its signal's confidence reaches the threshold."""

    config_type = MinConfidenceConfig

    def __init__(self, config: MinConfidenceConfig) -> None:
        self._threshold = config.threshold

    def check(self, request: OrderRequest, _context: RiskContext, /) -> Verdict:
        """Compare the confidence with the threshold; an order without a signal has none."""
        threshold = self._threshold
        if request.signal is None:
            return refused("an entry must come from a signal", limit=threshold, observed=0.0, unit="ratio")
        confidence = request.signal.confidence
        if confidence >= threshold:
            return approved(limit=threshold, observed=confidence, unit="ratio")
        return refused(
            f"confidence {confidence:.2f} < {threshold:.2f}",
            limit=threshold,
            observed=confidence,
            unit="ratio",
        )
