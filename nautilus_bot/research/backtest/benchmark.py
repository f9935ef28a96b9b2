"""Buy and hold: what the market itself did, in equal parts, without leverage and fees."""

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

from nautilus_bot.market.candles import Candles
from nautilus_bot.research.backtest.rows import ALL, IntArray, Period, daily_equity
from nautilus_bot.research.backtest.statistics import (
    FloatArray,
    daily_returns,
    max_drawdown_pct,
    sharpe_ratio,
)


class Benchmark(msgspec.Struct, frozen=True, kw_only=True):
    """
    What buying at the first open and holding to the last close would have done.

    Parameters
    ----------
    symbol : str
        The symbol, or ``all`` for equal parts of each.
    return_pct : float
        Percent of the capital.
    max_drawdown_pct, sharpe : float
        Over the closes of days.
    """

    symbol: str
    return_pct: float
    max_drawdown_pct: float
    sharpe: float


def hold_curves(candles: Mapping[str, Candles], period: Period) -> dict[str, FloatArray]:
    """
    Return the value of the whole capital in each symbol, and under ``all`` in equal parts of them.

    Returns
    -------
    dict[str, FloatArray], each of shape (n_days + 1,)
        USDT, beginning with the capital.
    """
    curves = {symbol: _held(one, period) for symbol, one in candles.items()}
    if curves:
        curves[ALL] = np.mean(list(curves.values()), axis=0)
    return curves


def build_benchmarks(curves: Mapping[str, FloatArray]) -> tuple[Benchmark, ...]:
    """Return the figures of each curve."""
    return tuple(
        Benchmark(
            symbol=symbol,
            return_pct=100.0 * float(curve[-1] / curve[0] - 1.0),
            max_drawdown_pct=max_drawdown_pct(curve),
            sharpe=sharpe_ratio(daily_returns(curve)),
        )
        for symbol, curve in curves.items()
    )


def day_ends(period: Period, count: int) -> Sequence[int]:
    """Return the times (ns UTC) of a daily curve's points: the start, then the end of each day."""
    ns_per_day = 86_400 * 10**9
    first = period.start_ns // ns_per_day * ns_per_day
    return [period.start_ns, *(first + (day + 1) * ns_per_day for day in range(count - 1))]


def _held(candles: Candles, period: Period) -> FloatArray:
    length = int(candles.ts_open[1] - candles.ts_open[0]) if len(candles) > 1 else 0
    times: IntArray = np.concatenate(([period.start_ns], candles.ts_open + length))
    prices = np.concatenate(([candles.open[0]], candles.close))
    return daily_equity(times, prices / candles.open[0] * float(period.capital), period)
