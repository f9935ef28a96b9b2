"""
Rolling windows on a ring that lives in the kernel's state.

A ring is a block of slots: a few for its sums, then one a bar up to the largest period. Bar number ``count``
(from 1) is kept at ``(count - 1) % period``, so no write position is stored. Sums are running sums that are
computed anew each time the ring wraps: constant cost a bar on average, and rounding never builds up for
longer than one period.
"""

from math import sqrt

from strategies.kernels.contract import MutableFloats

SUM_HEADER = 1
"""Slots of a ``rolling_mean`` or ``highest`` block besides one a bar."""

DEVIATION_HEADER = 3
"""Slots of a ``mean_and_deviation`` block besides one a bar."""


def rolling_mean(state: MutableFloats, base: int, value: float, period: float, count: float) -> float:
    """
    Advance a simple moving average.

    Parameters
    ----------
    state : MutableFloats
        The kernel's state.
    base : int
        First slot of the block: the running sum, then the ring.
    value : float
        New value, in any unit.
    period : float
        Window in bars, a whole number not above the ring's size.
    count : float
        Number of values so far, this one included.

    Returns
    -------
    float
        Mean of the last ``period`` values; too small until there are so many.
    """
    size = int(period)
    ring = base + SUM_HEADER
    position = int(count - 1.0) % size
    state[base] += value - state[ring + position]
    state[ring + position] = value
    if position == size - 1:
        total = 0.0
        for slot in range(ring, ring + size):
            total += state[slot]
        state[base] = total
    return state[base] / period


def mean_and_deviation(
    state: MutableFloats, base: int, value: float, period: float, count: float
) -> tuple[float, float]:
    """
    Advance a rolling mean and population standard deviation.

    The sums are of differences to a reference price taken anew at each wrap of the ring, so that squares of
    large prices never cancel against each other.

    Parameters
    ----------
    state : MutableFloats
        The kernel's state.
    base : int
        First slot of the block: reference, sum, sum of squares, then the ring.
    value : float
        New value, in any unit.
    period : float
        Window in bars, a whole number not above the ring's size.
    count : float
        Number of values so far, this one included.

    Returns
    -------
    tuple[float, float]
        Mean and standard deviation (``ddof=0``); meaningless until ``count`` reaches ``period``.
    """
    size = int(period)
    ring = base + DEVIATION_HEADER
    position = int(count - 1.0) % size
    oldest = state[ring + position]
    state[ring + position] = value
    if position == size - 1 or count <= 1.0:
        total = 0.0
        squares = 0.0
        if count > 1.0:
            for slot in range(ring, ring + size):
                difference = state[slot] - value
                total += difference
                squares += difference * difference
        state[base] = value
    else:
        difference = value - state[base]
        total = state[base + 1] + difference
        squares = state[base + 2] + difference * difference
        if count > period:
            difference = oldest - state[base]
            total -= difference
            squares -= difference * difference
    state[base + 1] = total
    state[base + 2] = squares
    offset = total / period
    return state[base] + offset, sqrt(max(squares / period - offset * offset, 0.0))


def highest(state: MutableFloats, base: int, value: float, period: float, count: float) -> float:
    """
    Advance a rolling maximum; the window is searched only when the maximum itself leaves it.

    Parameters
    ----------
    state : MutableFloats
        The kernel's state.
    base : int
        First slot of the block: the maximum, then the ring.
    value : float
        New value, in any unit; feed ``-value`` and negate the result for a minimum.
    period : float
        Window in bars, a whole number not above the ring's size.
    count : float
        Number of values so far, this one included.

    Returns
    -------
    float
        Maximum of the last ``period`` values, or of all while there are fewer.
    """
    size = int(period)
    ring = base + SUM_HEADER
    position = int(count - 1.0) % size
    leaving = state[ring + position]
    state[ring + position] = value
    if count <= 1.0 or value >= state[base]:
        state[base] = value
    elif count > period and leaving >= state[base]:
        best = value
        for slot in range(ring, ring + size):
            best = max(best, state[slot])
        state[base] = best
    return state[base]
