"""Wilder's indicators: true range, relative strength, directional movement."""

from strategies.kernels.averages import wilder
from strategies.kernels.contract import MutableFloats

ADX_SLOTS = 4
"""Slots of an ``adx`` block: +DM, -DM, true range, ADX."""


def true_range(high: float, low: float, previous_close: float) -> float:
    """Return the bar's range extended to the close before it, in price."""
    return max(high, previous_close) - min(low, previous_close)


def rsi(state: MutableFloats, base: int, change: float, period: float, count: float) -> float:
    """
    Advance Wilder's relative strength index.

    Parameters
    ----------
    state : MutableFloats
        The kernel's state.
    base : int
        First of two slots: average gain, average loss.
    change : float
        Change of the close, in price.
    period : float
        Length of the averages in bars.
    count : float
        Number of changes so far, this one included.

    Returns
    -------
    float
        In points, 0 to 100; 50 where nothing has moved. Meaningless until ``count`` reaches ``period``.
    """
    gain = wilder(state, base, max(change, 0.0), period, count)
    loss = wilder(state, base + 1, max(-change, 0.0), period, count)
    if gain + loss <= 0.0:
        return 50.0
    return 100.0 * gain / (gain + loss)


def adx(
    state: MutableFloats, base: int, movement: tuple[float, float, float], period: float, count: float
) -> tuple[float, float, float]:
    """
    Advance Wilder's average directional index.

    Parameters
    ----------
    state : MutableFloats
        The kernel's state.
    base : int
        First of ``ADX_SLOTS`` slots.
    movement : tuple[float, float, float]
        This high less the one before, the low before less this one, the true range; in price.
    period : float
        Length of the averages in bars.
    count : float
        Number of bars so far that had one before them, this one included.

    Returns
    -------
    tuple[float, float, float]
        ADX, +DI and -DI in points, 0 to 100. ADX is complete from ``count == 2 * period - 1`` on.

    Notes
    -----
    Seeded as TA-Lib does: sums of the first ``period - 1`` bars, then smoothing; the first ADX is the mean of
    the next ``period`` directional indices.
    """
    rise, fall, reach = movement
    plus = rise if rise > fall and rise > 0.0 else 0.0
    minus = fall if fall > rise and fall > 0.0 else 0.0
    decay = 0.0 if count < period else 1.0 / period
    state[base] += plus - state[base] * decay
    state[base + 1] += minus - state[base + 1] * decay
    state[base + 2] += reach - state[base + 2] * decay
    if state[base + 2] <= 0.0:
        return state[base + 3], 0.0, 0.0
    plus_di = 100.0 * state[base] / state[base + 2]
    minus_di = 100.0 * state[base + 1] / state[base + 2]
    if count >= period and plus_di + minus_di > 0.0:
        index = 100.0 * abs(plus_di - minus_di) / (plus_di + minus_di)
        wilder(state, base + 3, index, period, count - period + 1.0)
    return state[base + 3], plus_di, minus_di
