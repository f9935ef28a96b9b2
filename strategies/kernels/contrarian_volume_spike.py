"""
Contrarian volume spike: a burst of volume far from the EMA that the bar itself already rejects.

The rejection is the wick on the far side; the target is a multiple of the ATR back towards the EMA.
"""

from strategies.kernels.averages import ema, wilder
from strategies.kernels.contract import FloatSequence, Kernel, MutableFloats, Ohlcv, Parameter
from strategies.kernels.deciding import BARS_SEEN, conditions, propose, strength, undecided
from strategies.kernels.oscillators import true_range
from strategies.kernels.windows import SUM_HEADER, rolling_mean

MAX_VOLUME_PERIOD = 96

MARGINS = 6
LONG_SPIKE, SHORT_SPIKE, LONG_STRETCH, SHORT_STRETCH, LONG_REJECTION, SHORT_REJECTION = range(1, 7)
PREVIOUS_CLOSE, EMA, ATR, MEAN_VOLUME, VOLUME_RATIO, STRETCH, LOWER_WICK, UPPER_WICK = range(7, 15)
VOLUMES = 15
STATE_SIZE = VOLUMES + SUM_HEADER + MAX_VOLUME_PERIOD

SPIKE_SCALE = 2.6  # mean volumes above the multiplier
STRETCH_SCALE = 1.0  # ATR beyond the least stretch
REJECTION_SCALE = 0.27  # share of the bar's range above the minimum


def warmup_bars(params: FloatSequence) -> int:
    """Return the bars before the first possible signal: mean volume, EMA and ATR filled."""
    return max(int(params[1]), int(params[2]), int(params[5]))


def step(state: MutableFloats, bar: Ohlcv, params: FloatSequence) -> tuple[float, float, float, float]:
    """Advance by one bar and decide; see ``strategies.kernels.contract``."""
    opening, high, low, close, volume = bar
    multiplier, volume_period, ema_period, stretched, wick, atr_period, stop_atr, target_atr = params
    count = state[BARS_SEEN] + 1.0
    state[BARS_SEEN] = count
    previous = state[PREVIOUS_CLOSE]
    state[PREVIOUS_CLOSE] = close
    usual_volume = state[MEAN_VOLUME]
    state[MEAN_VOLUME] = rolling_mean(state, VOLUMES, volume, volume_period, count)
    average = ema(state, EMA, close, ema_period, count)
    if count <= 1.0:
        return undecided(state, MARGINS)
    atr = wilder(state, ATR, true_range(high, low, previous), atr_period, count - 1.0)
    if count <= max(volume_period, ema_period, atr_period) or atr <= 0.0:
        return undecided(state, MARGINS)

    state[VOLUME_RATIO] = volume / usual_volume if usual_volume > 0.0 else 0.0
    state[STRETCH] = (close - average) / atr
    reach = high - low
    state[LOWER_WICK] = (min(opening, close) - low) / reach if reach > 0.0 else 0.0
    state[UPPER_WICK] = (high - max(opening, close)) / reach if reach > 0.0 else 0.0
    spike = state[VOLUME_RATIO] - multiplier
    state[LONG_SPIKE] = spike
    state[SHORT_SPIKE] = spike
    state[LONG_STRETCH] = -state[STRETCH] - stretched
    state[SHORT_STRETCH] = state[STRETCH] - stretched
    state[LONG_REJECTION] = state[LOWER_WICK] - wick
    state[SHORT_REJECTION] = state[UPPER_WICK] - wick
    if state[STRETCH] < 0.0:
        side = 1.0
        stretch = state[LONG_STRETCH]
        rejection = state[LONG_REJECTION]
    else:
        side = -1.0
        stretch = state[SHORT_STRETCH]
        rejection = state[SHORT_REJECTION]
    if spike < 0.0 or stretch < 0.0 or rejection < 0.0:
        return 0.0, 0.0, 0.0, 0.0
    total = (
        strength(spike, SPIKE_SCALE) + strength(stretch, STRETCH_SCALE) + strength(rejection, REJECTION_SCALE)
    )
    return propose(side, total / 3.0, close, stop_atr * atr, target_atr * atr)


KERNEL = Kernel(
    name="contrarian_volume_spike",
    step=step,
    state_size=STATE_SIZE,
    parameters=(
        Parameter("volume_multiplier", 1.5, 1.0, 6.0, False, "ratio", "Least volume, in mean volumes."),
        Parameter("volume_period", 20, 5, MAX_VOLUME_PERIOD, True, "bars", "Length of the mean volume."),
        Parameter("ema_period", 20, 5, 150, True, "bars", "Span of the EMA the price is stretched from."),
        Parameter("stretch_atr", 2.0, 0.1, 5.0, False, "ATR", "Least distance of the close from the EMA."),
        Parameter("wick_ratio", 0.4, 0.0, 0.8, False, "ratio", "Least far-side wick, of the bar's range."),
        Parameter("atr_period", 14, 5, 100, True, "bars", "Length of the ATR."),
        Parameter("stop_atr", 4.0, 0.5, 6.0, False, "ATR", "Distance of the stop-loss."),
        Parameter("target_atr", 5.0, 0.5, 12.0, False, "ATR", "Distance of the take-profit."),
    ),
    indicators=(
        ("ema", EMA),
        ("atr", ATR),
        ("volume_ratio", VOLUME_RATIO),
        ("stretch_atr", STRETCH),
        ("lower_wick_ratio", LOWER_WICK),
        ("upper_wick_ratio", UPPER_WICK),
    ),
    conditions=conditions(
        ("volume spike", "mean volumes"),
        ("close stretched from the EMA", "ATR"),
        ("bar rejects the extreme", "ratio"),
    ),
    warmup_bars=warmup_bars,
)
