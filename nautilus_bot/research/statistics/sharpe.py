"""How sure a Sharpe ratio is, alone and as the best of many trials. All Sharpe ratios are per period."""

from math import e, inf, isnan, nan, sqrt
from typing import Final

import numpy as np
from scipy.stats import norm

from nautilus_bot.research.statistics.moments import FloatArray, Moments

EULER_MASCHERONI: Final = 0.5772156649015329


def sharpe_deviation(moments: Moments) -> float:
    """
    Return the standard error of a Sharpe ratio times ``sqrt(n - 1)``.

    Parameters
    ----------
    moments : Moments
        Of the returns.

    Notes
    -----
    ``sqrt(1 - skewness * SR + (kurtosis - 1) / 4 * SR^2)``: E. Mertens (2002), as used by Bailey and
    Lopez de Prado (2012), equation 4. The radicand is never negative for moments of one sample.
    """
    sharpe = moments.sharpe
    return sqrt(max(0.0, 1.0 - moments.skewness * sharpe + (moments.kurtosis - 1.0) / 4.0 * sharpe**2))


def probabilistic_sharpe(moments: Moments, benchmark: float = 0.0) -> float:
    """
    Return the probability that the true Sharpe ratio is above a benchmark.

    Parameters
    ----------
    moments : Moments
        Of the returns.
    benchmark : float, default 0
        Sharpe ratio per period to be beaten.

    Returns
    -------
    float
        In [0, 1]; 0 for returns without variation, which prove nothing.

    Notes
    -----
    PSR, Bailey and Lopez de Prado, "The Sharpe Ratio Efficient Frontier", J. of Risk 15 (2012), equation 11.
    """
    if moments.periods < 2 or isnan(moments.sharpe):
        return 0.0
    deviation = sharpe_deviation(moments)
    excess = (moments.sharpe - benchmark) * sqrt(moments.periods - 1)
    if deviation == 0.0:
        return 1.0 if excess > 0.0 else 0.0
    return float(norm.cdf(excess / deviation))


def min_track_record(moments: Moments, benchmark: float = 0.0, confidence: float = 0.95) -> float:
    """
    Return how many returns it takes before the Sharpe ratio is above a benchmark with some confidence.

    Parameters
    ----------
    moments : Moments
        Of the returns; their number plays no part.
    benchmark : float, default 0
        Sharpe ratio per period to be beaten.
    confidence : float, default 0.95
        In (0, 1).

    Returns
    -------
    float
        Number of returns; infinite where the benchmark is not even reached.

    Notes
    -----
    MinTRL, Bailey and Lopez de Prado (2012), equation 13.
    """
    if isnan(moments.sharpe) or moments.sharpe <= benchmark:
        return inf
    needed = float(norm.ppf(confidence)) / (moments.sharpe - benchmark)
    return 1.0 + sharpe_deviation(moments) ** 2 * needed**2


def expected_max_sharpe(trials: float, variance: float) -> float:
    """
    Return the Sharpe ratio that the best of some trials has by luck alone.

    Parameters
    ----------
    trials : float
        Number of independent trials, one or more.
    variance : float
        Variance of the trials' Sharpe ratios per period.

    Notes
    -----
    The False Strategy theorem, D. H. Bailey and M. Lopez de Prado, "The Deflated Sharpe Ratio", J. of
    Portfolio Management 40 (2014), equation 1. A single trial has no luck of selection: 0.
    """
    if trials <= 1.0:
        return 0.0
    first = float(norm.ppf(1.0 - 1.0 / trials))
    second = float(norm.ppf(1.0 - 1.0 / (trials * e)))
    return sqrt(variance) * ((1.0 - EULER_MASCHERONI) * first + EULER_MASCHERONI * second)


def deflated_sharpe(moments: Moments, trials: float, variance: float) -> float:
    """
    Return the probability that the best of some trials is better than luck explains.

    Parameters
    ----------
    moments : Moments
        Of the best trial's returns.
    trials : float
        Number of independent trials.
    variance : float
        Variance of the trials' Sharpe ratios per period.

    Notes
    -----
    DSR, Bailey and Lopez de Prado (2014), equation 2: the PSR against ``expected_max_sharpe``.
    """
    return probabilistic_sharpe(moments, expected_max_sharpe(trials, variance))


def independent_trials(returns: FloatArray) -> float:
    """
    Return how many independent trials as many correlated ones are worth.

    Parameters
    ----------
    returns : FloatArray, shape (n_periods, n_trials)
        Returns of each trial; one without variation is left out.

    Returns
    -------
    float
        Between 1 and the number of trials; NaN when no trial varies.

    Notes
    -----
    ``rho + (1 - rho) * trials`` with the mean correlation ``rho`` of all pairs, taken as 0 when it is
    negative: Bailey and Lopez de Prado (2014), appendix A.3.
    """
    varying = returns[:, returns.std(axis=0) > 0.0]
    count = varying.shape[1]
    if count < 2:
        return nan if count == 0 else 1.0
    standard = (varying - varying.mean(axis=0)) / varying.std(axis=0)
    # the mean over all entries of a correlation matrix is the variance of the mean of standardised series
    everything = float(np.mean(np.mean(standard, axis=1) ** 2)) * count**2
    rho = max(0.0, (everything - count) / (count * (count - 1)))
    return float(rho + (1.0 - rho) * count)
