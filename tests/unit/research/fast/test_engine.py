from decimal import Decimal

import numpy as np
import pytest

pytest.importorskip("numba", reason="the fast simulation needs the research extra")

from nautilus_bot.core.errors import ConfigError, DataError
from nautilus_bot.market import intervals
from nautilus_bot.market.bar_values import bar_values
from nautilus_bot.market.candles import Candles
from nautilus_bot.market.data_catalog import to_bars
from nautilus_bot.market.instruments import build_instrument, facts_of
from nautilus_bot.research.fast.engine import FastSimulation
from nautilus_bot.research.fast.market import build_market, build_sizing
from strategies.kernels.table import KERNELS
from strategies.sizing import SizingLimits

LIMITS = SizingLimits(Decimal("0.5"), Decimal(3), Decimal(30_000))


@pytest.fixture
def walk(market):
    rng = np.random.default_rng(8)
    close = np.round(20_000 * np.exp(np.cumsum(rng.normal(0, 0.004, 3_000))), 1)
    opening = np.concatenate([[20_000.0], close[:-1]])
    high, low = np.maximum(opening, close) + 20.0, np.minimum(opening, close) - 20.0
    return market(list(zip(opening, high, low, close, strict=True)))


def defaults(name):
    return tuple(KERNELS[name].defaults().values())


def test_the_same_parameters_give_the_same_result_whatever_ran_in_between(walk):
    name = "BollingerReversionStrategy"
    simulation = FastSimulation(name, walk, LIMITS)
    first = simulation.run(defaults(name))
    kept = first.rows.copy(), first.equity.copy()
    simulation.run((30.0, 1.0, *defaults(name)[2:]))
    again = simulation.run(defaults(name))
    assert np.array_equal(first.rows, kept[0])
    assert np.array_equal(first.equity, kept[1])
    assert np.array_equal(first.rows, again.rows)
    assert first.balance == again.balance


def test_trades_add_up_to_the_balance(walk):
    name = "VolatilityBreakoutStrategy"
    simulation = FastSimulation(name, walk, LIMITS)
    result = simulation.run(defaults(name))
    trades = simulation.trades(result)
    total = sum(t.profit - t.entry_fee - t.exit_fee + t.funding for t in trades)
    assert len(trades) > 5
    assert Decimal(10_000) + total == Decimal(result.balance).scaleb(-8)
    assert result.balance_usdt == pytest.approx(float(10_000 + total))


def test_trades_carry_times_decimal_prices_and_a_reason(walk):
    name = "RSIEMAMomentumStrategy"
    simulation = FastSimulation(name, walk, LIMITS, rules=[{"rule": "volatility", "enabled": False}])
    for trade in simulation.trades(simulation.run(defaults(name))):
        assert trade.entry_ts in walk.ts
        assert Decimal(trade.entry_price) % Decimal("0.1") == 0
        assert Decimal(trade.quantity) % Decimal("0.001") == 0
        assert trade.reason in ("stop", "target", "signal", "gap", "open")
        assert (trade.exit_price == "") == (trade.reason == "open")
        assert 0.6 <= trade.confidence <= 1.0


def test_equity_is_left_out_on_request(walk):
    name = "ContrarianVolumeSpikeStrategy"
    assert len(FastSimulation(name, walk, LIMITS, keep_equity=False).run(defaults(name)).equity) == 0
    assert len(FastSimulation(name, walk, LIMITS).run(defaults(name)).equity) == len(walk)


def test_a_wrong_number_of_parameters_is_refused_with_their_names(walk):
    with pytest.raises(ConfigError, match=r"5 parameters \(lookback, multiplier.*found 2"):
        FastSimulation("VolatilityBreakoutStrategy", walk, LIMITS).run((1.0, 2.0))


def test_capital_that_would_not_stay_exact_is_refused():
    odd = SizingLimits(Decimal("0.123456789"), Decimal(3), Decimal("Infinity"))
    with pytest.raises(ConfigError, match="must stay exact in 64 bits"):
        build_sizing(facts_of("BTCUSDT"), odd, Decimal(10_000_000))


def test_no_candles_are_refused():
    empty = np.empty(0)
    with pytest.raises(DataError, match="needs candles"):
        build_market(Candles(empty.astype(np.int64), *[empty] * 5), facts_of("BTCUSDT"), 1)


def test_a_window_is_simulated_as_if_it_were_all_there_is(walk):
    name = "TrendFollowingADXEMAStrategy"
    part = FastSimulation(name, walk.window(500, 1_700), LIMITS).run(defaults(name))
    again = FastSimulation(name, walk.window(500, 1_700), LIMITS).run(defaults(name))
    assert len(part.equity) == 1_200
    assert np.array_equal(part.rows, again.rows)


def test_bars_are_the_numbers_that_the_live_strategy_decides_on_and_marks_those_of_the_gate(walk):
    bar_type = intervals.bar_type("BTCUSDT", "1h")
    candles = Candles(walk.ts - walk.interval_ns, *(walk.bars[:, i].copy() for i in range(5)))
    bars = to_bars(build_instrument("BTCUSDT"), bar_type, candles)
    assert [bar_values(bar) for bar in bars] == [tuple(row) for row in walk.bars.tolist()]
    assert [bar.close.as_double() for bar in bars] == walk.marks().tolist()
