"""
Volatility breakout: the close leaves a band of ATRs around the recent mean, on a wide bar.

The band is drawn from the bars before the one that is judged, so a breakout does not widen its own hurdle.
"""

from strategies.kernels.averages import wilder
from strategies.kernels.contract import FloatSequence, Kernel, MutableFloats, Ohlcv, Parameter
from strategies.kernels.deciding import BARS_SEEN, conditions, propose, strength, undecided
from strategies.kernels.oscillators import true_range
from strategies.kernels.windows import SUM_HEADER, rolling_mean

MAX_LOOKBACK = 96

MARGINS = 6
LONG_BREAKOUT, SHORT_BREAKOUT, LONG_FRESH, SHORT_FRESH, LONG_EXPANSION, SHORT_EXPANSION = range(1, 7)
PREVIOUS_CLOSE, ATR, MEAN, UPPER, LOWER, RANGE_RATIO = range(7, 13)
RING = 13
STATE_SIZE = RING + SUM_HEADER + MAX_LOOKBACK

BREAKOUT_SCALE = 1.1  # ATR beyond the band
FRESH_SCALE = 1.5  # ATR inside the band, one bar earlier
EXPANSION_SCALE = 1.4  # ATR of range above the minimum


def warmup_bars(params: FloatSequence) -> int:
    """Return the bars before the first possible signal: the mean and ATR of two bars in a row."""
    return int(params[0]) + 2


def step(state: MutableFloats, bar: Ohlcv, params: FloatSequence) -> tuple[float, float, float, float]:
    """Advance by one bar and decide; see ``strategies.kernels.contract``."""
    _, high, low, close, _ = bar
    lookback, multiplier, expansion, stop_atr, target_atr = params
    count = state[BARS_SEEN] + 1.0
    state[BARS_SEEN] = count
    previous = state[PREVIOUS_CLOSE]
    state[PREVIOUS_CLOSE] = close
    mean = state[MEAN]
    state[MEAN] = rolling_mean(state, RING, close, lookback, count)
    if count <= 1.0:
        return undecided(state, MARGINS)
    atr = state[ATR]
    reach = true_range(high, low, previous)
    wilder(state, ATR, reach, lookback, count - 1.0)
    upper_before = state[UPPER]
    lower_before = state[LOWER]
    upper = mean + multiplier * atr
    lower = mean - multiplier * atr
    state[UPPER] = upper
    state[LOWER] = lower
    if count <= lookback + 2.0 or atr <= 0.0:
        return undecided(state, MARGINS)

    state[RANGE_RATIO] = reach / atr
    wide = state[RANGE_RATIO] - expansion
    above = (close - upper) / atr
    below = (lower - close) / atr
    was_below = (upper_before - previous) / atr
    was_above = (previous - lower_before) / atr
    state[LONG_BREAKOUT] = above
    state[SHORT_BREAKOUT] = below
    state[LONG_FRESH] = was_below
    state[SHORT_FRESH] = was_above
    state[LONG_EXPANSION] = wide
    state[SHORT_EXPANSION] = wide
    if wide < 0.0:
        return 0.0, 0.0, 0.0, 0.0
    if above >= 0.0 and was_below >= 0.0:
        side, beyond, fresh = 1.0, above, was_below
    elif below >= 0.0 and was_above >= 0.0:
        side, beyond, fresh = -1.0, below, was_above
    else:
        return 0.0, 0.0, 0.0, 0.0
    total = strength(beyond, BREAKOUT_SCALE) + strength(fresh, FRESH_SCALE) + strength(wide, EXPANSION_SCALE)
    return propose(side, total / 3.0, close, stop_atr * atr, target_atr * atr)


KERNEL = Kernel(
    name="volatility_breakout",
    step=step,
    state_size=STATE_SIZE,
    parameters=(
        Parameter("lookback", 18, 5, MAX_LOOKBACK, True, "bars", "Length of the mean and of the ATR."),
        Parameter("multiplier", 2.2, 0.5, 5.0, False, "ATR", "Half-width of the band around the mean."),
        Parameter("expansion", 1.5, 0.0, 3.0, False, "ATR", "Least true range of the breakout bar."),
        Parameter("stop_atr", 4.0, 0.5, 6.0, False, "ATR", "Distance of the stop-loss."),
        Parameter("target_atr", 6.0, 0.5, 12.0, False, "ATR", "Distance of the take-profit."),
    ),
    indicators=(
        ("mean", MEAN),
        ("atr", ATR),
        ("upper_band", UPPER),
        ("lower_band", LOWER),
        ("range_ratio", RANGE_RATIO),
    ),
    conditions=conditions(
        ("close beyond the band", "ATR"),
        ("close before inside the band", "ATR"),
        ("bar wide enough", "ATR"),
    ),
    warmup_bars=warmup_bars,
)
