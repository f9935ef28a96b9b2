"""Worked examples of Bailey and Lopez de Prado (2012, 2014), and simulations with a known answer."""

from math import inf, sqrt

import numpy as np
import pytest

from nautilus_bot.research.statistics.moments import Moments, moments_of
from nautilus_bot.research.statistics.sharpe import (
    deflated_sharpe,
    expected_max_sharpe,
    independent_trials,
    min_track_record,
    probabilistic_sharpe,
)


def normal(sharpe, count):
    return Moments(count, sharpe, 0.0, 3.0)


def test_moments_of_a_hand_made_sample():
    found = moments_of(np.array([0.0, 0.0, 0.0, 4.0]))
    assert found.periods == 4
    assert found.sharpe == pytest.approx(0.5)  # mean 1, deviation 2
    assert found.skewness == pytest.approx(6.0 / 3.0**1.5)
    assert found.kurtosis == pytest.approx(21.0 / 9.0)


def test_the_hedge_fund_of_the_2012_paper_looks_surer_than_it_is():
    # 24 monthly returns, mean 0.036, deviation 0.079, skewness -2.448, kurtosis 10.164
    sharpe = 0.458
    assert probabilistic_sharpe(normal(sharpe, 24)) == pytest.approx(0.982, abs=5e-4)
    assert probabilistic_sharpe(Moments(24, sharpe, -2.448, 10.164)) == pytest.approx(0.913, abs=5e-4)


@pytest.mark.parametrize(("per_year", "years"), [(252, 2.73), (52, 2.83), (12, 3.24)])
def test_the_track_records_of_the_2012_paper(per_year, years):
    # an annual Sharpe ratio of 2 against a benchmark of 1, at 95 %
    moments = normal(2.0 / sqrt(per_year), 0)
    needed = min_track_record(moments, 1.0 / sqrt(per_year))
    assert needed / per_year == pytest.approx(years, abs=0.005)


def test_a_track_record_of_the_least_length_is_exactly_as_sure_as_asked():
    moments = Moments(0, 0.1, -0.7, 6.0)
    needed = min_track_record(moments, confidence=0.9)
    assert probabilistic_sharpe(moments._replace(periods=needed)) == pytest.approx(0.9)


def test_no_track_record_is_long_enough_for_a_strategy_that_loses():
    assert min_track_record(normal(-0.01, 100)) == inf


@pytest.mark.parametrize(
    ("trials", "skewness", "kurtosis", "expected"),
    [(100, -3.0, 10.0, 0.9004), (46, -3.0, 10.0, 0.9505), (88, 0.0, 3.0, 0.9505)],
)
def test_the_worked_example_of_the_2014_paper(trials, skewness, kurtosis, expected):
    # 1,250 days, annual Sharpe ratio 2.5, variance of the trials' annual Sharpe ratios 1/2, 250 days a year
    moments = Moments(1_250, 2.5 / sqrt(250), skewness, kurtosis)
    assert deflated_sharpe(moments, trials, 0.5 / 250) == pytest.approx(expected, abs=2e-4)


def test_the_best_expected_of_a_hundred_trials_in_the_2014_paper():
    assert expected_max_sharpe(100, 0.5 / 250) == pytest.approx(0.1132, abs=5e-5)


def test_a_single_trial_needs_no_deflation():
    moments = normal(0.1, 300)
    assert deflated_sharpe(moments, 1, 0.5) == probabilistic_sharpe(moments)


def test_the_best_of_many_noises_is_what_the_theorem_expects():
    rng = np.random.default_rng(11)
    best = rng.standard_normal((4_000, 50)).max(axis=1).mean()
    assert expected_max_sharpe(50, 1.0) == pytest.approx(best, abs=0.05)


def test_returns_without_edge_are_called_sure_as_often_as_they_may():
    rng = np.random.default_rng(3)
    sure = [probabilistic_sharpe(moments_of(rng.standard_t(4, 365) * 0.01)) >= 0.95 for _ in range(2_000)]
    assert np.mean(sure) == pytest.approx(0.05, abs=0.015)


def test_the_best_of_many_noises_does_not_survive_deflation():
    rng = np.random.default_rng(5)
    naive = deflated = 0
    for _ in range(300):
        returns = rng.standard_normal((365, 40)) * 0.01
        best = moments_of(returns[:, (returns.mean(axis=0) / returns.std(axis=0)).argmax()])
        naive += probabilistic_sharpe(best) >= 0.95
        deflated += deflated_sharpe(best, independent_trials(returns), 1.0 / 364) >= 0.95
    assert naive > 250
    assert deflated < 20


def test_copies_of_one_trial_are_one_trial_and_unrelated_ones_are_all_of_them():
    rng = np.random.default_rng(7)
    one = rng.standard_normal((20_000, 1))
    assert independent_trials(np.tile(one, (1, 30))) == pytest.approx(1.0)
    assert independent_trials(rng.standard_normal((20_000, 30))) == pytest.approx(30.0, abs=0.5)
    half = (one + rng.standard_normal((20_000, 30))) / sqrt(2)  # every pair correlates by one half
    assert independent_trials(half) == pytest.approx(15.5, abs=0.5)


def test_returns_that_never_vary_prove_nothing():
    assert probabilistic_sharpe(moments_of(np.zeros(100))) == 0.0
    assert min_track_record(moments_of(np.zeros(100))) == inf
