"""Rows, days and months of an equity curve."""

from decimal import Decimal

import numpy as np
import pytest

from nautilus_bot.core.clocks import NS_PER_DAY, NS_PER_HOUR
from nautilus_bot.market.candles import Candles
from nautilus_bot.research.backtest.benchmark import build_benchmarks, hold_curves
from nautilus_bot.research.backtest.figures import monthly_returns
from nautilus_bot.research.backtest.figures_trades import join_candles
from nautilus_bot.research.backtest.recorded import EquityMark, Fill, SignalCount
from nautilus_bot.research.backtest.rows import Period, build_row, daily_equity, mark_curve
from nautilus_bot.research.backtest.trades import build_trades

START = 20_089 * NS_PER_DAY
"""2025-01-01 00:00 UTC."""
THREE_DAYS = Period(START, START + 3 * NS_PER_DAY, Decimal(1000))


def trade(opened_hours, closed_hours, pnl):
    fills = [
        Fill(START + opened_hours * NS_PER_HOUR, "A-1", "X", "s-1-E", Decimal(1), Decimal(100), Decimal(0)),
        Fill(
            START + closed_hours * NS_PER_HOUR,
            "A-1",
            "X",
            "s-1-T1",
            Decimal(-1),
            Decimal(100) + pnl,
            Decimal(0),
        ),
    ]
    return build_trades(fills)[0]


def test_a_row_adds_up_its_trades():
    row = build_row(
        "A", "X", [trade(0, 18, 50), trade(24, 42, -20)], [SignalCount(5, 2, {"throttle": 3})], THREE_DAYS
    )
    assert (row.return_pct, row.pnl_usdt, row.trades, row.win_rate_pct) == (3.0, 30, 2, 50.0)
    assert row.profit_factor == pytest.approx(2.5)
    assert row.max_drawdown_pct == pytest.approx(100 * 20 / 1050)
    assert row.exposure_pct == pytest.approx(50.0)
    assert (row.signals, row.executed, row.refused, row.refusals) == (5, 2, {"throttle": 3}, 3)


def test_days_without_a_trade_count_as_days_of_no_return():
    returns = np.array([0.05, -20 / 1050, 0.0])
    row = build_row("A", "X", [trade(0, 18, 50), trade(24, 42, -20)], [], THREE_DAYS)
    assert row.sharpe == pytest.approx(returns.mean() / returns.std(ddof=1) * np.sqrt(365))


def test_a_mark_at_midnight_belongs_to_the_day_that_ends_with_it():
    marks = [
        EquityMark(START + hours * NS_PER_HOUR, equity, 0.0, 0.0)
        for hours, equity in ((12, 1100.0), (24, 1010.0), (30, 1500.0), (47, 1020.0))
    ]
    daily = daily_equity(*mark_curve(marks, THREE_DAYS), THREE_DAYS)
    assert daily.tolist() == [1000.0, 1010.0, 1020.0, 1020.0]


def test_months_are_chained_and_the_last_one_may_be_short():
    period = Period(START, START + 33 * NS_PER_DAY, Decimal(1000))
    daily = np.full(34, 1100.0)
    daily[0] = 1000.0
    daily[-1] = 1210.0
    months = monthly_returns(daily, period)
    assert months == {(2025, 1): pytest.approx(10.0), (2025, 2): pytest.approx(10.0)}


def candles(closes, length=NS_PER_DAY):
    column = np.array(closes, dtype=np.float64)
    times = START + np.arange(len(column), dtype=np.int64) * length
    return Candles(times, column - 1, column + 2, column - 3, column, np.ones(len(column)))


def test_buy_and_hold_begins_at_the_first_open_and_splits_the_capital():
    curves = hold_curves({"X": candles([101, 200, 150]), "Y": candles([101, 100, 50])}, THREE_DAYS)
    assert curves["X"].tolist() == [1000.0, 1010.0, 2000.0, 1500.0]
    assert curves["all"].tolist() == [1000.0, 1010.0, 1500.0, 1000.0]
    by_symbol = {one.symbol: one for one in build_benchmarks(curves)}
    assert by_symbol["X"].return_pct == pytest.approx(50.0)
    assert by_symbol["X"].max_drawdown_pct == pytest.approx(25.0)


def test_joined_candles_keep_open_extremes_close_and_volume():
    joined = join_candles(candles([10, 20, 5, 8, 9]), 3)
    assert joined.open.tolist() == [9.0, 4.0, 8.0]
    assert joined.high.tolist() == [22.0, 10.0, 11.0]
    assert joined.low.tolist() == [7.0, 2.0, 6.0]
    assert joined.close.tolist() == [20.0, 8.0, 9.0]
    assert joined.volume.sum() == 5.0
