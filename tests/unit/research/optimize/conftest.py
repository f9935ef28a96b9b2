from decimal import Decimal
from pathlib import Path

import pytest

pytest.importorskip("numba", reason="the search needs the research extra")

from nautilus_bot.market.instruments import facts_of
from nautilus_bot.market.intervals import interval_ns
from nautilus_bot.market.synthetic import synthetic_candles
from nautilus_bot.research.fast.market import build_market
from nautilus_bot.research.optimize.objective import Leg, Objective
from nautilus_bot.research.optimize.space import load_space
from strategies.sizing import SizingLimits

CONFIGS = Path(__file__).parents[4] / "configs"
LIMITS = SizingLimits(Decimal("0.5"), Decimal(3), Decimal(30_000))
START_NS = 1_704_067_200 * 1_000_000_000


def build_market_of(symbol, bars=2_000, seed=3):
    length = interval_ns("15m")
    candles = synthetic_candles(seed, ["BTCUSDT", "ETHUSDT"], length, START_NS, bars)
    return build_market(candles[symbol], facts_of(symbol), length)


@pytest.fixture(scope="session")
def btc():
    return build_market_of("BTCUSDT")


@pytest.fixture(scope="session")
def eth():
    return build_market_of("ETHUSDT")


@pytest.fixture(scope="session")
def objective(btc):
    leg = Leg("VolatilityBreakoutStrategy", btc, LIMITS)
    return Objective((leg,), (), Decimal(10_000), slippage_ticks=1)


@pytest.fixture(scope="session")
def distributions():
    return load_space(CONFIGS, "VolatilityBreakoutStrategy").distributions()
