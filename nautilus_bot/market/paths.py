"""
A plausible path of trades inside a bar, whose open, high, low, close and volume are exactly the bar's.

Everything is a whole number, ticks of price and lots of volume, so nothing is lost to rounding. The path is a
pure function of the bar and the random generator: the same seed gives the same path everywhere.
"""

from collections.abc import Sequence
from itertools import pairwise
from random import Random
from typing import Final, NamedTuple

MIN_POINTS: Final = 4
"""A path visits up to four prices: open, the two extremes, close."""

_USUAL_ORDER: Final = 0.8
"""How often a rising bar makes its low first, and a falling one its high."""

_JITTER: Final = 0.8
"""How far a trade may come after its even place in time, as a ratio of the distance to the next."""


class PathPoint(NamedTuple):
    """One trade of a path: where in the bar, at which tick, how many lots, who was the taker."""

    fraction: float
    ticks: int
    lots: int
    taker_buys: bool


def bar_path(
    bar: tuple[int, int, int, int], lots: int, *, points: int, rng: Random, noise: float = 0.25
) -> list[PathPoint]:
    """
    Return trades that together make exactly this bar.

    Parameters
    ----------
    bar : tuple[int, int, int, int]
        Open, high, low and close in ticks.
    lots : int
        Volume in lots; zero gives points without volume.
    points : int
        Wanted number of trades, at least ``MIN_POINTS``; fewer come when there are fewer lots.
    rng : Random
        Source of chance; two generators of the same seed give the same path.
    noise : float
        How far a step may wander off the straight way, as a ratio of the bar's range.

    Returns
    -------
    list[PathPoint]
        In order of time, fractions in [0, 1).

    Raises
    ------
    ValueError
        If high or low do not enclose open and close, or if there are too few points or lots.
    """
    open_, high, low, close = bar
    if not low <= min(open_, close) <= max(open_, close) <= high:
        raise ValueError(f"a bar must have low <= open, close <= high, was {bar}")
    if points < MIN_POINTS or 0 < lots < MIN_POINTS:
        raise ValueError(f"a path needs at least {MIN_POINTS} points and lots, got {points} and {lots}")
    count = min(points, lots) if lots else points
    prices = _prices(_waypoints(bar, rng), count, (low, high), noise, rng)
    volumes = _split(lots, count, rng)
    return [
        PathPoint((index + _JITTER * rng.random()) / count, price, volume, _taker_buys(prices, index, rng))
        for index, (price, volume) in enumerate(zip(prices, volumes, strict=True))
    ]


def _waypoints(bar: tuple[int, int, int, int], rng: Random) -> list[int]:
    open_, high, low, close = bar
    low_first = (rng.random() < _USUAL_ORDER) == (close >= open_)
    return [open_, low, high, close] if low_first else [open_, high, low, close]


def _prices(
    waypoints: list[int], count: int, bounds: tuple[int, int], noise: float, rng: Random
) -> list[int]:
    """Walk from waypoint to waypoint; the steps of a leg follow its length."""
    legs = [abs(after - before) + 1 for before, after in pairwise(waypoints)]
    spare = _share(count - MIN_POINTS, legs)
    prices = [waypoints[0]]
    for leg, between in zip(pairwise(waypoints), spare, strict=True):
        prices.extend(_wander(leg, between, bounds, noise, rng))
        prices.append(leg[1])
    return prices


def _wander(
    leg: tuple[int, int], between: int, bounds: tuple[int, int], noise: float, rng: Random
) -> list[int]:
    before, after = leg
    low, high = bounds
    spread = (high - low) * noise
    steps = []
    for index in range(1, between + 1):
        along = index / (between + 1)
        straight = before + (after - before) * along
        off = rng.uniform(-spread, spread) * 4 * along * (1 - along)
        steps.append(min(high, max(low, round(straight + off))))
    return steps


def _split(total: int, count: int, rng: Random) -> list[int]:
    """Split lots at random, at least one for every trade."""
    if not total:
        return [0] * count
    weights = [1 + int(rng.random() * 1000) for _ in range(count)]
    return [1 + part for part in _share(total - count, weights)]


def _share(total: int, weights: Sequence[int]) -> list[int]:
    """Split a whole number by weights; the parts add up to it."""
    whole = sum(weights)
    parts = []
    given = running = 0
    for weight in weights:
        running += weight
        upto = total * running // whole
        parts.append(upto - given)
        given = upto
    return parts


def _taker_buys(prices: list[int], index: int, rng: Random) -> bool:
    step = prices[index] - prices[index - 1] if index else 0
    return step > 0 if step else rng.random() < 0.5
