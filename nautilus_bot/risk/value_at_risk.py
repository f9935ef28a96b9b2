"""
One-day value at risk of a portfolio, from hourly returns.

Sums of products are rounded once (``math.sumprod``) and arrays are only ever combined element by element: a
matrix product of NumPy rounds as its library, the processor and the arrays' addresses have it, and a run must
replay to the last bit anywhere.
"""

import struct
from collections.abc import Sequence
from math import fsum, sqrt
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from nautilus_bot.risk.returns import covariances

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
    columns : Sequence[list[float]]
        Simple returns of each instrument, dimensionless, oldest first; equally long, at least
        ``HORIZON_HOURS + 1`` hours.
    """

    def __init__(self, columns: Sequence[list[float]]) -> None:
        # NumPy takes five times as long to read a list of floats as `struct` does
        packed = struct.Struct(f"{len(columns[0])}d").pack
        self._daily = [daily_returns(np.frombuffer(packed(*column))) for column in columns]
        self._covariance = covariances(columns)

    def historical(self, exposures: Sequence[float], confidence: Confidence) -> float:
        """
        Return the loss that all but the worst overlapping days of the sample stay within.

        Parameters
        ----------
        exposures : Sequence[float]
            Signed notional of each instrument, USDT.
        confidence : {95, 99}
            Percent of days.

        Returns
        -------
        float
            USDT, zero or more: the empirical quantile of the sums of 24 consecutive hourly returns.
        """
        profits = self._daily[0] * exposures[0]
        for daily, exposure in zip(self._daily[1:], exposures[1:], strict=True):
            profits += daily * exposure
        rank = len(profits) * (100 - confidence) // 100
        profits.partition(rank)
        return max(0.0, -float(profits[rank]))

    def parametric(self, exposures: Sequence[float], confidence: Confidence) -> float:
        """
        Return the normal quantile of a day's loss with zero mean, USDT.

        Notes
        -----
        Hourly covariance (``ddof=1``) scaled by the square root of 24: hours are taken as independent.
        """
        hourly_variance = fsum(
            exposures[i] * value * exposures[j] * (1.0 if i == j else 2.0)
            for i, row in enumerate(self._covariance)
            for j, value in enumerate(row)
        )
        return NORMAL_QUANTILES[confidence] * sqrt(max(0.0, hourly_variance) * HORIZON_HOURS)


def daily_returns(hourly: FloatArray) -> FloatArray:
    """Return the sums of every 24 consecutive hourly returns, oldest first."""
    sums = np.empty(len(hourly) + 1)
    sums[0] = 0.0
    hourly.cumsum(out=sums[1:])
    return sums[HORIZON_HOURS:] - sums[:-HORIZON_HOURS]
