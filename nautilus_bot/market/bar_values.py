"""A bar's numbers as the floats that the same numbers have in an array of candles."""

from nautilus_trader.model.data import Bar


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
    29514.899999999998): enough for a live kernel and a compiled one to disagree on a comparison.
    """
    decimals, volume_decimals = bar.open.precision, bar.volume.precision
    return (
        round(bar.open.as_double(), decimals),
        round(bar.high.as_double(), decimals),
        round(bar.low.as_double(), decimals),
        round(bar.close.as_double(), decimals),
        round(bar.volume.as_double(), volume_decimals),
    )
