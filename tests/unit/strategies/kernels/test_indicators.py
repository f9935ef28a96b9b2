"""
Indicators against TA-Lib and Nautilus's own.

Tolerances are relative. 1e-9 where seed and recursion are the same and only the order of rounding differs.
Where Nautilus seeds an average with its first value instead of the mean of the first period, the seed's
weight after k bars is (1 - 1/period)**k: below 1e-12 after 400 bars of period 14, so there the first 500
bars are left out and the same 1e-9 holds.
"""

import math
from itertools import pairwise
from math import isclose

import pytest
from nautilus_trader.indicators import (
    AverageTrueRange,
    BollingerBands,
    DirectionalMovement,
    ExponentialMovingAverage,
    MovingAverageType,
    RelativeStrengthIndex,
    SimpleMovingAverage,
)

from strategies.kernels.averages import ema, wilder
from strategies.kernels.oscillators import ADX_SLOTS, adx, rsi, true_range
from strategies.kernels.windows import (
    DEVIATION_HEADER,
    SUM_HEADER,
    highest,
    mean_and_deviation,
    rolling_mean,
)

PERIOD = 14
SETTLED = 500
TOLERANCE = 1e-9


def our_ema(values):
    state = [0.0]
    return [ema(state, 0, value, PERIOD, count) for count, value in enumerate(values, 1)]


def our_rsi(closes):
    state = [0.0, 0.0]
    changes = [after - before for before, after in pairwise(closes)]
    return [rsi(state, 0, change, PERIOD, count) for count, change in enumerate(changes, 1)]


def our_atr(candles):
    state = [0.0]
    pairs = pairwise(candles)
    ranges = [true_range(bar[1], bar[2], before[3]) for before, bar in pairs]
    return [wilder(state, 0, reach, PERIOD, count) for count, reach in enumerate(ranges, 1)]


def our_adx(candles):
    state = [0.0] * ADX_SLOTS
    found = []
    for count, (before, bar) in enumerate(pairwise(candles), 1):
        reach = true_range(bar[1], bar[2], before[3])
        movement = (bar[1] - before[1], before[2] - bar[2], reach)
        found.append((*adx(state, 0, movement, PERIOD, count), state[0] / PERIOD, state[1] / PERIOD))
    return found


def our_bands(closes, period):
    state = [0.0] * (DEVIATION_HEADER + period)
    return [mean_and_deviation(state, 0, close, period, count) for count, close in enumerate(closes, 1)]


def our_means(values):
    state = [0.0] * (SUM_HEADER + PERIOD)
    return [rolling_mean(state, 0, value, PERIOD, count) for count, value in enumerate(values, 1)]


def columns(candles):
    return [list(column) for column in zip(*candles, strict=True)]


def worst(ours, theirs, *, floor=0.0):
    """Return the largest relative difference; ``floor`` is the size below which values count as equal."""
    pairs = zip(ours, theirs, strict=True)
    return max(abs(a - b) / max(abs(a), abs(b), floor, 1e-300) for a, b in pairs)


class TestAgainstTaLib:
    @pytest.fixture
    def talib(self):
        return pytest.importorskip("talib")

    @pytest.fixture
    def arrays(self, candles):
        numpy = pytest.importorskip("numpy")
        return [numpy.array(column) for column in columns(candles)]

    def test_ema_meets_ta_lib_once_the_seed_has_faded(self, talib, arrays):
        closes = arrays[3]
        assert worst(our_ema(closes)[SETTLED:], talib.EMA(closes, PERIOD)[SETTLED:]) < TOLERANCE

    def test_rsi_equals_ta_lib_from_its_first_value(self, talib, arrays):
        closes = arrays[3]
        ours = our_rsi(closes.tolist())
        assert worst(ours[PERIOD - 1 :], talib.RSI(closes, PERIOD)[PERIOD:]) < TOLERANCE

    def test_atr_equals_ta_lib_from_its_first_value(self, talib, candles, arrays):
        _, highs, lows, closes, _ = arrays
        ours = our_atr(candles)
        assert worst(ours[PERIOD - 1 :], talib.ATR(highs, lows, closes, PERIOD)[PERIOD:]) < TOLERANCE

    def test_adx_and_directions_equal_ta_lib_from_their_first_value(self, talib, candles, arrays):
        _, highs, lows, closes, _ = arrays
        ours = our_adx(candles)
        first = 2 * PERIOD - 1
        power, plus, minus = ([row[i] for row in ours[first - 1 :]] for i in range(3))
        assert worst(power, talib.ADX(highs, lows, closes, PERIOD)[first:], floor=1e-3) < TOLERANCE
        assert worst(plus, talib.PLUS_DI(highs, lows, closes, PERIOD)[first:], floor=1e-3) < TOLERANCE
        assert worst(minus, talib.MINUS_DI(highs, lows, closes, PERIOD)[first:], floor=1e-3) < TOLERANCE

    @pytest.mark.parametrize("period", [5, 20, 100])
    def test_bollinger_bands_equal_ta_lib(self, talib, arrays, period):
        closes = arrays[3]
        upper, middle, lower = talib.BBANDS(closes, period, 2.0, 2.0)
        ours = our_bands(closes, period)[period - 1 :]
        # TA-Lib subtracts squares of prices, which costs it about price**2 * 1e-16 / deviation: hence 1e-7
        assert worst([m + 2 * d for m, d in ours], upper[period - 1 :]) < 1e-7
        assert worst([m for m, _ in ours], middle[period - 1 :]) < TOLERANCE
        assert worst([m - 2 * d for m, d in ours], lower[period - 1 :]) < 1e-7

    def test_channel_equals_ta_lib(self, talib, arrays):
        highs = arrays[1]
        state = [0.0] * (SUM_HEADER + PERIOD)
        ours = [highest(state, 0, high, PERIOD, count) for count, high in enumerate(highs, 1)]
        assert ours[PERIOD - 1 :] == talib.MAX(highs, PERIOD)[PERIOD - 1 :].tolist()

    def test_mean_volume_equals_ta_lib(self, talib, arrays):
        volumes = arrays[4]
        assert worst(our_means(volumes)[PERIOD - 1 :], talib.SMA(volumes, PERIOD)[PERIOD - 1 :]) < TOLERANCE


