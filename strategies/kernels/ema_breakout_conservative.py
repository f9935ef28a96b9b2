"""Conservative EMA breakout: a new extreme of the channel, the EMAs already apart and volume behind it."""

from strategies.kernels.averages import ema, wilder
from strategies.kernels.contract import FloatSequence, Kernel, MutableFloats, Ohlcv, Parameter
from strategies.kernels.deciding import BARS_SEEN, conditions, propose, strength, undecided
from strategies.kernels.oscillators import true_range
from strategies.kernels.windows import SUM_HEADER, highest, rolling_mean

MAX_CHANNEL = 96
RING_SIZE = SUM_HEADER + MAX_CHANNEL

MARGINS = 6
LONG_BREAKOUT, SHORT_BREAKOUT, LONG_TREND, SHORT_TREND, LONG_VOLUME, SHORT_VOLUME = range(1, 7)
PREVIOUS_CLOSE, SHORT_EMA, LONG_EMA, ATR, HIGHEST, LOWEST, MEAN_VOLUME, VOLUME_RATIO = range(7, 15)
HIGHS = 15
LOWS = HIGHS + RING_SIZE
VOLUMES = LOWS + RING_SIZE
STATE_SIZE = VOLUMES + RING_SIZE

BREAKOUT_SCALE = 1.0  # ATR beyond the channel
TREND_SCALE = 1.0  # ATR between the EMAs above the minimum
VOLUME_SCALE = 2.8  # times the mean volume above the minimum


def warmup_bars(params: FloatSequence) -> int:
    """Return the bars before the first possible signal: channel, EMAs and ATR filled."""
    return max(int(params[2]), int(params[1]), int(params[5]))


def step(state: MutableFloats, bar: Ohlcv, params: FloatSequence) -> tuple[float, float, float, float]:
    """Advance by one bar and decide; see ``strategies.kernels.contract``."""
    _, high, low, close, volume = bar
    short_period, long_period, channel, separation, volume_ratio, atr_period, stop_atr, target_atr = params
    count = state[BARS_SEEN] + 1.0
    state[BARS_SEEN] = count
    previous = state[PREVIOUS_CLOSE]
    state[PREVIOUS_CLOSE] = close
    ceiling = state[HIGHEST]
    floor = state[LOWEST]
    usual_volume = state[MEAN_VOLUME]
    state[HIGHEST] = highest(state, HIGHS, high, channel, count)
    state[LOWEST] = -highest(state, LOWS, -low, channel, count)
    state[MEAN_VOLUME] = rolling_mean(state, VOLUMES, volume, channel, count)
    short = ema(state, SHORT_EMA, close, short_period, count)
    long = ema(state, LONG_EMA, close, long_period, count)
    if count <= 1.0:
        return undecided(state, MARGINS)
    atr = wilder(state, ATR, true_range(high, low, previous), atr_period, count - 1.0)
    if count <= max(channel, long_period, atr_period) or atr <= 0.0:
        return undecided(state, MARGINS)

    state[VOLUME_RATIO] = volume / usual_volume if usual_volume > 0.0 else 0.0
    busy = state[VOLUME_RATIO] - volume_ratio
    apart = (short - long) / atr
    state[LONG_BREAKOUT] = (close - ceiling) / atr
    state[SHORT_BREAKOUT] = (floor - close) / atr
    state[LONG_TREND] = apart - separation
    state[SHORT_TREND] = -apart - separation
    state[LONG_VOLUME] = busy
    state[SHORT_VOLUME] = busy
    if close >= ceiling:
        side = 1.0
        beyond = state[LONG_BREAKOUT]
    else:
        side = -1.0
        beyond = state[SHORT_BREAKOUT]
    trend = side * apart - separation
    if beyond < 0.0 or trend < 0.0 or busy < 0.0:
        return 0.0, 0.0, 0.0, 0.0
    total = strength(beyond, BREAKOUT_SCALE) + strength(trend, TREND_SCALE) + strength(busy, VOLUME_SCALE)
    return propose(side, total / 3.0, close, stop_atr * atr, target_atr * atr)


KERNEL = Kernel(
    name="ema_breakout_conservative",
    step=step,
    state_size=STATE_SIZE,
    parameters=(
        Parameter("short_ema", 10, 3, 25, True, "bars", "Span of the short EMA."),
        Parameter("long_ema", 30, 26, 150, True, "bars", "Span of the long EMA."),
        Parameter("channel_bars", 20, 5, MAX_CHANNEL, True, "bars", "Length of channel and mean volume."),
        Parameter("separation_atr", 0.5, 0.0, 3.0, False, "ATR", "Least distance between the EMAs."),
        Parameter("volume_ratio", 1.5, 0.0, 5.0, False, "ratio", "Least volume, in mean volumes."),
        Parameter("atr_period", 14, 5, 100, True, "bars", "Length of the ATR."),
        Parameter("stop_atr", 5.0, 0.5, 6.0, False, "ATR", "Distance of the stop-loss."),
        Parameter("target_atr", 8.0, 0.5, 12.0, False, "ATR", "Distance of the take-profit."),
    ),
    indicators=(
        ("short_ema", SHORT_EMA),
        ("long_ema", LONG_EMA),
        ("channel_high", HIGHEST),
        ("channel_low", LOWEST),
        ("volume_ratio", VOLUME_RATIO),
        ("atr", ATR),
    ),
    conditions=conditions(
        ("close beyond the channel", "ATR"),
        ("EMAs apart", "ATR"),
        ("volume behind it", "mean volumes"),
    ),
    warmup_bars=warmup_bars,
)
