"""Trade momentum that RSI and EMA agree on."""

from strategies.base import SignalStrategy
from strategies.kernels.rsi_ema_momentum import KERNEL


class RSIEMAMomentumStrategy(SignalStrategy):
    """Follow the trend of the EMA when the RSI gains momentum."""

    kernel = KERNEL
    tag = "RE"
