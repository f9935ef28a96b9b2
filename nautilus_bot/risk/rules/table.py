"""All rules of this project, in the order in which they are asked."""

from typing import Final

from nautilus_bot.risk.rule import BaseRule
from nautilus_bot.risk.rules.cooldown import Cooldown
from nautilus_bot.risk.rules.correlation import Correlation
from nautilus_bot.risk.rules.daily_loss import DailyLoss
from nautilus_bot.risk.rules.drawdown_halt import DrawdownHalt
from nautilus_bot.risk.rules.exposure import Exposure
from nautilus_bot.risk.rules.hourly_cap import HourlyCap
from nautilus_bot.risk.rules.in_flight import InFlight
from nautilus_bot.risk.rules.max_position import MaxPosition
from nautilus_bot.risk.rules.min_confidence import MinConfidence
from nautilus_bot.risk.rules.portfolio_var import PortfolioVar
from nautilus_bot.risk.rules.throttle import Throttle
from nautilus_bot.risk.rules.trading_state import TradingState
from nautilus_bot.risk.rules.volatility import Volatility

RULES: Final[dict[str, type[BaseRule]]] = {
    "trading_state": TradingState,
    "min_confidence": MinConfidence,
    "in_flight": InFlight,
    "throttle": Throttle,
    "hourly_cap": HourlyCap,
    "cooldown": Cooldown,
    "volatility": Volatility,
    "max_position": MaxPosition,
    "exposure": Exposure,
    "drawdown_halt": DrawdownHalt,
    "daily_loss": DailyLoss,
    "correlation": Correlation,
    "portfolio_var": PortfolioVar,
}
