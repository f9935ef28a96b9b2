"""What every decision kernel promises, whatever it decides."""

import os
import random
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from strategies.kernels.deciding import BARS_SEEN
from strategies.kernels.table import KERNELS

REPO = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("BOT_SHARED_DATA", REPO.parent / "shared" / "data"))
FIXED = {
    "VolatilityBreakoutStrategy": {"lookback": 18, "multiplier": 2.2},
    "RSIEMAMomentumStrategy": {"rsi_period": 14, "ema_period": 20},
    "BollingerReversionStrategy": {"bb_period": 20, "bb_dev": 2},
    "EMABreakoutConservativeStrategy": {"short_ema": 10, "long_ema": 30},
    "ContrarianVolumeSpikeStrategy": {"volume_multiplier": 1.5},
    "TrendFollowingADXEMAStrategy": {},
}
PARAMETER_COUNTS = dict(zip(FIXED, (5, 9, 8, 8, 8, 7), strict=True))

each_kernel = pytest.mark.parametrize("name", KERNELS)


def random_walk(count, seed):
    """Candles with calm and wild stretches, ties, halts without volume and flat bars."""
    rng = random.Random(seed)
    close, candles = 2_000.0, []
    for i in range(count):
        wild = 0.006 if i // 200 % 2 else 0.001
        opening = close
        if i % 97 == 0:
            candles.append((opening, opening, opening, opening, 0.0))
            continue
        close = round(opening * (1 + rng.gauss(0, wild)), 1)
        high = round(max(opening, close) * (1 + abs(rng.gauss(0, wild / 2))), 1)
        low = round(min(opening, close) * (1 - abs(rng.gauss(0, wild / 2))), 1)
        candles.append((opening, high, low, close, round(rng.lognormvariate(2, 1), 3)))
    return candles


@pytest.fixture(params=["synthetic", "bybit_linear_ETHUSDT_15m"], scope="module")
def candles(request):
    if request.param == "synthetic":
        return random_walk(6_000, seed=3)
    path = SHARED / "candles" / f"{request.param}.parquet"
    if not path.exists():
        pytest.skip(f"no shared candles at {path}")
    table = pq.read_table(path, columns=["open", "high", "low", "close", "volume"])[:12_000]
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


def defaults(kernel):
    return tuple(float(parameter.default) for parameter in kernel.parameters)


def random_parameters(kernel, rng):
    return tuple(
        float(rng.randint(int(p.low), int(p.high))) if p.integer else rng.uniform(p.low, p.high)
        for p in kernel.parameters
    )


def parameter_sets(kernel):
    rng = random.Random(5)
    lowest = tuple(float(p.low) for p in kernel.parameters)
    highest = tuple(float(p.high) for p in kernel.parameters)
    return [defaults(kernel), lowest, highest, *(random_parameters(kernel, rng) for _ in range(3))]


def test_the_table_holds_the_six_strategies():
    assert list(KERNELS) == list(FIXED)


@each_kernel
def test_the_number_of_parameters_is_the_promised_one(name):
    assert len(KERNELS[name].parameters) == PARAMETER_COUNTS[name]


@each_kernel
def test_the_fixed_defaults_are_kept(name):
    assert KERNELS[name].defaults().items() >= FIXED[name].items()


@each_kernel
def test_parameters_have_names_units_words_and_a_default_within_their_bounds(name):
    kernel = KERNELS[name]
    assert len(kernel.defaults()) == len(kernel.parameters)
    for parameter in kernel.parameters:
        assert parameter.low <= parameter.default <= parameter.high
        assert parameter.unit
        assert parameter.doc.endswith(".")
        if parameter.integer:
            assert float(parameter.low).is_integer()
            assert float(parameter.high).is_integer()


@each_kernel
def test_slots_lie_in_the_state_and_margins_are_not_indicators(name):
    kernel = KERNELS[name]
    margins = {slot for c in kernel.conditions for slot in (c.long_slot, c.short_slot)}
    shown = {slot for _, slot in kernel.indicators}
    assert not margins & shown
    assert BARS_SEEN not in margins | shown
    assert max(margins | shown) < kernel.state_size


@each_kernel
def test_compiled_and_interpreted_steps_are_identical_to_the_last_bit(name, candles):
    np = pytest.importorskip("numpy")
    pytest.importorskip("numba")
    compiling = pytest.importorskip("nautilus_bot.research.fast.compile")
    kernel = KERNELS[name]
    compiled = compiling.compile_function(kernel.step)
    for params in parameter_sets(kernel):
        state, array = kernel.new_state(), np.zeros(kernel.state_size)
        for index, bar in enumerate(candles):
            ours, theirs = kernel.step(state, bar, params), compiled(array, bar, params)
            if ours != theirs or state != array.tolist():
                pytest.fail(f"{name}, bar {index}, {params}: {ours} in CPython, {theirs} compiled")


