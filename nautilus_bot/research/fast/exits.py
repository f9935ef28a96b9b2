"""
Which of stop and target a bar hits first, and at what price.

The bar is walked open, high, low, close, as Nautilus's matching engine walks it. A stop fills at its trigger,
or at the open when the bar opens beyond it; a target fills at its limit, never better. The close lies between
high and low, so it can hit nothing that they have not.
"""

NOTHING = 0
STOP = 1
TARGET = 2
SIGNAL = 3
GAP = 4
STILL_OPEN = 5


def first_hit(side: int, stop: int, target: int, opening: int, high: int, low: int) -> tuple[int, int]:
    """
    Return what ends a position inside a bar.

    Parameters
    ----------
    side : int
        1 long, -1 short.
    stop, target : int
        Trigger and limit price in points.
    opening, high, low : int
        The bar's prices in points.

    Returns
    -------
    tuple[int, int]
        ``STOP``, ``TARGET`` or ``NOTHING``, and the price in points.
    """
    if side > 0:
        if opening <= stop:
            return STOP, opening
        if high >= target:
            return TARGET, target
        if low <= stop:
            return STOP, stop
    else:
        if opening >= stop:
            return STOP, opening
        if opening <= target:
            return TARGET, target
        if high >= stop:
            return STOP, stop
        if low <= target:
            return TARGET, target
    return NOTHING, 0
