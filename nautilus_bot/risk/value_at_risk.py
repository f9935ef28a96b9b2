"""One-day value at risk of a portfolio, from hourly returns."""

from math import sqrt
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

type FloatArray = npt.NDArray[np.float64]
type Confidence = Literal[95, 99]

HORIZON_HOURS: Final = 24
NORMAL_QUANTILES: Final[dict[int, float]] = {95: 1.6448536269514722, 99: 2.3263478740408408}
"""Standard normal quantiles of the two confidence levels, percent."""


class ReturnSample:
    """
    Joint hourly returns of some instruments, prepared once and asked for many portfolios.

    Parameters
    ----------
    hourly : FloatArray, shape (n_hours, n_instruments)
        Simple returns, dimensionless, oldest first, at least ``HORIZON_HOURS + 1`` rows.
    """

    def __init__(self, hourly: FloatArray) -> None:
        hours, instruments = hourly.shape
        sums = np.empty((hours + 1, instruments))
        sums[0] = 0.0
        hourly.cumsum(axis=0, out=sums[1:])
        self._daily: FloatArray = sums[HORIZON_HOURS:] - sums[:-HORIZON_HOURS]
        centred = hourly - hourly.sum(axis=0) / hours
        self._covariance: FloatArray = centred.T @ centred / (hours - 1)

    def historical(self, exposures: FloatArray, confidence: Confidence) -> float:
        """
        Return the loss that all but the worst overlapping days of the sample stay within.

        Parameters
        ----------
        exposures : FloatArray, shape (n_instruments,)
            Signed notional, USDT.
        confidence : {95, 99}
            Percent of days.

        Returns
        -------
        float
            USDT, zero or more: the empirical quantile of the sums of 24 consecutive hourly returns.
        """
        profits = self._daily @ exposures
        rank = len(profits) * (100 - confidence) // 100
        profits.partition(rank)
        return max(0.0, -float(profits[rank]))

    def parametric(self, exposures: FloatArray, confidence: Confidence) -> float:
        """
        Return the normal quantile of a day's loss with zero mean, USDT.

        Notes
        -----
        Hourly covariance (``ddof=1``) scaled by the square root of 24: hours are taken as independent.
        """
        hourly_variance = float(exposures @ self._covariance @ exposures)
        return NORMAL_QUANTILES[confidence] * sqrt(max(0.0, hourly_variance) * HORIZON_HOURS)
