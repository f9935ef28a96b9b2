"""Walk-forward: choose parameters on a stretch of the past, trade the next stretch with them, step on."""

from collections.abc import Callable, Sequence
from math import nan, sqrt

import msgspec
import numpy as np

from nautilus_bot.research.fast.market import Floats, Ints
from nautilus_bot.research.validation.daily import (
    annual_sharpe,
    daily_returns,
    day_ends,
    days_of,
    drawdown_pct,
    total_return_pct,
)
from nautilus_bot.research.validation.search import run_trials
from nautilus_bot.research.validation.setting import NODE_WARMUP_BARS, Setting
from nautilus_bot.research.validation.space import ParameterSet, Space, as_mapping
from nautilus_bot.research.validation.windows import Plan, Window, cut_windows

LEAST_TRADES = 10
"""A parameter set with fewer trades in-sample is not chosen."""


class Score(msgspec.Struct, frozen=True):
    """
    What a stretch of days came to.

    Parameters
    ----------
    days : int
        Length.
    return_pct, drawdown_pct : float
        Compounded return and largest drawdown.
    sharpe : float
        Annualised; 0 when nothing was traded.
    trades : int
        Number of trades.
    """

    days: int
    return_pct: float
    sharpe: float
    drawdown_pct: float
    trades: int


class WindowResult(msgspec.Struct, frozen=True, kw_only=True):
    """
    One window; ``parameters`` is None when no set earned anything in-sample, and nothing was traded then.

    Parameters
    ----------
    train, test : tuple[int, int]
        First and last day (since 1970) in-sample and out-of-sample.
    parameters : dict[str, float] | None
        What was chosen.
    inside, outside : Score
        In-sample and out-of-sample.
    """

    train: tuple[int, int]
    test: tuple[int, int]
    parameters: dict[str, float] | None
    inside: Score
    outside: Score


class Stability(msgspec.Struct, frozen=True):
    """
    How much a chosen parameter moves from window to window.

    Parameters
    ----------
    name : str
        The parameter.
    low, high, median : float
        Of the chosen values.
    spread_ratio : float
        Standard deviation over that of an even draw from the searched range: about 1 for a choice at random,
        0 for always the same value.
    """

    name: str
    low: float
    high: float
    median: float
    spread_ratio: float


class WalkForward(msgspec.Struct, frozen=True, kw_only=True):
    """
    A whole walk-forward.

    Parameters
    ----------
    plan : Plan
        How time was cut.
    trials : int
        Parameter sets tried in each window.
    windows : tuple[WindowResult, ...]
        Oldest first.
    outside : Score
        All out-of-sample days together: what would have been earned.
    inside_sharpe : float
        Mean annual Sharpe ratio in-sample.
    efficiency : float
        Out-of-sample over mean in-sample Sharpe ratio; NaN when nothing was earned in-sample.
    stability : tuple[Stability, ...]
        By parameter; empty when nothing was ever chosen.
    days : tuple[int, ...]
        The out-of-sample days.
    returns : tuple[float, ...]
        Their returns.
    """

    plan: Plan
    trials: int
    windows: tuple[WindowResult, ...]
    outside: Score
    inside_sharpe: float
    efficiency: float
    stability: tuple[Stability, ...]
    days: tuple[int, ...]
    returns: tuple[float, ...]


def walk_forward(
    setting: Setting,
    space: Space,
    sets: Sequence[ParameterSet],
    plan: Plan,
    *,
    least_trades: int = LEAST_TRADES,
    on_window: Callable[[], None] | None = None,
) -> WalkForward:
    """
    Walk forward over a market.

    Parameters
    ----------
    setting : Setting
        Strategy, market and conditions.
    space : Space
        The searched ranges.
    sets : Sequence[ParameterSet]
        Tried in every window.
    plan : Plan
        How time is cut.
    least_trades : int, default 10
        A set with fewer trades in-sample is not chosen.
    on_window : Callable[[], None], optional
        Called after each window.

    Raises
    ------
    DataError
        If there are too few days.

    Notes
    -----
    R. Pardo, "The Evaluation and Optimization of Trading Strategies", 2nd ed. (2008), chapter 11. Every
    stretch begins flat and with the same capital; out-of-sample the kernel warms up on bars of the past that
    it cannot trade on.
    """
    calendar = _Calendar(days_of(setting.market.ts))
    windows, returns, outside_trades = [], [], 0
    for window in cut_windows(plan, len(calendar.days)):
        result, earned = _run_window(setting, space, sets, calendar, window, least_trades)
        windows.append(result)
        returns.append(earned)
        outside_trades += result.outside.trades
        if on_window is not None:
            on_window()
    stitched = np.concatenate(returns)
    outside = score(stitched, outside_trades)
    inside_sharpe = float(np.mean([one.inside.sharpe for one in windows]))
    days = [day for one in windows for day in calendar.between(*one.test)]
    return WalkForward(
        plan=plan,
        trials=len(sets),
        windows=tuple(windows),
        outside=outside,
        inside_sharpe=inside_sharpe,
        efficiency=outside.sharpe / inside_sharpe if inside_sharpe > 0.0 else nan,
        stability=_stability(space, windows),
        days=tuple(days),
        returns=tuple(stitched.tolist()),
    )


