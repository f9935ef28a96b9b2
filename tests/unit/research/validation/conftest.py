from decimal import Decimal

import pytest

from nautilus_bot.research.validation.made_up_market import draw_market
from nautilus_bot.research.validation.setting import build_setting
from strategies.sizing import SizingLimits

TREND = "TrendFollowingADXEMAStrategy"
LIMITS = SizingLimits(Decimal("0.5"), Decimal(3), Decimal(30_000))
RULES = tuple({"rule": name, "enabled": False} for name in ("volatility", "portfolio_var", "min_confidence"))
DAY = 96


@pytest.fixture(scope="session")
def setting_on():
    """Build the setting of a strategy on a made-up market of some days."""

    def build(seed, days, edge=0.0, strategy=TREND):
        return build_setting(strategy, draw_market(seed, days * DAY, edge=edge), LIMITS, RULES)

    return build


@pytest.fixture(scope="session")
def planted(setting_on):
    """Two years with an edge of an annual Sharpe ratio of about 5."""
    return setting_on(seed=41, days=730, edge=0.12)


@pytest.fixture(scope="session")
def noise(setting_on):
    """Two years of a random walk."""
    return setting_on(seed=42, days=730)
