"""The common factor of the synthetic market: regimes, clustered volatility and jumps."""

from math import sqrt

import numpy as np

from nautilus_bot.market.candles import FloatArray
from nautilus_bot.market.synthetic_model import (
    CLUSTER_HOURS,
    JUMPS_PER_DAY,
    MARKET_HOURLY_VOLATILITY,
    MAX_JUMP,
    MAX_VARIANCE,
    REGIMES,
    Regime,
)

_UNIFORMS = 6
"""Uniforms in one normal: their sum has the right mean and variance, and needs no library's log or cosine."""


def normals(random: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    """
    Return nearly normal numbers (mean 0, variance 1) made of sums of uniforms.

    Parameters
    ----------
    random : Generator
        Source of uniforms.
    shape : tuple[int, int]
        Rows and columns.
    """
    uniforms = random.random((_UNIFORMS, *shape))
    total = uniforms[0]
    for uniform in uniforms[1:]:  # one after the other: the order of a float sum is part of its result
        total = total + uniform
    standard: FloatArray = (total - _UNIFORMS / 2) / sqrt(_UNIFORMS / 12)
    return standard


def row_sums(steps: FloatArray) -> FloatArray:
    """Return the sum of each row, scaled to the variance of one element and added from left to right."""
    total = steps[:, 0]
    for column in range(1, steps.shape[1]):
        total = total + steps[:, column]
    return total / sqrt(steps.shape[1])


class Garch:
    """
    Variance that remembers: GARCH(1,1) with a long-run mean of one.

    Parameters
    ----------
    hours : float
        Length of a bar; the memory is ``CLUSTER_HOURS`` at every length.
    """

    def __init__(self, hours: float) -> None:
        lost = min(0.5, hours / CLUSTER_HOURS)
        self._shock = min(0.16, 0.9 * sqrt(lost))
        self._kept = 1.0 - lost - self._shock
        self._mean = lost
        self.variance = 1.0

    def advance(self, innovation: float) -> None:
        """Take in one bar's standardised innovation (mean 0, variance 1)."""
        shock = self.variance * innovation * innovation
        self.variance = min(MAX_VARIANCE, self._mean + self._shock * shock + self._kept * self.variance)

    def deviations(self, innovations: FloatArray) -> FloatArray:
        """Return the standard deviation that each bar of a block started with."""
        deviations = []
        for innovation in innovations.tolist():
            deviations.append(sqrt(self.variance))
            self.advance(innovation)
        return np.array(deviations)


class MarketFactor:
    """
    The return that all symbols share.

    Parameters
    ----------
    seed : int
        Zero or more.
    interval_ns : int
        Length of a bar.
    """

    def __init__(self, seed: int, interval_ns: int) -> None:
        self._random = np.random.Generator(np.random.PCG64([seed, 0]))
        self._hours = interval_ns / 3_600e9
        self._garch = Garch(self._hours)
        self._regime = REGIMES[0]
        self._displacement = 0.0

    def draw(self, season: FloatArray, n_steps: int) -> FloatArray:
        """
        Return the factor's steps for the next block.

        Parameters
        ----------
        season : FloatArray, shape (n_bars,)
            Multiple of the volatility by time of day.
        n_steps : int
            Steps inside a bar.

        Returns
        -------
        FloatArray, shape (n_bars, n_steps)
            Returns as ratios.
        """
        noise = normals(self._random, (len(season), n_steps))
        jumps, jump_steps = self._draw_jumps(len(season), n_steps)
        drift, deviation = self._walk(season, row_sums(noise), jumps)
        steps = drift[:, None] / n_steps + (deviation / sqrt(n_steps))[:, None] * noise
        steps[np.arange(len(season)), jump_steps] += jumps
        return steps

    def _draw_jumps(self, n_bars: int, n_steps: int) -> tuple[FloatArray, np.ndarray]:
        happens, size, sign, place = self._random.random((4, n_bars))
        scale = MARKET_HOURLY_VOLATILITY * sqrt(min(1.0, self._hours * 4))
        sizes = np.minimum(MAX_JUMP, 1.5 / np.sqrt(1.0 - size)) * scale
        rate = JUMPS_PER_DAY * self._hours / 24.0
        jumps = np.where(happens < rate, np.where(sign < 0.5, -sizes, sizes), 0.0)
        return jumps, (place * n_steps).astype(np.int64)

    def _walk(
        self, season: FloatArray, innovations: FloatArray, jumps: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Return each bar's drift and standard deviation, following the regimes bar by bar."""
        per_bar = MARKET_HOURLY_VOLATILITY * sqrt(self._hours)
        leaving, choice = self._random.random((2, len(season)))
        drifts, deviations = [], []
        rows = zip(season, innovations, jumps, leaving, choice, strict=True)
        for time_of_day, innovation, jump, leave, chosen in (map(float, row) for row in rows):
            drift = self._drift()
            deviation = per_bar * time_of_day * sqrt(self._regime.variance * self._garch.variance)
            drifts.append(drift)
            deviations.append(deviation)
            self._displacement += drift + deviation * innovation + jump
            self._garch.advance(innovation + jump / deviation)
            if leave < self._hours / self._regime.mean_hours:
                self._enter(REGIMES[self._regime.following[int(chosen * len(self._regime.following))]])
        return np.array(drifts), np.array(deviations)

    def _drift(self) -> float:
        pull = min(0.5, self._regime.pull * self._hours)
        return self._regime.drift * MARKET_HOURLY_VOLATILITY * self._hours - pull * self._displacement

    def _enter(self, regime: Regime) -> None:
        self._regime = regime
        self._displacement = 0.0
