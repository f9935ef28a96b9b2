"""The whole configuration of a bot: one struct a file, each owned by the part that uses it."""

import msgspec

from nautilus_bot.config.alerts import AlertConfig
from nautilus_bot.config.backtest import BacktestConfig
from nautilus_bot.config.risk import RiskConfig
from nautilus_bot.config.strategies import StrategiesConfig, StrategyEntry
from nautilus_bot.config.venue import VenueConfig


class BotConfig(msgspec.Struct, frozen=True, kw_only=True):
    """
    Everything that is configured.

    Parameters
    ----------
    backtest : BacktestConfig
        From ``backtest.json``.
    venue : VenueConfig
        From ``bybit_x_config.json``.
    strategies : StrategiesConfig
        From ``strategies_config_72h.json``, with all parameters filled in.
    risk : RiskConfig
        From ``risk_config.json``.
    alerts : AlertConfig
        From ``alert_config.json``.
    files : dict[str, str]
        Path of each file by the name of its field here.
    """

    backtest: BacktestConfig
    venue: VenueConfig
    strategies: StrategiesConfig
    risk: RiskConfig
    alerts: AlertConfig
    files: dict[str, str]

    def symbols_of(self, entry: StrategyEntry) -> tuple[str, ...]:
        """Return the symbols of the session that a strategy trades, in the session's order."""
        wanted = entry.symbols or self.backtest.symbols
        return tuple(symbol for symbol in self.backtest.symbols if symbol in wanted)

    def timeframe_of(self, entry: StrategyEntry) -> str:
        """Return the timeframe of a strategy in a backtest: the backtest's, else its own."""
        return self.backtest.timeframe or entry.timeframe
