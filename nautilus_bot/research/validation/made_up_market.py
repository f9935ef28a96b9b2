"""
Markets with a known answer: a random walk without any edge, or one with an edge of known strength.

Log returns have GARCH(1,1) volatility and, for an edge, a slowly moving drift in units of the volatility. The
drift is the whole edge: without it the price is a martingale, and nobody can win but by luck.
"""

from functools import cache
from math import exp, sqrt
from typing import Any, Final

import numpy as np

from nautilus_bot.core.clocks import NS_PER_DAY, NS_PER_SEC
from nautilus_bot.market.candles import Candles
from nautilus_bot.market.instruments import facts_of
from nautilus_bot.research.fast.compile import compile_function
from nautilus_bot.research.fast.market import Floats, Market, build_market

INTERVAL_NS: Final = 900 * NS_PER_SEC
START_NS: Final = 19_723 * NS_PER_DAY
"""2024-01-01."""
BAR_VOLATILITY: Final = 0.0028
"""Of a quarter of an hour: 52 % a year."""
SHOCK = 0.06
KEPT = 0.92
"""GARCH(1,1): weight of the last square and of the last variance; the long-run mean is one."""
LARGEST_VARIANCE = 12.0
STEPS: Final = 4
"""Price steps inside a bar, from which high and low come."""
FIRST_PRICE: Final = 60_000.0
USUAL_VOLUME: Final = 400.0


def log_steps(noise: Floats, moods: Floats, edge: float, memory: float, volatility: float) -> Floats:
    """
    Return log returns of the steps inside each bar; plain Python that is compiled.

    Parameters
    ----------
    noise : Floats, shape (n_bars, STEPS)
        Standard normal.
    moods : Floats, shape (n_bars,)
        Standard normal innovations of the drift.
    edge : float
        Standard deviation of a bar's drift, in units of its volatility; 0 for a random walk.
    memory : float
        Autocorrelation of the drift from bar to bar.
    volatility : float
        Long-run standard deviation of a bar's log return.
    """
    steps = np.empty_like(noise)
    count = noise.shape[1]
    variance = 1.0
    mood = moods[0]
    for i in range(len(noise)):
        deviation = volatility * sqrt(variance)
        mood = memory * mood + sqrt(1.0 - memory * memory) * moods[i]
        # half of the variance is taken off, so that without an edge the price itself has no drift
        drift = (edge * mood * deviation - 0.5 * deviation * deviation) / count
        innovation = 0.0
        for j in range(count):
            steps[i, j] = drift + deviation / sqrt(count) * noise[i, j]
            innovation += noise[i, j] / sqrt(count)
        variance = 1.0 - SHOCK - KEPT + variance * (SHOCK * innovation * innovation + KEPT)
        variance = min(variance, LARGEST_VARIANCE)
    return steps


@cache
def _compiled() -> Any:
    return compile_function(log_steps)


def draw_market(seed: int, bars: int, *, edge: float = 0.0, half_life_bars: float = 96.0) -> Market:
    """
    Return a market of quarter-hourly bars of BTCUSDT.

    Parameters
    ----------
    seed : int
        The same seed gives the same market.
    bars : int
        Number of bars.
    edge : float, default 0
        Standard deviation of the drift in units of the volatility; 0 for a random walk.
    half_life_bars : float, default 96
        After how many bars the drift has lost half of its size.
    """
    random = np.random.default_rng(seed)
    noise = random.standard_normal((bars, STEPS))
    moods = random.standard_normal(bars)
    memory = exp(-0.6931471805599453 / half_life_bars)
    steps = _compiled()(noise, moods, edge, memory, BAR_VOLATILITY)
    path = FIRST_PRICE * np.exp(np.cumsum(steps.ravel())).reshape(steps.shape)
    closes = path[:, -1]
    opens = np.concatenate([[FIRST_PRICE], closes[:-1]])
    highs = np.maximum(opens, path.max(axis=1))
    lows = np.minimum(opens, path.min(axis=1))
    ranges = (highs - lows) / opens / BAR_VOLATILITY
    volume = USUAL_VOLUME * (0.3 + ranges) * np.exp(0.4 * random.standard_normal(bars))
    ts_open = START_NS + INTERVAL_NS * np.arange(bars, dtype=np.int64)
    return build_market(
        Candles(ts_open, opens, highs, lows, closes, volume), facts_of("BTCUSDT"), INTERVAL_NS
    )
