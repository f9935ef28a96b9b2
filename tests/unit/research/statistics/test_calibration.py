import numpy as np
import pytest

from nautilus_bot.core.errors import DataError
from nautilus_bot.research.statistics.calibration import (
    brier_score,
    calibration_error,
    fit_constant,
    fit_isotonic,
    fit_platt,
    reliability,
)


def test_the_brier_score_by_hand():
    forecasts, outcomes = np.array([1.0, 0.7, 0.5, 0.0]), np.array([1.0, 1.0, 0.0, 1.0])
    assert brier_score(forecasts, outcomes) == pytest.approx((0.0 + 0.09 + 0.25 + 1.0) / 4)


def test_reliability_groups_forecasts_and_counts_what_came_true():
    forecasts = np.repeat([0.2, 0.8], 10)
    outcomes = np.array([1.0] * 2 + [0.0] * 8 + [1.0] * 6 + [0.0] * 4)
    low, high = reliability(forecasts, outcomes, bins=2)
    assert (low.forecast, low.observed, low.count) == pytest.approx((0.2, 0.2, 10))
    assert (high.forecast, high.observed, high.count) == pytest.approx((0.8, 0.6, 10))
    assert calibration_error((low, high)) == pytest.approx(0.1)


def test_adjacent_violators_are_pooled_by_hand():
    # 0, 1, 0, 1, 1: the second and third violate, so both become one half
    found = fit_isotonic(np.array([0.1, 0.2, 0.3, 0.4, 0.5]), np.array([0.0, 1.0, 0.0, 1.0, 1.0]))
    assert found.probability == pytest.approx([0.0, 0.5, 1.0])
    assert found.forecast == pytest.approx([0.1, 0.25, 0.45])


def test_steps_rest_on_as_many_signals_as_asked():
    rng = np.random.default_rng(1)
    forecasts = rng.random(1_000)
    found = fit_isotonic(forecasts, (rng.random(1_000) < forecasts).astype(float), least=100)
    assert len(found.forecast) <= 10
    assert (np.diff(found.probability) > 0.0).all()


@pytest.mark.parametrize("fit", [fit_isotonic, fit_platt])
def test_a_known_distortion_is_undone(fit):
    # the forecaster says c, the truth is a logistic curve of it
    rng = np.random.default_rng(2)
    forecasts = rng.random(20_000)
    truth = 1.0 / (1.0 + np.exp(-(4.0 * forecasts - 2.5)))
    outcomes = (rng.random(20_000) < truth).astype(float)
    assert np.mean(np.abs(fit(forecasts, outcomes)(forecasts) - truth)) < 0.02


@pytest.mark.parametrize("fit", [fit_isotonic, fit_platt, fit_constant])
def test_a_mapping_never_falls_even_where_confidence_misleads(fit):
    rng = np.random.default_rng(3)
    forecasts = rng.random(2_000)
    outcomes = (rng.random(2_000) < 1.0 - forecasts).astype(float)
    found = fit(forecasts, outcomes)
    assert (np.diff(found(np.linspace(0.0, 1.0, 101))) >= 0.0).all()
    assert found(np.array([0.5]))[0] == pytest.approx(outcomes.mean(), abs=0.05)


def test_nothing_to_fit_on_is_said():
    with pytest.raises(DataError, match="at least one signal"):
        fit_isotonic(np.array([]), np.array([]))
