"""The sample moments that inference about a Sharpe ratio needs."""

from math import nan
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

type FloatArray = NDArray[np.float64]


class Moments(NamedTuple):
    """
    Sample moments of returns.

    Parameters
    ----------
    periods : int
        Number of returns.
    sharpe : float
        Mean over standard deviation, per period, not annualised; NaN where there is no variation.
    skewness : float
        Third standardised moment; 0 for normal returns.
    kurtosis : float
        Fourth standardised moment; 3 for normal returns.
    """

    periods: int
    sharpe: float
    skewness: float
    kurtosis: float


def moments_of(returns: FloatArray) -> Moments:
    """
    Return the moments of a series of returns.

    Parameters
    ----------
    returns : FloatArray, shape (n,)
        Ratios per period, oldest first, without NaN.

    Notes
    -----
    The deviation of the Sharpe ratio has ``ddof=1``; skewness and kurtosis are the population moments, as in
    D. H. Bailey and M. Lopez de Prado, "The Sharpe Ratio Efficient Frontier", J. of Risk 15 (2012).
    """
    if len(returns) < 2:
        return Moments(len(returns), nan, nan, nan)
    centred = returns - returns.mean()
    variance = float(np.mean(centred**2))
    if variance == 0.0:
        return Moments(len(returns), nan, nan, nan)
    deviation = float(np.std(returns, ddof=1))
    return Moments(
        len(returns),
        float(returns.mean()) / deviation,
        float(np.mean(centred**3)) / variance**1.5,
        float(np.mean(centred**4)) / variance**2,
    )
