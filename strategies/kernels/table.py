"""The six kernels by the class name of their strategy."""

from strategies.kernels.bollinger_reversion import KERNEL as BOLLINGER_REVERSION
from strategies.kernels.contract import Kernel
from strategies.kernels.contrarian_volume_spike import KERNEL as CONTRARIAN_VOLUME_SPIKE
from strategies.kernels.ema_breakout_conservative import KERNEL as EMA_BREAKOUT_CONSERVATIVE
from strategies.kernels.rsi_ema_momentum import KERNEL as RSI_EMA_MOMENTUM
from strategies.kernels.trend_following_adx_ema import KERNEL as TREND_FOLLOWING_ADX_EMA
from strategies.kernels.volatility_breakout import KERNEL as VOLATILITY_BREAKOUT

KERNELS: dict[str, Kernel] = {
    "VolatilityBreakoutStrategy": VOLATILITY_BREAKOUT,
    "RSIEMAMomentumStrategy": RSI_EMA_MOMENTUM,
    "BollingerReversionStrategy": BOLLINGER_REVERSION,
    "EMABreakoutConservativeStrategy": EMA_BREAKOUT_CONSERVATIVE,
    "ContrarianVolumeSpikeStrategy": CONTRARIAN_VOLUME_SPIKE,
    "TrendFollowingADXEMAStrategy": TREND_FOLLOWING_ADX_EMA,
}
