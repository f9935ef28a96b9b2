"""
RSI and EMA momentum: the RSI crosses out of its neutral zone on a firm bar whose close leads the EMA.

Levels of the RSI are distances from 50, so that one number serves both directions.
"""

from strategies.kernels.averages import ema, wilder
from strategies.kernels.contract import FloatSequence, Kernel, MutableFloats, Ohlcv, Parameter
from strategies.kernels.deciding import BARS_SEEN, conditions, propose, strength, undecided
from strategies.kernels.oscillators import rsi, true_range

MARGINS = 10
LONG_MOMENTUM, SHORT_MOMENTUM, LONG_FRESH, SHORT_FRESH, LONG_ROOM, SHORT_ROOM = range(1, 7)
LONG_TREND, SHORT_TREND, LONG_FIRM, SHORT_FIRM = range(7, 11)
PREVIOUS_CLOSE, RSI, EMA, ATR, BODY, GAIN = range(11, 17)
STATE_SIZE = GAIN + 2

MOMENTUM_SCALE = 4.0  # points beyond the threshold
FRESH_SCALE = 5.6  # points short of it, one bar earlier
ROOM_SCALE = 28.0  # points left to the limit
TREND_SCALE = 2.0  # ATR between close and EMA
FIRM_SCALE = 0.6  # share of the bar's range above the minimum


def warmup_bars(params: FloatSequence) -> int:
    """Return the bars before the first possible signal: two values of the RSI, the EMA and the ATR filled."""
    return max(int(params[0]) + 1, int(params[1]), int(params[6]))


def step(state: MutableFloats, bar: Ohlcv, params: FloatSequence) -> tuple[float, float, float, float]:
    """Advance by one bar and decide; see ``strategies.kernels.contract``."""
    opening, high, low, close, _ = bar
    rsi_period, ema_period, threshold, limit, distance, body_ratio, atr_period, stop_atr, target_atr = params
    count = state[BARS_SEEN] + 1.0
    state[BARS_SEEN] = count
    previous = state[PREVIOUS_CLOSE]
    state[PREVIOUS_CLOSE] = close
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
    body = (close - opening) / (high - low) if high > low else 0.0
    state[BODY] = body
    state[LONG_MOMENTUM] = momentum - threshold
    state[SHORT_MOMENTUM] = -momentum - threshold
    state[LONG_FRESH] = threshold - momentum_before
    state[SHORT_FRESH] = threshold + momentum_before
    state[LONG_ROOM] = limit - momentum
    state[SHORT_ROOM] = limit + momentum
    state[LONG_TREND] = lead - distance
    state[SHORT_TREND] = -lead - distance
    state[LONG_FIRM] = body - body_ratio
    state[SHORT_FIRM] = -body - body_ratio
    side = 1.0 if momentum > 0.0 else -1.0
    beyond = side * momentum - threshold
    fresh = threshold - side * momentum_before
    room = limit - side * momentum
    trend = side * lead - distance
    firm = side * body - body_ratio
    if beyond < 0.0 or fresh < 0.0 or room < 0.0 or trend < 0.0 or firm < 0.0:
        return 0.0, 0.0, 0.0, 0.0
    total = (
        strength(beyond, MOMENTUM_SCALE)
        + strength(fresh, FRESH_SCALE)
        + strength(room, ROOM_SCALE)
        + strength(trend, TREND_SCALE)
        + strength(firm, FIRM_SCALE)
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
        Parameter("body_ratio", 0.4, 0.0, 0.9, False, "ratio", "Least body of the bar, of its range."),
        Parameter("atr_period", 14, 5, 100, True, "bars", "Length of the ATR."),
        Parameter("stop_atr", 4.0, 0.5, 6.0, False, "ATR", "Distance of the stop-loss."),
        Parameter("target_atr", 6.0, 0.5, 12.0, False, "ATR", "Distance of the take-profit."),
    ),
    indicators=(("rsi", RSI), ("ema", EMA), ("atr", ATR), ("body_ratio", BODY)),
    conditions=conditions(
        ("RSI beyond its threshold", "points"),
        ("RSI before short of it", "points"),
        ("RSI not overdone", "points"),
        ("close leads the EMA", "ATR"),
        ("bar closes firmly", "ratio"),
    ),
    warmup_bars=warmup_bars,
)