@each_kernel
def test_a_signal_comes_exactly_when_all_margins_of_one_direction_are_met(name, candles):
    kernel = KERNELS[name]
    seen = set()
    for params in parameter_sets(kernel):
        state = kernel.new_state()
        for bar in candles:
            side = kernel.step(state, bar, params)[0]
            long = all(state[c.long_slot] >= 0 for c in kernel.conditions)
            short = all(state[c.short_slot] >= 0 for c in kernel.conditions)
            seen.add(side)
            if not (long and short):
                assert side == (1.0 if long else -1.0 if short else 0.0)
            else:
                assert side != 0.0
    assert seen == {-1.0, 0.0, 1.0}


@each_kernel
def test_confidence_is_at_least_half_for_a_signal_and_zero_otherwise(name, candles):
    kernel = KERNELS[name]
    for params in parameter_sets(kernel):
        state = kernel.new_state()
        for bar in candles:
            side, confidence, stop, target = kernel.step(state, bar, params)
            if side:
                assert 0.5 <= confidence <= 1.0
            else:
                assert (confidence, stop, target) == (0.0, 0.0, 0.0)


@each_kernel
def test_stop_and_target_stand_on_their_sides_of_the_price(name, candles):
    kernel = KERNELS[name]
    for params in parameter_sets(kernel):
        state = kernel.new_state()
        for bar in candles:
            side, _, stop, target = kernel.step(state, bar, params)
            if side:
                assert side * stop < side * bar[3] < side * target
                assert min(stop, target) > 0.0


@each_kernel
def test_nothing_is_signalled_in_the_warm_up_and_margins_are_known_right_after_it(name, candles):
    kernel = KERNELS[name]
    for params in parameter_sets(kernel):
        warmup = kernel.warmup_bars(params)
        state = kernel.new_state()
        for bar in candles[:warmup]:
            assert kernel.step(state, bar, params)[0] == 0.0
            assert all(state[c.long_slot] == state[c.short_slot] == -1.0 for c in kernel.conditions)
        kernel.step(state, candles[warmup], params)
        assert any(state[c.long_slot] != -1.0 for c in kernel.conditions)
        assert state[BARS_SEEN] == warmup + 1


@each_kernel
def test_peek_decides_like_step_and_changes_nothing(name, candles):
    kernel = KERNELS[name]
    state, params = kernel.new_state(), defaults(kernel)
    for bar in candles[:1_500]:
        opening, _, low, _, volume = bar
        before = list(state)
        kernel.peek(state, (opening, max(opening, low), low, low, volume / 2), params)
        peeked, decision = kernel.peek(state, bar, params)
        assert state == before
        assert tuple(decision) == kernel.step(state, bar, params)
        assert peeked == state


@each_kernel
def test_the_past_alone_decides(name, candles):
    """A kernel started anew on a cut-off history says the same up to the cut."""
    kernel = KERNELS[name]
    params = defaults(kernel)

    def run(bars):
        state = kernel.new_state()
        return [kernel.step(state, bar, params) for bar in bars]

    altered = candles[:700] + [(o * 2, h * 2, low * 2, c * 2, v) for o, h, low, c, v in candles[700:900]]
    assert run(candles[:900])[:700] == run(altered)[:700]


@each_kernel
def test_both_directions_are_signalled_on_default_parameters(name, candles):
    kernel = KERNELS[name]
    state, params = kernel.new_state(), defaults(kernel)
    sides = [kernel.step(state, bar, params)[0] for bar in candles]
    assert min(sides.count(1.0), sides.count(-1.0)) >= 10


@each_kernel
def test_a_fair_share_of_default_signals_passes_the_confidence_rule(name, candles):
    kernel = KERNELS[name]
    state, params = kernel.new_state(), defaults(kernel)
    found = [d[1] for d in (kernel.step(state, bar, params) for bar in candles) if d[0]]
    assert sum(c >= 0.60 for c in found) >= 0.5 * len(found)
    assert sum(c >= 0.70 for c in found) >= 0.05 * len(found)


@each_kernel
def test_a_market_that_does_not_move_gives_no_signal_and_no_error(name):
    kernel = KERNELS[name]
    for params in parameter_sets(kernel):
        state = kernel.new_state()
        decisions = {kernel.step(state, (5.0, 5.0, 5.0, 5.0, 0.0), params) for _ in range(300)}
        assert decisions == {(0.0, 0.0, 0.0, 0.0)}


def test_short_names_are_unique():
    assert len({kernel.name for kernel in KERNELS.values()}) == len(KERNELS)
