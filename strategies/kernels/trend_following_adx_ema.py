"""
Trend following with ADX and EMAs: in a strong trend, the close crosses the fast EMA in the trend's direction.

The cross says that a pullback has ended; without it a trend would be bought on every one of its bars.
"""

from strategies.kernels.averages import ema, wilder
from strategies.kernels.contract import FloatSequence, Kernel, MutableFloats, Ohlcv, Parameter
from strategies.kernels.deciding import BARS_SEEN, conditions, propose, strength, undecided
from strategies.kernels.oscillators import ADX_SLOTS, adx, true_range

MARGINS = 10
LONG_STRONG, SHORT_STRONG, LONG_DIRECTION, SHORT_DIRECTION, LONG_TREND, SHORT_TREND = range(1, 7)
LONG_CROSS, SHORT_CROSS, LONG_FRESH, SHORT_FRESH = range(7, 11)
PREVIOUS_CLOSE, PREVIOUS_HIGH, PREVIOUS_LOW, FAST, SLOW, ATR, ADX, PLUS_DI, MINUS_DI = range(11, 20)
MOVEMENT = 20
STATE_SIZE = MOVEMENT + ADX_SLOTS

STRONG_SCALE = 17.0  # points of ADX above the threshold
DIRECTION_SCALE = 18.0  # points between +DI and -DI
TREND_SCALE = 2.0  # ATR between the EMAs above the minimum
CROSS_SCALE = 0.5  # ATR beyond the fast EMA
FRESH_SCALE = 0.4  # ATR short of it, one bar earlier


def warmup_bars(params: FloatSequence) -> int:
    """Return the bars before the first possible signal: ADX seeded and the slow EMA filled."""
    return max(2 * int(params[0]), int(params[3]))


def step(state: MutableFloats, bar: Ohlcv, params: FloatSequence) -> tuple[float, float, float, float]:
    """Advance by one bar and decide; see ``strategies.kernels.contract``."""
    _, high, low, close, _ = bar
    period, threshold, fast_period, slow_period, separation, stop_atr, target_atr = params
    count = state[BARS_SEEN] + 1.0
    state[BARS_SEEN] = count
    previous = state[PREVIOUS_CLOSE]
    rise = high - state[PREVIOUS_HIGH]
    fall = state[PREVIOUS_LOW] - low
    state[PREVIOUS_CLOSE] = close
    state[PREVIOUS_HIGH] = high
    state[PREVIOUS_LOW] = low
    fast_before = state[FAST]
    fast = ema(state, FAST, close, fast_period, count)
    slow = ema(state, SLOW, close, slow_period, count)
    if count <= 1.0:
        return undecided(state, MARGINS)
    reach = true_range(high, low, previous)
    atr = wilder(state, ATR, reach, period, count - 1.0)
    power, plus_di, minus_di = adx(state, MOVEMENT, (rise, fall, reach), period, count - 1.0)
    state[ADX] = power
    state[PLUS_DI] = plus_di
    state[MINUS_DI] = minus_di
    if count <= max(2.0 * period, slow_period) or atr <= 0.0:
        return undecided(state, MARGINS)

    strong = power - threshold
    direction = plus_di - minus_di
    apart = (fast - slow) / atr
    cross = (close - fast) / atr
    before = (fast_before - previous) / atr
    state[LONG_STRONG] = strong
    state[SHORT_STRONG] = strong
    state[LONG_DIRECTION] = direction
    state[SHORT_DIRECTION] = -direction
    state[LONG_TREND] = apart - separation
    state[SHORT_TREND] = -apart - separation
    state[LONG_CROSS] = cross
    state[SHORT_CROSS] = -cross
    state[LONG_FRESH] = before
    state[SHORT_FRESH] = -before
    side = 1.0 if apart > 0.0 else -1.0
    trend = side * apart - separation
    if strong < 0.0 or side * direction < 0.0 or trend < 0.0 or side * cross < 0.0 or side * before < 0.0:
        return 0.0, 0.0, 0.0, 0.0
    total = (
        strength(strong, STRONG_SCALE)
        + strength(side * direction, DIRECTION_SCALE)
        + strength(trend, TREND_SCALE)
        + strength(side * cross, CROSS_SCALE)
        + strength(side * before, FRESH_SCALE)
    )
    return propose(side, total / 5.0, close, stop_atr * atr, target_atr * atr)


KERNEL = Kernel(
    name="trend_following_adx_ema",
    step=step,
    state_size=STATE_SIZE,
    parameters=(
        Parameter("adx_period", 14, 5, 50, True, "bars", "Length of the ADX and of the ATR."),
        Parameter("adx_threshold", 22.0, 10.0, 50.0, False, "points", "Least ADX of a trend."),
        Parameter("fast_ema", 12, 3, 30, True, "bars", "Span of the EMA that marks pullbacks."),
        Parameter("slow_ema", 48, 31, 200, True, "bars", "Span of the EMA that marks the trend."),
        Parameter("separation_atr", 0.3, 0.05, 3.0, False, "ATR", "Least distance between the EMAs."),
        Parameter("stop_atr", 4.0, 0.5, 6.0, False, "ATR", "Distance of the stop-loss."),
        Parameter("target_atr", 8.0, 0.5, 12.0, False, "ATR", "Distance of the take-profit."),
    ),
    indicators=(
        ("adx", ADX),
        ("plus_di", PLUS_DI),
        ("minus_di", MINUS_DI),
        ("fast_ema", FAST),
        ("slow_ema", SLOW),
        ("atr", ATR),
    ),
    conditions=conditions(
        ("ADX above its threshold", "points"),
        ("DI in the trend's direction", "points"),
        ("EMAs apart", "ATR"),
        ("close beyond the fast EMA", "ATR"),
        ("close before short of it", "ATR"),
    ),
    warmup_bars=warmup_bars,
)
