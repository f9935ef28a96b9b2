"""Trade pullbacks within strong trends."""

from strategies.base import SignalStrategy
from strategies.kernels.trend_following_adx_ema import KERNEL


class TrendFollowingADXEMAStrategy(SignalStrategy):
    """Follow the EMA's trend while the ADX says that it is strong."""

    kernel = KERNEL
    tag = "TF"
