"""Confidence rises with each margin, for all kernels and on any market."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strategies.kernels.deciding import propose, strength
from strategies.kernels.table import KERNELS

# thresholds that enter one margin only, and the direction in which they let more through
LOOSER = {
    "VolatilityBreakoutStrategy": {"expansion": -1},
    "RSIEMAMomentumStrategy": {"limit": 1, "distance_atr": -1, "body_ratio": -1},
    "BollingerReversionStrategy": {"rsi_distance": -1, "min_width_pct": -1},
    "EMABreakoutConservativeStrategy": {"separation_atr": -1, "volume_ratio": -1},
    "ContrarianVolumeSpikeStrategy": {"volume_multiplier": -1, "stretch_atr": -1, "wick_ratio": -1},
    "TrendFollowingADXEMAStrategy": {"adx_threshold": -1, "separation_atr": -1},
}
seeds = st.integers(0, 2**32)
few = settings(max_examples=15, deadline=None)


def market(seed, count=900):
    rng = random.Random(seed)
    close, candles = 100.0, []
    volatility = 0.004
    for _ in range(count):
        volatility = min(max(volatility * rng.lognormvariate(0, 0.1), 0.001), 0.02)
        opening, close = close, close * (1 + rng.gauss(0, volatility))
        high = max(opening, close) * (1 + abs(rng.gauss(0, volatility / 2)))
        low = min(opening, close) * (1 - abs(rng.gauss(0, volatility / 2)))
        candles.append((opening, high, low, close, rng.lognormvariate(2, 1)))
    return candles


def signals(kernel, params, candles):
    """Return by bar number: side, confidence and the margins of that side."""
    state, found = kernel.new_state(), {}
    for index, bar in enumerate(candles):
        side, confidence, _, _ = kernel.step(state, bar, params)
        if side:
            slots = (c.long_slot if side > 0 else c.short_slot for c in kernel.conditions)
            found[index] = (side, confidence, tuple(state[slot] for slot in slots))
    return found


@given(margin=st.floats(0, 1e6), more=st.floats(1e-3, 1e6), scale=st.floats(1e-2, 100))
def test_strength_rises_with_the_margin_and_stays_a_share(margin, more, scale):
    assert 0.0 <= strength(margin, scale) <= strength(margin + more, scale) <= 1.0


@given(scale=st.floats(1e-3, 1e3))
def test_a_margin_of_one_scale_is_half_of_the_strength(scale):
    assert strength(scale, scale) == 0.5
    assert strength(0.0, scale) == 0.0


@given(
    side=st.sampled_from([-1.0, 1.0]),
    close=st.floats(1e-4, 1e6),
    stop=st.floats(1e-3, 1e3),
    target=st.floats(1e-3, 1e3),
)
def test_protective_prices_stay_positive_however_wide_the_distances(side, close, stop, target):
    _, _, stop_price, target_price = propose(side, 0.5, close, stop * close, target * close)
    assert side * stop_price < side * close < side * target_price
    assert min(stop_price, target_price) > 0.0


@pytest.mark.parametrize("name", KERNELS)
@few
@given(seed=seeds)
def test_a_signal_that_meets_every_condition_at_least_as_well_is_at_least_as_confident(name, seed):
    kernel = KERNELS[name]
    found = list(signals(kernel, tuple(kernel.defaults().values()), market(seed)).values())
    for _, confidence, margins in found:
        for _, other_confidence, other_margins in found:
            if all(a >= b for a, b in zip(margins, other_margins, strict=True)):
                assert confidence >= other_confidence


@pytest.mark.parametrize(("name", "parameter"), [(n, p) for n, looser in LOOSER.items() for p in looser])
@few
@given(seed=seeds, share=st.floats(0.05, 1.0))
def test_a_looser_threshold_keeps_every_signal_and_raises_its_confidence(name, parameter, seed, share):
    kernel = KERNELS[name]
    candles = market(seed)
    params = kernel.defaults()
    strict = signals(kernel, tuple(params.values()), candles)
    bounds = next(p for p in kernel.parameters if p.name == parameter)
    end = bounds.high if LOOSER[name][parameter] > 0 else bounds.low
    params[parameter] += share * (end - params[parameter])
    loose = signals(kernel, tuple(params.values()), candles)
    for index, (side, confidence, _) in strict.items():
        assert loose[index][0] == side
        assert loose[index][1] > confidence
