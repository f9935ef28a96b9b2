"""Trade breakouts from a volatility band."""

from strategies.base import SignalStrategy
from strategies.kernels.volatility_breakout import KERNEL


class VolatilityBreakoutStrategy(SignalStrategy):
    """Buy above and sell below a band of ATRs around the recent mean."""

    kernel = KERNEL
    tag = "VB"
