"""Figures of a curve, against numbers worked out by hand."""

import numpy as np
import pytest

from nautilus_bot.core.errors import ConfigError
from nautilus_bot.research.optimize.score import build_calendar, check_metrics, measure, measure_slices

DAY = 86_400 * 1_000_000_000


def test_rmd_is_the_return_over_the_largest_drawdown():
    ts = DAY * np.arange(1, 5)
    equity = np.array([110.0, 99.0, 121.0, 120.0])
    figures = measure(equity, 100.0, build_calendar(ts, 2), trades=3)
    assert figures.total_return == pytest.approx(20.0)
    assert figures.max_drawdown == pytest.approx(10.0)  # from 110 to 99
    assert figures.rmd == pytest.approx(2.0)
    assert figures.trades == 3


def test_the_capital_itself_is_a_peak():
    figures = measure(np.array([90.0, 95.0]), 100.0, build_calendar(DAY * np.arange(1, 3), 1), trades=1)
    assert figures.max_drawdown == pytest.approx(10.0)
    assert figures.rmd == pytest.approx(-0.5)


def test_a_curve_that_never_moved_scores_zero_everywhere():
    figures = measure(np.full(10, 100.0), 100.0, build_calendar(DAY * np.arange(1, 11), 2), trades=0)
    assert (figures.rmd, figures.sharpe, figures.sortino, figures.calmar) == (0.0, 0.0, 0.0, 0.0)


def test_slices_are_what_each_stretch_of_time_added():
    calendar = build_calendar(DAY * np.arange(1, 5), 2)
    assert measure_slices(np.array([101.0, 102.0, 99.0, 105.0]), 100.0, calendar) == pytest.approx((2.0, 3.0))


def test_a_bar_that_closes_at_midnight_belongs_to_the_day_before():
    half = DAY // 2
    calendar = build_calendar(half * np.arange(1, 7), 1)
    assert calendar.day_ends.tolist() == [1, 3, 5]


def test_an_unknown_metric_is_refused_with_the_closest_name():
    with pytest.raises(ConfigError, match="no metric 'sharp'; did you mean 'sharpe'"):
        check_metrics(("rmd", "sharp"))
    with pytest.raises(ConfigError, match="each once"):
        check_metrics(("rmd", "rmd"))