def score(returns: Floats, trades: int) -> Score:
    """Return the figures of some days."""
    return Score(
        len(returns), total_return_pct(returns), annual_sharpe(returns), drawdown_pct(returns), trades
    )


class _Calendar:
    """Days that have bars, and where their bars are."""

    def __init__(self, bar_days: Ints) -> None:
        self._ends = day_ends(bar_days)
        self.days = bar_days[self._ends]

    def rows(self, start: int, stop: int) -> tuple[int, int]:
        """Return the bars of the days ``start`` up to ``stop``."""
        return (int(self._ends[start - 1]) + 1 if start else 0), int(self._ends[stop - 1]) + 1

    def between(self, first: int, last: int) -> list[int]:
        """Return the days from first to last."""
        chosen: list[int] = self.days[(self.days >= first) & (self.days <= last)].tolist()
        return chosen


def _run_window(
    setting: Setting,
    space: Space,
    sets: Sequence[ParameterSet],
    calendar: _Calendar,
    window: Window,
    least_trades: int,
) -> tuple[WindowResult, Floats]:
    found = run_trials(setting.window(*calendar.rows(window.train_start, window.train_stop)), sets)
    best = found.best(least_trades)
    days = calendar.days
    if best is None:
        inside = score(np.zeros(window.train_stop - window.train_start), 0)
        earned, trades = np.zeros(window.test_stop - window.test_start), 0
    else:
        inside = score(found.returns[:, best], int(found.trades[best]))
        rows = calendar.rows(window.test_start, window.test_stop)
        earned, trades = trade_stretch(setting, sets[best], *rows)
    result = WindowResult(
        train=(int(days[window.train_start]), int(days[window.train_stop - 1])),
        test=(int(days[window.test_start]), int(days[window.test_stop - 1])),
        parameters=None if best is None else as_mapping(space, sets[best]),
        inside=inside,
        outside=score(earned, trades),
    )
    return result, earned


def trade_stretch(setting: Setting, params: ParameterSet, start: int, stop: int) -> tuple[Floats, int]:
    """
    Trade some bars with a kernel that is warm when they begin.

    Parameters
    ----------
    setting : Setting
        Strategy, market and conditions.
    params : ParameterSet
        Of the kernel.
    start, stop : int
        The bars.

    Returns
    -------
    tuple[Floats, int]
        Daily returns and the number of trades.
    """
    begin = max(0, start - max(NODE_WARMUP_BARS, setting.kernel.warmup_bars(params)))
    part = setting.window(begin, stop).closed_until(start - begin)
    result = part.simulation().run(params)
    days = days_of(part.market.ts[start - begin :])
    returns = daily_returns(result.equity[start - begin :], day_ends(days), float(setting.capital_usdt))
    return returns, len(result.rows)


def _stability(space: Space, windows: Sequence[WindowResult]) -> tuple[Stability, ...]:
    chosen = [one.parameters for one in windows if one.parameters is not None]
    if not chosen:
        return ()
    found = []
    for one in space:
        values = np.array([parameters[one.name] for parameters in chosen])
        even = (one.high - one.low) / sqrt(12.0)
        spread = float(values.std()) / even if even > 0.0 else 0.0
        low, high = float(values.min()), float(values.max())
        found.append(Stability(one.name, low, high, float(np.median(values)), spread))
    return tuple(found)
