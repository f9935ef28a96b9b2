from dataclasses import replace

import numpy as np
import pytest

from nautilus_bot.research.fast import trade_log
from nautilus_bot.research.fast.compile import compile_function
from nautilus_bot.research.validation.delay import delayed
from nautilus_bot.research.validation.robustness import (
    Plateau,
    resample_market,
    resampled_returns,
    stress,
    trade_returns,
)
from strategies.kernels.table import KERNELS


def defaults(setting):
    return tuple(float(value) for value in setting.kernel.defaults().values())


@pytest.mark.parametrize("name", KERNELS)
def test_a_delayed_kernel_says_the_same_one_bar_later(name, noise):
    kernel, bars = KERNELS[name], noise.market.bars[:3_000]
    params = tuple(float(value) for value in kernel.defaults().values())
    late = delayed(kernel)
    step, late_step = compile_function(kernel.step), compile_function(late.step)
    state, late_state = np.zeros(kernel.state_size), np.zeros(late.state_size)
    before, close, signals = (0.0, 0.0, 0.0, 0.0), 0.0, 0
    for row in bars:
        bar = tuple(row.tolist())
        now = late_step(late_state, bar, params)
        assert now[:2] == before[:2]
        if before[0]:
            signals += 1
            # the distances stay, the price has moved on
            assert now[2] - bar[3] == pytest.approx(before[2] - close)
            assert now[3] - bar[3] == pytest.approx(before[3] - close)
        before, close = step(state, bar, params), bar[3]
    assert signals > 0


def test_double_fees_are_double_and_slippage_is_paid_on_each_side(planted):
    params = defaults(planted)
    plain = planted.simulation().run(params).rows[0]
    dear = replace(planted, fee_factor=2).simulation().run(params).rows[0]
    assert dear[trade_log.UNITS] == plain[trade_log.UNITS]
    assert dear[trade_log.ENTRY_FEE] == pytest.approx(2 * plain[trade_log.ENTRY_FEE], abs=1)
    worse = replace(planted, slippage_ticks=50).simulation().run(params).rows[0]
    side = plain[trade_log.SIDE]
    assert (worse[trade_log.ENTRY_POINTS] - plain[trade_log.ENTRY_POINTS]) * side == 50


def test_every_stress_costs_something(planted):
    found = stress(planted, defaults(planted))
    assert [one.name.split()[0] for one in found] == ["as", "fees", "slippage", "one"]
    assert all(one.return_pct < found[0].return_pct for one in found[1:3])
    assert found[3].return_pct != found[0].return_pct


def test_trade_returns_compound_to_the_final_balance(planted):
    result = planted.simulation().run(defaults(planted))
    closed = result.rows[:, trade_log.EXIT_BAR] >= 0
    grown = 10_000 * np.prod(1.0 + trade_returns(result, 10_000.0))
    still_open = -result.rows[~closed, trade_log.ENTRY_FEE].sum() / 1e8
    assert grown + still_open == pytest.approx(result.balance_usdt, abs=1e-6)


def test_a_market_made_of_all_its_bars_in_order_is_itself(noise):
    market = noise.market
    again = resample_market(market, np.arange(len(market)))
    assert np.abs(again.points - market.points).max() <= 1  # rounding to the grid
    assert np.array_equal(again.ts, market.ts)


def test_resampled_bars_are_bars(noise):
    rows = np.random.default_rng(1).integers(0, len(noise.market), len(noise.market))
    points = resample_market(noise.market, rows).points
    assert (points[:, 1] >= points[:, [0, 3]].max(axis=1)).all()
    assert (points[:, 2] <= points[:, [0, 3]].min(axis=1)).all()


def test_a_real_edge_survives_on_blocks_and_dies_when_every_bar_is_drawn_alone(planted):
    random = np.random.default_rng(3)
    blocks = resampled_returns(planted, defaults(planted), 8, 10 * 96, random)
    alone = resampled_returns(planted, defaults(planted), 8, 1, random)
    assert np.mean(blocks) > 10.0
    assert np.mean(alone) < 0.0


def test_a_needle_is_told_from_a_plateau():
    assert Plateau(2.0, (1.8, 1.9, 1.7)).kept_ratio == pytest.approx(0.9)
    assert Plateau(2.0, (0.1, -0.5, 0.2)).kept_ratio == pytest.approx(0.05)
    assert Plateau(-1.0, (-2.0,)).kept_ratio == 0.0
