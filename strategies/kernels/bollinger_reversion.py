"""
Bollinger reversion: the close returns into the band after a bar that closed outside of it, oversold.

The target is a share of the way back to the middle of the band, not a multiple of the ATR.
"""

from strategies.kernels.averages import wilder
from strategies.kernels.contract import FloatSequence, Kernel, MutableFloats, Ohlcv, Parameter
from strategies.kernels.deciding import BARS_SEEN, conditions, propose, strength, undecided
from strategies.kernels.oscillators import rsi, true_range
from strategies.kernels.windows import DEVIATION_HEADER, mean_and_deviation

MAX_PERIOD = 100

MARGINS = 10
LONG_EXCURSION, SHORT_EXCURSION, LONG_RETURN, SHORT_RETURN, LONG_OVERDONE, SHORT_OVERDONE = range(1, 7)
LONG_WIDTH, SHORT_WIDTH, LONG_ROOM, SHORT_ROOM = range(7, 11)
PREVIOUS_CLOSE, MIDDLE, UPPER, LOWER, WIDTH_PCT, RSI, ATR, GAIN = range(11, 19)
RING = GAIN + 2
STATE_SIZE = RING + DEVIATION_HEADER + MAX_PERIOD

MIN_ROOM_ATR = 0.5  # a target nearer than this does not pay its fees
EXCURSION_SCALE = 0.7  # ATR outside the band, one bar earlier
RETURN_SCALE = 0.8  # ATR back inside
OVERDONE_SCALE = 10.0  # points beyond the distance
WIDTH_SCALE = 3.0  # percent of the price above the minimum
ROOM_SCALE = 3.5  # ATR of room above the minimum


def warmup_bars(params: FloatSequence) -> int:
    """Return the bars before the first possible signal: the band, RSI and ATR of two bars in a row."""
    return max(int(params[0]), int(params[2]) + 1, int(params[5]))


def step(state: MutableFloats, bar: Ohlcv, params: FloatSequence) -> tuple[float, float, float, float]:
    """Advance by one bar and decide; see ``strategies.kernels.contract``."""
    _, high, low, close, _ = bar
    bb_period, bb_dev, rsi_period, distance, min_width_pct, atr_period, stop_atr, target_ratio = params
    count = state[BARS_SEEN] + 1.0
    state[BARS_SEEN] = count
    previous = state[PREVIOUS_CLOSE]
    state[PREVIOUS_CLOSE] = close
    upper_before = state[UPPER]
    lower_before = state[LOWER]
    middle, deviation = mean_and_deviation(state, RING, close, bb_period, count)
    upper = middle + bb_dev * deviation
    lower = middle - bb_dev * deviation
    state[MIDDLE] = middle
    state[UPPER] = upper
    state[LOWER] = lower
    if count <= 1.0:
        return undecided(state, MARGINS)
    momentum_before = state[RSI] - 50.0
    state[RSI] = rsi(state, GAIN, close - previous, rsi_period, count - 1.0)
    atr = wilder(state, ATR, true_range(high, low, previous), atr_period, count - 1.0)
    if count <= max(bb_period, rsi_period + 1.0, atr_period) or atr <= 0.0:
        return undecided(state, MARGINS)

    state[WIDTH_PCT] = 100.0 * (upper - lower) / middle
    wide = state[WIDTH_PCT] - min_width_pct
    room = target_ratio * (middle - close) / atr
    state[LONG_EXCURSION] = (lower_before - previous) / atr
    state[SHORT_EXCURSION] = (previous - upper_before) / atr
    state[LONG_RETURN] = (close - lower) / atr
    state[SHORT_RETURN] = (upper - close) / atr
    state[LONG_OVERDONE] = -momentum_before - distance
    state[SHORT_OVERDONE] = momentum_before - distance
    state[LONG_WIDTH] = wide
    state[SHORT_WIDTH] = wide
    state[LONG_ROOM] = room - MIN_ROOM_ATR
    state[SHORT_ROOM] = -room - MIN_ROOM_ATR
    if room > 0.0:
        side = 1.0
        excursion = state[LONG_EXCURSION]
        back = state[LONG_RETURN]
    else:
        side = -1.0
        excursion = state[SHORT_EXCURSION]
        back = state[SHORT_RETURN]
    overdone = -side * momentum_before - distance
    space = side * room - MIN_ROOM_ATR
    if excursion < 0.0 or back < 0.0 or overdone < 0.0 or wide < 0.0 or space < 0.0:
        return 0.0, 0.0, 0.0, 0.0
    total = (
        strength(excursion, EXCURSION_SCALE)
        + strength(back, RETURN_SCALE)
        + strength(overdone, OVERDONE_SCALE)
        + strength(wide, WIDTH_SCALE)
        + strength(space, ROOM_SCALE)
    )
    return propose(side, total / 5.0, close, stop_atr * atr, side * room * atr)


KERNEL = Kernel(
    name="bollinger_reversion",
    step=step,
    state_size=STATE_SIZE,
    parameters=(
        Parameter("bb_period", 20, 5, MAX_PERIOD, True, "bars", "Length of the band."),
        Parameter("bb_dev", 2.0, 0.5, 4.0, False, "deviations", "Half-width of the band."),
        Parameter("rsi_period", 14, 5, 50, True, "bars", "Length of the RSI."),
        Parameter("rsi_distance", 18.0, 0.0, 40.0, False, "points", "RSI from 50, before, that is overdone."),
        Parameter("min_width_pct", 1.5, 0.0, 5.0, False, "pct", "Least width of the band, of the price."),
        Parameter("atr_period", 14, 5, 100, True, "bars", "Length of the ATR."),
        Parameter("stop_atr", 4.0, 0.5, 6.0, False, "ATR", "Distance of the stop-loss."),
        Parameter("target_ratio", 1.0, 0.3, 2.0, False, "ratio", "Share of the way to the middle to take."),
    ),
    indicators=(
        ("middle_band", MIDDLE),
        ("upper_band", UPPER),
        ("lower_band", LOWER),
        ("width_pct", WIDTH_PCT),
        ("rsi", RSI),
        ("atr", ATR),
    ),
    conditions=conditions(
        ("close before outside the band", "ATR"),
        ("close back inside the band", "ATR"),
        ("RSI before overdone", "points"),
        ("band wide enough", "pct"),
        ("room to the target", "ATR"),
    ),
    warmup_bars=warmup_bars,
)
