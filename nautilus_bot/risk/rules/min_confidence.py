"""Refuse signals the strategy itself does not believe in."""

from pathlib import Path

from nautilus_bot.risk.calibration import Calibration, load_calibration
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
    calibration : str, default ""
        File that ``nautilus-bot calibrate`` wrote; the threshold is then one of calibrated probabilities.
        Empty takes confidence as the strategy gives it.
    """

    threshold: UnitInterval = 0.6
    calibration: str = ""

    def load_calibration(self) -> Calibration:
        """
        Return the calibration; without a file one that leaves every confidence as it is.

        Raises
        ------
        NotFound
            If the file does not exist.
        ConfigError
            If it is not a calibration.
        """
        return load_calibration(Path(self.calibration)) if self.calibration else Calibration(strategies={})


class MinConfidence(BaseRule):
    """Approve an entry only when its signal's confidence reaches the threshold."""

    config_type = MinConfidenceConfig

    def __init__(self, config: MinConfidenceConfig) -> None:
        self._threshold = config.threshold
        self._calibration = config.load_calibration()

    def check(self, request: OrderRequest, _context: RiskContext, /) -> Verdict:
        """Compare the confidence with the threshold; an order without a signal has none."""
        threshold = self._threshold
        if request.signal is None:
            return refused("an entry must come from a signal", limit=threshold, observed=0.0, unit="ratio")
        stated = request.signal.confidence
        confidence = self._calibration.odds_of(request.strategy, stated)
        if stated >= self._calibration.threshold_for(request.strategy, threshold):
            return approved(limit=threshold, observed=confidence, unit="ratio")
        shown = f"{confidence:.2f}"
        if float(shown) >= threshold:  # rounded up to it: show why it is not enough
            shown = f"{confidence:.5f}"
        return refused(
            f"confidence {shown} < {threshold:.2f}",
            limit=threshold,
            observed=confidence,
            unit="ratio",
        )
