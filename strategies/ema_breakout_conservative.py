"""Trade confirmed crossings of two EMAs."""

from strategies.base import SignalStrategy
from strategies.kernels.ema_breakout_conservative import KERNEL


class EMABreakoutConservativeStrategy(SignalStrategy):
    """Follow a crossing of a short and a long EMA once it is confirmed."""

    kernel = KERNEL
    tag = "EB"
