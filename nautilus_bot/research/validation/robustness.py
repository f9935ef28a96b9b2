"""Checks around a chosen set: its neighbours, costs and delays, other orders of trades, other candles."""

from collections.abc import Iterator
from dataclasses import replace

import msgspec
import numpy as np

from nautilus_bot.research.fast import trade_log
from nautilus_bot.research.fast.market import Floats, Ints, Market
from nautilus_bot.research.fast.result import SimulationResult
from nautilus_bot.research.statistics.resampling import IntArray, block_rows
from nautilus_bot.research.validation.daily import annual_sharpe, total_return_pct
from nautilus_bot.research.validation.search import run_trials
from nautilus_bot.research.validation.setting import Setting
from nautilus_bot.research.validation.space import ParameterSet, Space, neighbours

REACH = 0.1
"""A neighbour is this share of a parameter's range away."""

SWITCHED_OFF = ("volatility", "portfolio_var")
"""Rules that measure the market hour by hour; left out on resampled candles."""


class Stress(msgspec.Struct, frozen=True):
    """
    The chosen set under worse conditions.

    Parameters
    ----------
    name : str
        The condition.
    return_pct, sharpe : float
        Over the whole history; the Sharpe ratio is annual.
    """

    name: str
    return_pct: float
    sharpe: float


class Plateau(msgspec.Struct, frozen=True):
    """
    The chosen set among its neighbours.

    Parameters
    ----------
    centre : float
        Annual Sharpe ratio of the chosen set.
    neighbours : tuple[float, ...]
        Those of its neighbours.
    """

    centre: float
    neighbours: tuple[float, ...]

    @property
    def kept_ratio(self) -> float:
        """Median of the neighbours over the centre; 0 where the centre earns nothing."""
        return float(np.median(self.neighbours)) / self.centre if self.centre > 0.0 else 0.0


def measure_plateau(setting: Setting, space: Space, chosen: ParameterSet) -> Plateau:
    """Return the Sharpe ratios around a set: an edge is a plateau, a fluke is a needle."""
    around = neighbours(space, chosen, REACH)
    sharpes = run_trials(setting, (chosen, *around)).sharpes().tolist()
    return Plateau(sharpes[0], tuple(sharpes[1:]) or (sharpes[0],))


def stress(setting: Setting, chosen: ParameterSet) -> tuple[Stress, ...]:
    """Return a set under double fees, more slippage, decisions one bar late, and all of them at once."""
    return tuple(_stressed(name, worse, chosen) for name, worse in _worse(setting))


def _worse(setting: Setting) -> Iterator[tuple[str, Setting]]:
    ticks = setting.slippage_ticks + slippage_ticks_of(setting.market)
    yield "as configured", setting
    yield "fees x 2", replace(setting, fee_factor=2 * setting.fee_factor)
    yield f"slippage + {ticks - setting.slippage_ticks} ticks", replace(setting, slippage_ticks=ticks)
    yield "one bar late", replace(setting, late=True)


def slippage_ticks_of(market: Market) -> int:
    """Return two basis points of the median price in ticks, at least one."""
    tick = float(market.facts.tick)
    return max(1, round(2e-4 * float(np.median(market.bars[:, 3])) / tick))


def _stressed(name: str, setting: Setting, chosen: ParameterSet) -> Stress:
    returns = run_trials(setting, (chosen,)).returns[:, 0]
    return Stress(name, total_return_pct(returns), annual_sharpe(returns))


def trade_returns(result: SimulationResult, capital_usdt: float) -> Floats:
    """
    Return what each finished trade earned after fees and funding, over the balance before it.

    Parameters
    ----------
    result : SimulationResult
        A run.
    capital_usdt : float
        Starting balance.
    """
    rows = result.rows[result.rows[:, trade_log.EXIT_BAR] >= 0]
    costs = rows[:, trade_log.ENTRY_FEE] + rows[:, trade_log.EXIT_FEE]
    earned = (rows[:, trade_log.PROFIT] - costs + rows[:, trade_log.FUNDING]) / 1e8
    before = capital_usdt + np.concatenate([[0.0], np.cumsum(earned)[:-1]]) if len(earned) else earned
    returns: Floats = earned / before
    return returns


def resampled_returns(
    setting: Setting, chosen: ParameterSet, draws: int, block_bars: int, random: np.random.Generator
) -> Floats:
    """
    Return what a set earns on markets made of blocks of the real one.

    Parameters
    ----------
    setting : Setting
        Strategy, market and conditions.
    chosen : ParameterSet
        Of the kernel.
    draws : int
        Number of markets.
    block_bars : int
        Mean length of a block.
    random : Generator
        Source of randomness.

    Returns
    -------
    Floats, shape (draws,)
        Total returns, percent.
    """
    rules = ({"rule": name, "enabled": False} for name in SWITCHED_OFF)
    kept = (*(one for one in setting.rules if one.get("rule") not in SWITCHED_OFF), *rules)
    found = np.empty(draws)
    for draw in range(draws):
        rows = block_rows(len(setting.market), block_bars, random)
        other = setting.on(resample_market(setting.market, rows), kept)
        found[draw] = total_return_pct(run_trials(other, (chosen,)).returns[:, 0])
    return found


def resample_market(market: Market, rows: IntArray) -> Market:
    """
    Return a market whose bars move as other bars did.

    Parameters
    ----------
    market : Market
        The real one.
    rows : IntArray, shape (n_bars,)
        Which bar's move and shape each bar takes over; its time stays, so funding and gaps do too.
    """
    before = np.concatenate([market.points[:1, 0], market.points[:-1, 3]]).astype(np.float64)
    shapes = market.points / before[:, None]
    moves = np.log(shapes[rows, 3])
    starts = float(before[0]) * np.exp(np.concatenate([[0.0], np.cumsum(moves)[:-1]]))
    points: Ints = np.maximum(1, np.rint(shapes[rows] * starts[:, None])).astype(np.int64)
    scale = market.points[0, 3] / market.bars[0, 3]
    bars = np.column_stack([points / round(float(scale)), market.bars[rows, 4]])
    return replace(market, points=points, bars=bars)
