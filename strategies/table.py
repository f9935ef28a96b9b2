"""All strategies by class name, in the order in which they are shown."""

from typing import Final

from strategies.base import SignalStrategy
from strategies.bollinger_reversion import BollingerReversionStrategy
from strategies.contrarian_volume_spike import ContrarianVolumeSpikeStrategy
from strategies.ema_breakout_conservative import EMABreakoutConservativeStrategy
from strategies.rsi_ema_momentum import RSIEMAMomentumStrategy
from strategies.trend_following_adx_ema import TrendFollowingADXEMAStrategy
from strategies.volatility_breakout import VolatilityBreakoutStrategy

STRATEGIES: Final[dict[str, type[SignalStrategy]]] = {
    strategy.__name__: strategy
    for strategy in (
        VolatilityBreakoutStrategy,
        RSIEMAMomentumStrategy,
        BollingerReversionStrategy,
        EMABreakoutConservativeStrategy,
        ContrarianVolumeSpikeStrategy,
        TrendFollowingADXEMAStrategy,
    )
}
