"""
Recursive averages: one state slot, one multiplication a bar.

``count`` is always the number of values fed so far, this one included.
"""

from strategies.kernels.contract import MutableFloats


def ema(state: MutableFloats, slot: int, value: float, period: float, count: float) -> float:
    """
    Advance an exponential moving average, seeded with its first value.

    Parameters
    ----------
    state : MutableFloats
        The kernel's state.
    slot : int
        Where the average is kept.
    value : float
        New value, in any unit.
    period : float
        Span in bars; the weight of a new value is ``2 / (period + 1)``.
    count : float
        Number of values so far, this one included.

    Returns
    -------
    float
        The average, also left in ``state[slot]``.
    """
    if count <= 1.0:
        state[slot] = value
    else:
        state[slot] += 2.0 / (period + 1.0) * (value - state[slot])
    return state[slot]


def wilder(state: MutableFloats, slot: int, value: float, period: float, count: float) -> float:
    """
    Advance Wilder's moving average, seeded with the mean of the first ``period`` values.

    Parameters
    ----------
    state : MutableFloats
        The kernel's state; ``state[slot]`` must be 0 before the first value.
    slot : int
        Where the average is kept.
    value : float
        New value, in any unit.
    period : float
        Length in bars; the weight of a new value is ``1 / period``.
    count : float
        Number of values so far, this one included.

    Returns
    -------
    float
        The average; until ``count`` reaches ``period`` only the part of the seed gathered so far.

    Notes
    -----
    J. Welles Wilder, New Concepts in Technical Trading Systems (1978).
    """
    if count <= period:
        state[slot] += value / period
    else:
        state[slot] += (value - state[slot]) / period
    return state[slot]
