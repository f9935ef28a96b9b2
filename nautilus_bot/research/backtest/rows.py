"""One row of the result: a strategy on a symbol, all of a symbol, all of a strategy, or everything."""

from collections.abc import Sequence
from decimal import Decimal

import msgspec
import numpy as np
from numpy.typing import NDArray

from nautilus_bot.core.clocks import NS_PER_DAY
from nautilus_bot.research.backtest.recorded import EquityMark, SignalCount
from nautilus_bot.research.backtest.statistics import (
    FloatArray,
    Interval,
    daily_returns,
    exposure_pct,
    max_drawdown_pct,
    profit_factor,
    sharpe_ratio,
    sortino_ratio,
    win_rate_pct,
)
from nautilus_bot.research.backtest.trades import Trade

ALL = "all"

type IntArray = NDArray[np.int64]


class Period(msgspec.Struct, frozen=True):
    """First opening and last closing time of the bars, ns UTC, and the starting capital, USDT."""

    start_ns: int
    end_ns: int
    capital: Decimal


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """
    Figures of a part of a backtest.

    Parameters
    ----------
    strategy, symbol : str
        Class name and symbol, ``all`` for a sum.
    return_pct : float
        Realised profit and loss after fees and funding, percent of the starting capital.
    pnl_usdt : Decimal
        The same in USDT; the rows add up to the change of the wallet balance.
    trades, open_trades : int
        Round trips that ended, and positions that stand at the end.
    win_rate_pct, profit_factor : float
        Over the trades that ended, after fees and funding.
    max_drawdown_pct : float
        Of the account by its hourly equity marks; of a part by its realised balance.
    sharpe, sortino : float
        Daily, 365 days a year, over the same curve as the drawdown.
    exposure_pct : float
        Share of time with a position.
    fees_usdt, funding_usdt : Decimal
        Paid fees; received funding, negative when paid.
    signals, executed : int
        Generated signals, and those that led to a fill.
    refused : dict[str, int]
        Signals that risk refused, by rule.
    """

    strategy: str
    symbol: str
    return_pct: float
    pnl_usdt: Decimal
    trades: int
    open_trades: int
    win_rate_pct: float
    max_drawdown_pct: float
    sharpe: float
    sortino: float
    profit_factor: float
    exposure_pct: float
    fees_usdt: Decimal
    funding_usdt: Decimal
    signals: int
    executed: int
    refused: dict[str, int]

    @property
    def refusals(self) -> int:
        """Number of refused signals."""
        return sum(self.refused.values())


def build_row(
    strategy: str,
    symbol: str,
    trades: Sequence[Trade],
    counts: Sequence[SignalCount],
    period: Period,
    marks: Sequence[EquityMark] = (),
) -> Row:
    """
    Return the figures of some trades and signals.

    Parameters
    ----------
    strategy, symbol : str
        Names of the row.
    trades : Sequence[Trade]
        Its trades.
    counts : Sequence[SignalCount]
        Its signals.
    period : Period
        The whole time, days without a trade included.
    marks : Sequence[EquityMark]
        The account's equity; empty for a part of the account, which has only its realised balance.
    """
    closed = [trade for trade in trades if not trade.is_open]
    pnls = [float(trade.pnl) for trade in closed]
    total = sum((trade.pnl for trade in trades), Decimal(0))
    curve = mark_curve(marks, period) if marks else realised_curve(trades, period)
    returns = daily_returns(daily_equity(*curve, period))
    refused: dict[str, int] = {}
    for count in counts:
        for rule, number in count.refused.items():
            refused[rule] = refused.get(rule, 0) + number
    return Row(
        strategy=strategy,
        symbol=symbol,
        return_pct=float(100 * total / period.capital),
        pnl_usdt=total,
        trades=len(closed),
        open_trades=len(trades) - len(closed),
        win_rate_pct=win_rate_pct(pnls),
        max_drawdown_pct=max_drawdown_pct(curve[1]),
        sharpe=sharpe_ratio(returns),
        sortino=sortino_ratio(returns),
        profit_factor=profit_factor(pnls),
        exposure_pct=exposure_pct(_held(trades, period), period.start_ns, period.end_ns),
        fees_usdt=sum((trade.fees for trade in trades), Decimal(0)),
        funding_usdt=sum((trade.funding for trade in trades), Decimal(0)),
        signals=sum(count.generated for count in counts),
        executed=sum(count.executed for count in counts),
        refused=dict(sorted(refused.items(), key=lambda item: -item[1])),
    )


def realised_curve(trades: Sequence[Trade], period: Period) -> tuple[IntArray, FloatArray]:
    """
    Return times (ns UTC) and balance (USDT) of a part that began with the whole capital.

    A trade is booked when it ends, with its fees and funding; one that is open at the end, then.
    """
    booked = sorted((trade.closed_ns or period.end_ns, float(trade.pnl)) for trade in trades)
    times = np.array([period.start_ns, *(ts for ts, _ in booked)], dtype=np.int64)
    steps = np.array([float(period.capital), *(pnl for _, pnl in booked)], dtype=np.float64)
    return times, np.cumsum(steps)


def mark_curve(marks: Sequence[EquityMark], period: Period) -> tuple[IntArray, FloatArray]:
    """Return times (ns UTC) and equity (USDT) of the account, open profit and loss included."""
    times = np.array([period.start_ns, *(mark.ts for mark in marks)], dtype=np.int64)
    return times, np.array([float(period.capital), *(mark.equity for mark in marks)], dtype=np.float64)


def daily_equity(times: IntArray, equity: FloatArray, period: Period) -> FloatArray:
    """
    Return the starting capital and the last known equity of each UTC day of the period.

    A mark at midnight belongs to the day that ends with it.
    """
    first = period.start_ns // NS_PER_DAY
    last = (period.end_ns - 1) // NS_PER_DAY
    ends = np.arange(first + 1, last + 2, dtype=np.int64) * NS_PER_DAY
    known = np.searchsorted(times, ends, side="right") - 1
    return np.concatenate(([equity[0]], equity[known]))


def _held(trades: Sequence[Trade], period: Period) -> list[Interval]:
    return [(trade.opened_ns, trade.closed_ns or period.end_ns) for trade in trades]
