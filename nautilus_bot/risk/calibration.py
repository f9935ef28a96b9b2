"""
From a strategy's confidence to the odds: the mapping file that ``nautilus-bot calibrate`` writes.

A mapping never falls, so asking whether the odds reach a threshold is asking whether the confidence reaches
another one. That one is worked out once; gate and fast simulation then compare the same two numbers.
"""

from bisect import bisect_left
from itertools import pairwise
from math import inf
from pathlib import Path

import msgspec

from nautilus_bot.core.errors import ConfigError, NotFound


class Mapping(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    Odds of one strategy by confidence, straight lines between knots, flat beyond the ends.

    Parameters
    ----------
    confidence : tuple[float, ...]
        Knots, rising.
    probability : tuple[float, ...]
        Share of signals that earned money there, never falling, in [0, 1].
    signals : int
        How many signals it was fitted on.
    method : str
        ``isotonic`` or ``platt``.
    """

    confidence: tuple[float, ...]
    probability: tuple[float, ...]
    signals: int
    method: str

    def __post_init__(self) -> None:
        """Refuse knots that are no mapping."""
        knots, odds = self.confidence, self.probability
        if len(knots) != len(odds) or not knots:
            raise ValueError("confidence and probability must be lists of the same length, at least one long")
        if any(b <= a for a, b in pairwise(knots)):
            raise ValueError("confidence must rise from knot to knot")
        if any(b < a for a, b in pairwise(odds)):
            raise ValueError("probability must not fall from knot to knot")
        if odds[0] < 0.0 or odds[-1] > 1.0:
            raise ValueError("probability must lie within 0 and 1")

    def odds(self, confidence: float) -> float:
        """Return the calibrated probability of a confidence."""
        knots, odds = self.confidence, self.probability
        above = bisect_left(knots, confidence)
        if above == 0:
            return odds[0]
        if above == len(knots):
            return odds[-1]
        share = (confidence - knots[above - 1]) / (knots[above] - knots[above - 1])
        return odds[above - 1] + share * (odds[above] - odds[above - 1])

    def confidence_for(self, probability: float) -> float:
        """Return the lowest confidence whose odds reach a probability; infinity when none does."""
        knots, odds = self.confidence, self.probability
        above = bisect_left(odds, probability)
        if above == 0:
            return 0.0
        if above == len(odds):
            return inf
        share = (probability - odds[above - 1]) / (odds[above] - odds[above - 1])
        return knots[above - 1] + share * (knots[above] - knots[above - 1])


class Calibration(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    A mapping file.

    Parameters
    ----------
    strategies : dict[str, Mapping]
        By class name.
    fitted_on : str
        Symbols, interval and time, for people.
    """

    strategies: dict[str, Mapping]
    fitted_on: str = ""

    def odds_of(self, strategy: str, confidence: float) -> float:
        """Return the odds of a strategy's signal; confidence itself where the strategy is not in the file."""
        mapping = self.strategies.get(strategy)
        return confidence if mapping is None else mapping.odds(confidence)

    def threshold_for(self, strategy: str, probability: float) -> float:
        """
        Return the confidence that a strategy needs for its odds to reach a probability.

        A strategy that the file does not know keeps the threshold as it is.
        """
        mapping = self.strategies.get(strategy)
        return probability if mapping is None else mapping.confidence_for(probability)


def load_calibration(path: Path) -> Calibration:
    """
    Read a mapping file.

    Raises
    ------
    NotFound
        If it does not exist.
    ConfigError
        If it is not a mapping file.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Calibration)
    except FileNotFoundError as e:
        raise NotFound(
            "min_confidence: calibration must name a file that `nautilus-bot calibrate` wrote, "
            f"{path} does not exist; write it, or leave calibration empty"
        ) from e
    except (msgspec.DecodeError, OSError) as e:
        raise ConfigError(
            f"{path}: must be a calibration that `nautilus-bot calibrate` wrote: {e}; write it again"
        ) from e
