"""Every formula against an example that was computed by hand."""

from math import isnan, sqrt

import numpy as np
import pytest

from nautilus_bot.research.backtest.statistics import (
    daily_returns,
    drawdowns_pct,
    exposure_pct,
    max_drawdown_pct,
    profit_factor,
    sharpe_ratio,
    sortino_ratio,
    win_rate_pct,
)

# +10 %, -10 %, +10 %: mean 1/30, squared deviations (2/30)^2, (4/30)^2, (2/30)^2
EQUITY = np.array([100.0, 110.0, 99.0, 108.9])


def test_daily_returns_are_simple_returns():
    assert daily_returns(EQUITY) == pytest.approx([0.1, -0.1, 0.1])


def test_sharpe_is_the_mean_over_the_sample_deviation_scaled_to_365_days():
    deviation = sqrt((4 + 16 + 4) / 900 / 2)
    assert sharpe_ratio(daily_returns(EQUITY)) == pytest.approx((1 / 30) / deviation * sqrt(365))


def test_sortino_divides_by_the_losses_of_all_days():
    downside = sqrt(0.1**2 / 3)
    assert sortino_ratio(daily_returns(EQUITY)) == pytest.approx((1 / 30) / downside * sqrt(365))


def test_ratios_without_variation_or_days_are_not_numbers():
    assert isnan(sharpe_ratio(np.array([0.01])))
    assert isnan(sharpe_ratio(np.zeros(30)))
    assert isnan(sortino_ratio(np.array([0.01, 0.02])))


def test_drawdown_is_measured_from_the_highest_point_before():
    assert drawdowns_pct(EQUITY) == pytest.approx([0.0, 0.0, 10.0, 1.0])
    assert max_drawdown_pct(EQUITY) == pytest.approx(10.0)


def test_profit_factor_is_gains_over_losses():
    assert profit_factor([30.0, -10.0, 5.0, -4.0]) == pytest.approx(35 / 14)
    assert isnan(profit_factor([1.0, 2.0]))


def test_a_trade_that_only_breaks_even_is_no_win():
    assert win_rate_pct([1.0, 0.0, -1.0, 2.0]) == pytest.approx(50.0)
    assert isnan(win_rate_pct([]))


def test_overlapping_positions_are_exposed_once():
    assert exposure_pct([(0, 30), (20, 40), (25, 35), (90, 120)], 0, 100) == pytest.approx(50.0)


def test_a_position_from_before_the_period_counts_within_it_only():
    assert exposure_pct([(0, 60)], 50, 100) == pytest.approx(20.0)
