"""Trade the return to the mean."""

from strategies.base import SignalStrategy
from strategies.kernels.bollinger_reversion import KERNEL


class BollingerReversionStrategy(SignalStrategy):
    """Buy below the lower and sell above the upper Bollinger band."""

    kernel = KERNEL
    tag = "BR"
