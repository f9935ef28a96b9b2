"""Refuse signals the strategy itself does not believe in."""

from typing import Annotated

import msgspec

from nautilus_bot.risk.context import RiskContext
from nautilus_bot.risk.rule import BaseRule, OrderRequest, RuleConfig, Verdict, approved, refused

type UnitInterval = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]


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

    def check(self, request: OrderRequest, context: RiskContext) -> Verdict:
        """Compare the confidence with the threshold; an order without a signal has none."""
        if request.signal is None:
            return refused("an entry must come from a signal", limit=self._threshold, unit="ratio")
        confidence = request.signal.confidence
        if confidence >= self._threshold:
            return approved(limit=self._threshold, observed=confidence, unit="ratio")
        return refused(
            f"confidence {confidence:.2f} < {self._threshold:.2f}",
            limit=self._threshold,
            observed=confidence,
            unit="ratio",
        )