class TestAgainstNautilus:
    def test_ema_equals_nautilus_from_its_first_value(self, candles):
        closes = columns(candles)[3]
        theirs = ExponentialMovingAverage(PERIOD)
        assert worst(our_ema(closes), [feed(theirs, close) for close in closes]) < TOLERANCE

    def test_rsi_meets_nautilus_once_the_seed_has_faded(self, candles):
        closes = columns(candles)[3]
        theirs = RelativeStrengthIndex(PERIOD, MovingAverageType.WILDER)
        values = [100.0 * feed(theirs, close) for close in closes]
        assert worst(our_rsi(closes)[SETTLED:], values[SETTLED + 1 :]) < TOLERANCE

    def test_atr_meets_nautilus_once_the_seed_has_faded(self, candles):
        theirs = AverageTrueRange(PERIOD, MovingAverageType.WILDER)
        values = [feed(theirs, *bar[1:4]) for bar in candles]
        assert worst(our_atr(candles)[SETTLED:], values[SETTLED + 1 :]) < TOLERANCE

    def test_bollinger_bands_equal_nautilus(self, candles):
        theirs = BollingerBands(20, 2.0)
        closes = columns(candles)[3]
        bands = []
        for close in closes:
            theirs.update_raw(close, close, close)
            bands.append((theirs.upper, theirs.middle, theirs.lower))
        ours = [(m + 2 * d, m, m - 2 * d) for m, d in our_bands(closes, 20)]
        for index in range(3):
            ours_one, theirs_one = ([row[index] for row in rows[19:]] for rows in (ours, bands))
            assert worst(ours_one, theirs_one) < TOLERANCE

    def test_directional_movement_meets_nautilus_once_the_seed_has_faded(self, candles):
        theirs = DirectionalMovement(PERIOD, MovingAverageType.WILDER)
        values = []
        for bar in candles:
            theirs.update_raw(bar[1], bar[2])
            values.append((theirs.pos, theirs.neg))
        for ours, (plus, minus) in zip(our_adx(candles)[SETTLED:], values[SETTLED + 1 :], strict=True):
            assert isclose(ours[3], plus, rel_tol=TOLERANCE, abs_tol=1e-6)
            assert isclose(ours[4], minus, rel_tol=TOLERANCE, abs_tol=1e-6)

    def test_mean_volume_equals_nautilus(self, candles):
        volumes = columns(candles)[4]
        theirs = SimpleMovingAverage(PERIOD)
        values = [feed(theirs, volume) for volume in volumes]
        assert worst(our_means(volumes)[PERIOD - 1 :], values[PERIOD - 1 :]) < TOLERANCE


def feed(indicator, *values):
    indicator.update_raw(*values)
    return indicator.value


class TestByHand:
    def test_rsi_is_neutral_where_nothing_moves(self):
        assert our_rsi([100.0] * 30)[-1] == 50.0

    def test_rsi_of_steady_gains_is_100(self):
        assert our_rsi([100.0 + i for i in range(30)])[-1] == 100.0

    def test_wilder_is_seeded_with_the_mean_of_the_first_period(self):
        state = [0.0]
        values = [
            wilder(state, 0, value, 4.0, count) for count, value in enumerate([2.0, 4.0, 6.0, 8.0, 9.0], 1)
        ]
        assert values[3:] == [5.0, 6.0]

    def test_deviation_of_equal_prices_is_exactly_zero(self):
        assert all(deviation == 0.0 for _, deviation in our_bands([126_150.3] * 90, 20))

    def test_deviation_keeps_its_digits_after_the_price_has_moved_far(self):
        closes = [30_000.0] * 50 + [90_000_000.0 + 0.1 * (i % 2) for i in range(200)]
        assert our_bands(closes, 20)[-1][1] == pytest.approx(0.05, rel=1e-6)

    @pytest.mark.parametrize("period", [1, 3, 7])
    def test_rolling_windows_equal_a_look_at_the_whole_window(self, period, candles):
        volumes = columns(candles)[4][:400]
        sums, tops = [0.0] * (SUM_HEADER + period), [0.0] * (SUM_HEADER + period)
        for count, value in enumerate(volumes, 1):
            window = volumes[max(0, count - period) : count]
            assert highest(tops, 0, -value, period, count) == max(-v for v in window)
            mean = rolling_mean(sums, 0, value, period, count)
            if count >= period:
                assert math.isclose(mean, math.fsum(window) / period, rel_tol=1e-12)
