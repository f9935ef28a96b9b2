"""A bar's numbers as the floats that the same numbers have in an array of candles."""

from typing import Final

from nautilus_trader.model.data import Bar
from nautilus_trader.model.objects import FIXED_SCALAR

SCALAR: Final = int(FIXED_SCALAR)


def bar_values(bar: Bar) -> tuple[float, float, float, float, float]:
    """
    Return open, high, low, close and volume, each the float nearest to its decimal.

    Parameters
    ----------
    bar : Bar
        A bar of any precision.

    Returns
    -------
    tuple[float, float, float, float, float]
        What ``load_candles`` holds for the bar, bit for bit.

    Notes
    -----
    ``Price.as_double`` is off by one unit in the last place for a quarter of all prices (29514.9 comes out as
    29514.899999999998): enough for a live kernel and a compiled one to disagree on a comparison. Dividing the
    integers rounds correctly.
    """
    return (
        bar.open.raw / SCALAR,
        bar.high.raw / SCALAR,
        bar.low.raw / SCALAR,
        bar.close.raw / SCALAR,
        bar.volume.raw / SCALAR,
    )
