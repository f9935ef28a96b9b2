"""
Steps of price and quantity, exact on the way to an order.

A kernel proposes float prices. They become whole ticks once, by ``to_ticks``, and everything after that is
integer or ``Decimal``. The compiled simulation calls the same functions, so both round alike.
"""

from decimal import ROUND_FLOOR, Decimal


def to_ticks(price: float, tick: float) -> int:
    """
    Return the tick nearest to a float price (half up).

    Parameters
    ----------
    price : float
        Price in quote currency, positive.
    tick : float
        Price increment of the instrument.

    Returns
    -------
    int
        Whole number of ticks.
    """
    return int(price / tick + 0.5)


def floor_to_step(value: Decimal, step: Decimal) -> Decimal:
    """
    Round a quantity down to its step.

    Parameters
    ----------
    value : Decimal
        Quantity in base currency, zero or more.
    step : Decimal
        Lot size, positive.

    Returns
    -------
    Decimal
        Largest multiple of ``step`` that is not above ``value``.
    """
    return (value / step).to_integral_value(rounding=ROUND_FLOOR) * step
