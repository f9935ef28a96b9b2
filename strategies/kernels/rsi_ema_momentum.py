"""
RSI and EMA momentum: the RSI crosses out of its neutral zone while the close leads a rising EMA.

Levels of the RSI are distances from 50, so that one number serves both directions.
"""

from strategies.kernels.averages import ema, wilder
from strategies.kernels.contract import FloatSequence, Kernel, MutableFloats, Ohlcv, Parameter
from strategies.kernels.deciding import BARS_SEEN, conditions, propose, strength, undecided
from strategies.kernels.oscillators import rsi, true_range

MARGINS = 10
LONG_MOMENTUM, SHORT_MOMENTUM, LONG_FRESH, SHORT_FRESH, LONG_ROOM, SHORT_ROOM = range(1, 7)
LONG_TREND, SHORT_TREND, LONG_SLOPE, SHORT_SLOPE = range(7, 11)
PREVIOUS_CLOSE, RSI, EMA, ATR, GAIN = range(11, 16)
STATE_SIZE = GAIN + 2

MOMENTUM_SCALE = 3.6  # points beyond the threshold
FRESH_SCALE = 5.0  # points short of it, one bar earlier
ROOM_SCALE = 28.0  # points left to the limit
TREND_SCALE = 2.0  # ATR between close and EMA
SLOPE_SCALE = 0.22  # ATR a bar


def warmup_bars(params: FloatSequence) -> int:
    """Return the bars before the first possible signal: two values of the RSI, the EMA and the ATR filled."""
    return max(int(params[0]) + 1, int(params[1]), int(params[6]))


def step(state: MutableFloats, bar: Ohlcv, params: FloatSequence) -> tuple[float, float, float, float]:
    """Advance by one bar and decide; see ``strategies.kernels.contract``."""
    _, high, low, close, _ = bar
    rsi_period, ema_period, threshold, limit, distance, slope, atr_period, stop_atr, target_atr = params
    count = state[BARS_SEEN] + 1.0
    state[BARS_SEEN] = count
    previous = state[PREVIOUS_CLOSE]
    state[PREVIOUS_CLOSE] = close
    average_before = state[EMA]
    average = ema(state, EMA, close, ema_period, count)
    if count <= 1.0:
        return undecided(state, MARGINS)
    momentum_before = state[RSI] - 50.0
    state[RSI] = rsi(state, GAIN, close - previous, rsi_period, count - 1.0)
    atr = wilder(state, ATR, true_range(high, low, previous), atr_period, count - 1.0)
    if count <= max(rsi_period + 1.0, ema_period, atr_period) or atr <= 0.0:
        return undecided(state, MARGINS)

    momentum = state[RSI] - 50.0
    lead = (close - average) / atr
    incline = (average - average_before) / atr
    state[LONG_MOMENTUM] = momentum - threshold
    state[SHORT_MOMENTUM] = -momentum - threshold
    state[LONG_FRESH] = threshold - momentum_before
    state[SHORT_FRESH] = threshold + momentum_before
    state[LONG_ROOM] = limit - momentum
    state[SHORT_ROOM] = limit + momentum
    state[LONG_TREND] = lead - distance
    state[SHORT_TREND] = -lead - distance
    state[LONG_SLOPE] = incline - slope
    state[SHORT_SLOPE] = -incline - slope
    side = 1.0 if momentum > 0.0 else -1.0
    beyond = side * momentum - threshold
    fresh = threshold - side * momentum_before
    room = limit - side * momentum
    trend = side * lead - distance
    rising = side * incline - slope
    if beyond < 0.0 or fresh < 0.0 or room < 0.0 or trend < 0.0 or rising < 0.0:
        return 0.0, 0.0, 0.0, 0.0
    total = (
        strength(beyond, MOMENTUM_SCALE)
        + strength(fresh, FRESH_SCALE)
        + strength(room, ROOM_SCALE)
        + strength(trend, TREND_SCALE)
        + strength(rising, SLOPE_SCALE)
    )
    return propose(side, total / 5.0, close, stop_atr * atr, target_atr * atr)


KERNEL = Kernel(
    name="rsi_ema_momentum",
    step=step,
    state_size=STATE_SIZE,
    parameters=(
        Parameter("rsi_period", 14, 5, 50, True, "bars", "Length of the RSI."),
        Parameter("ema_period", 20, 5, 200, True, "bars", "Span of the EMA that shows the trend."),
        Parameter("threshold", 14.0, 1.0, 20.0, False, "points", "RSI beyond 50 that counts as momentum."),
        Parameter("limit", 30.0, 21.0, 50.0, False, "points", "RSI beyond 50 where the move is overdone."),
        Parameter("distance_atr", 0.8, 0.0, 2.0, False, "ATR", "Least lead of the close on the EMA."),
        Parameter("slope_atr", 0.08, 0.0, 0.3, False, "ATR", "Least rise of the EMA per bar."),
        Parameter("atr_period", 14, 5, 100, True, "bars", "Length of the ATR."),
        Parameter("stop_atr", 4.0, 0.5, 6.0, False, "ATR", "Distance of the stop-loss."),
        Parameter("target_atr", 6.0, 0.5, 12.0, False, "ATR", "Distance of the take-profit."),
    ),
    indicators=(("rsi", RSI), ("ema", EMA), ("atr", ATR)),
    conditions=conditions(
        ("RSI beyond its threshold", "points"),
        ("RSI before short of it", "points"),
        ("RSI not overdone", "points"),
        ("close leads the EMA", "ATR"),
        ("EMA inclines", "ATR"),
    ),
    warmup_bars=warmup_bars,
)
