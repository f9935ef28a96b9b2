import msgspec
import numpy as np
import pytest

from nautilus_bot.core.errors import DataError
from nautilus_bot.research.fast.rule_setup import build_rules
from nautilus_bot.research.validation.calibrate import Outcomes, calibrate, observe
from nautilus_bot.risk.calibration import Calibration

NAME = "TrendFollowingADXEMAStrategy"


def outcomes(seed, count, truth):
    """Signals of random confidence whose odds are ``truth(confidence)``; a win earns 2, a loss costs 1."""
    rng = np.random.default_rng(seed)
    confidence = rng.uniform(0.5, 0.95, count)
    won = (rng.random(count) < truth(confidence)).astype(float)
    return Outcomes(np.arange(count), confidence, won, np.where(won > 0.5, 2.0, -1.0))


def test_seventy_percent_means_seventy_percent_afterwards():
    # overconfident: 0.95 comes true in 68 % of all cases
    found = calibrate(NAME, [outcomes(1, 6_000, lambda c: 0.5 + 0.4 * (c - 0.5))])
    assert found.improves
    assert found.raw.error > 0.1
    assert found.calibrated.error < 0.04
    assert found.calibrated.brier < min(found.raw.brier, found.constant.brier)
    near = [part for part in found.calibrated.curve if abs(part.forecast - 0.66) < 0.03]
    assert near
    assert all(abs(part.observed - part.forecast) < 0.06 for part in near)


def test_confidence_without_information_becomes_the_base_rate():
    found = calibrate(NAME, [outcomes(2, 3_000, lambda c: np.full(len(c), 0.4))])
    assert np.ptp(found.mapping.probability) < 0.06
    assert np.mean(found.mapping.probability) == pytest.approx(0.4, abs=0.05)
    assert found.break_even == pytest.approx(1.0 / 3.0)


def test_nothing_of_the_later_part_is_fitted_on():
    early = outcomes(3, 3_000, lambda c: 0.6 * c)
    turned = Outcomes(early.ts, early.confidence, early.won.copy(), early.earned)
    turned.won[1_800:] = 1.0 - turned.won[1_800:]
    assert calibrate(NAME, [early]).mapping == calibrate(NAME, [turned]).mapping


def test_symbols_are_put_together_in_order_of_time():
    one = outcomes(4, 2_000, lambda c: 0.6 * c)
    parts = [
        Outcomes(*(column[rows] for column in columns(one)))
        for rows in (slice(1, None, 2), slice(0, None, 2))
    ]
    assert calibrate(NAME, parts) == calibrate(NAME, [one])


def columns(found):
    return found.ts, found.confidence, found.won, found.earned


def test_too_few_signals_are_one_clear_error():
    with pytest.raises(DataError, match=r"needs 40 traded signals .* found 36 and 24"):
        calibrate(NAME, [outcomes(5, 60, lambda c: c)])


def test_weak_signals_are_observed_too(planted):
    params = tuple(planted.kernel.defaults().values())
    found = observe(planted, params)
    strict = planted.on(planted.market, ({"rule": "min_confidence", "threshold": 0.8},))
    assert np.array_equal(observe(strict, params).confidence[:50], found.confidence[:50])
    assert found.confidence.min() < 0.7
    assert set(np.unique(found.won)) == {0.0, 1.0}
    assert np.array_equal(found.won > 0.5, found.earned > 0.0)


def test_the_fast_simulation_asks_for_the_confidence_that_the_gate_asks_for(tmp_path):
    found = calibrate(NAME, [outcomes(6, 3_000, lambda c: 0.9 * c)], method="platt")
    path = tmp_path / "calibration.json"
    path.write_bytes(msgspec.json.encode(Calibration(strategies={NAME: found.mapping})))
    rules = ({"rule": "min_confidence", "threshold": 0.6, "calibration": str(path)},)
    asked = build_rules(rules, NAME, "BTCUSDT").min_confidence
    assert asked == found.mapping.confidence_for(0.6) != 0.6
    assert build_rules(rules, "BollingerReversionStrategy", "BTCUSDT").min_confidence == 0.6
