"""
From margins to a decision: what all kernels share.

Confidence is ``0.5 + 0.5 * mean(strength)`` over the conditions; a strength is ``margin / (margin + scale)``:
0.50 when every condition is only just met, 0.75 when every margin equals its scale, towards 1 beyond. It
rises strictly with each margin. It speaks of the conditions, not of the odds: mapping it to outcomes is the
work of calibration.
"""

from strategies.kernels.contract import Condition, MutableFloats

BARS_SEEN = 0
"""Slot of the number of bars fed, in every kernel."""

FIRST_MARGIN = 1
"""First slot of the block of margins, in every kernel."""

LARGEST_DISTANCE_RATIO = 0.5
"""A stop or target is never further from the price than this share of it, so that prices stay positive."""


def strength(margin: float, scale: float) -> float:
    """
    Return how strongly a condition is met.

    Parameters
    ----------
    margin : float
        Zero or more, in the condition's unit.
    scale : float
        Margin that counts as half of the full strength, in the same unit, positive.

    Returns
    -------
    float
        In [0, 1), strictly rising with the margin.
    """
    return margin / (margin + scale)


def undecided(state: MutableFloats, margins: int) -> tuple[float, float, float, float]:
    """
    Return no signal where margins cannot be known: in the warm-up or in a market that does not move.

    Parameters
    ----------
    state : MutableFloats
        The kernel's state; its margins become -1 (missed).
    margins : int
        Number of margin slots.
    """
    for slot in range(FIRST_MARGIN, FIRST_MARGIN + margins):
        state[slot] = -1.0
    return 0.0, 0.0, 0.0, 0.0


def propose(
    side: float, mean_strength: float, close: float, stop_distance: float, target_distance: float
) -> tuple[float, float, float, float]:
    """
    Return a signal with its protective prices.

    Parameters
    ----------
    side : float
        1.0 (buy) or -1.0 (sell).
    mean_strength : float
        Mean of the conditions' strengths, in [0, 1].
    close : float
        Price of the decision.
    stop_distance, target_distance : float
        From that price, positive, in price.
    """
    largest = LARGEST_DISTANCE_RATIO * close
    stop = close - side * min(stop_distance, largest)
    target = close + side * min(target_distance, largest)
    return side, 0.5 + 0.5 * mean_strength, stop, target


def conditions(*named: tuple[str, str]) -> tuple[Condition, ...]:
    """
    Lay the conditions' margins out in the state, long and short in turn from ``FIRST_MARGIN`` on.

    Parameters
    ----------
    *named : tuple[str, str]
        Name and unit of each condition, in the order of the slots.
    """
    return tuple(
        Condition(name, FIRST_MARGIN + 2 * index, FIRST_MARGIN + 2 * index + 1, unit)
        for index, (name, unit) in enumerate(named)
    )
