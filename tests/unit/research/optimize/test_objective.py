"""The objective: the same whole or in parts, here or in a worker, alone or as a portfolio."""

import pickle
from decimal import Decimal

import numpy as np
import pytest

from nautilus_bot.core.errors import DataError
from nautilus_bot.research.optimize.objective import Leg, Objective, weigh
from strategies.kernels.table import KERNELS
from strategies.sizing import SizingLimits

PARAMETERS = {"lookback": 20, "multiplier": 1.5, "expansion": 0.5, "stop_atr": 2.0, "target_atr": 3.0}
LIMITS = SizingLimits(Decimal("0.5"), Decimal(3), Decimal(30_000))


def test_the_first_slices_of_a_run_are_a_shorter_run(objective):
    whole = objective.evaluate(PARAMETERS)
    part = objective.evaluate(PARAMETERS, slices=2)
    assert whole.figures.trades > part.figures.trades > 0
    assert part.slices == whole.slices[:2]


def test_an_objective_says_the_same_after_travelling_to_another_process(objective):
    copy = pickle.loads(pickle.dumps(objective))
    assert copy.evaluate(PARAMETERS) == objective.evaluate(PARAMETERS)


def test_two_markets_make_one_account(btc, eth):
    def single(market):
        leg = Leg("VolatilityBreakoutStrategy", market, LIMITS)
        return Objective((leg,), (), Decimal(10_000)).equity(PARAMETERS)[1]

    legs = tuple(Leg("VolatilityBreakoutStrategy", market, LIMITS) for market in (btc, eth))
    account = Objective(legs, (), Decimal(10_000)).equity(PARAMETERS)[1]
    assert account == pytest.approx(single(btc) + single(eth) - 10_000.0)


def test_a_weight_of_zero_switches_a_strategy_off_and_a_small_one_caps_it(btc):
    names = ("VolatilityBreakoutStrategy", "TrendFollowingADXEMAStrategy")
    both = Objective(tuple(Leg(name, btc, LIMITS) for name in names), (), Decimal(10_000), weighted=True)
    parameters = {f"{names[0]}.{name}": value for name, value in PARAMETERS.items()}
    parameters |= {f"{names[1]}.{name}": value for name, value in KERNELS[names[1]].defaults().items()}
    alone = Objective((Leg(names[0], btc, LIMITS),), (), Decimal(10_000)).equity(PARAMETERS)[1]
    off = both.equity(parameters | {f"{names[0]}.weight": 1.0, f"{names[1]}.weight": 0.0})[1]
    assert np.array_equal(off, alone)
    small = both.equity(parameters | {f"{names[0]}.weight": 0.05, f"{names[1]}.weight": 0.0})[1]
    assert 0.0 < np.ptp(small) < np.ptp(alone)


def test_a_weight_bounds_the_notional_by_its_share_of_the_leverage():
    assert weigh(LIMITS, 0.25, Decimal(10_000)).max_notional_usdt == Decimal(7_500)


def test_too_few_bars_are_refused(objective, btc):
    with pytest.raises(DataError, match="at least 500 bars of BTCUSDT in each period, found 100"):
        objective.within(0, int(btc.ts[99]))
