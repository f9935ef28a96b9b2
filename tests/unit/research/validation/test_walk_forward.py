from dataclasses import replace

import numpy as np
import pytest

from nautilus_bot.research.fast import trade_log
from nautilus_bot.research.validation.setting import NODE_WARMUP_BARS
from nautilus_bot.research.validation.space import build_space, spread_sets
from nautilus_bot.research.validation.walk_forward import trade_stretch, walk_forward
from nautilus_bot.research.validation.windows import Plan

PLAN = Plan(mode="rolling", train_days=120, test_days=60, purge_days=1, embargo_days=1)


def run(setting, plan=PLAN, trials=12):
    space = build_space(setting.kernel)
    return walk_forward(setting, space, spread_sets(space, trials, seed=1), plan)


def test_an_edge_is_found_again_out_of_sample(planted):
    found = run(planted)
    assert len(found.windows) == 10
    assert found.outside.sharpe > 2.0
    assert found.outside.return_pct > 0.0
    assert 0.4 < found.efficiency < 1.2


def test_noise_earns_in_sample_and_not_out_of_sample(noise):
    found = run(noise)
    assert found.inside_sharpe > 0.5
    assert found.outside.sharpe < 1.0


def test_the_stitched_days_are_those_of_the_windows(planted):
    found = run(planted)
    assert found.outside.days == len(found.returns) == len(found.days) == 10 * 59
    assert list(found.days) == sorted(set(found.days))
    compounded = np.prod([1.0 + one.outside.return_pct / 100.0 for one in found.windows]) - 1.0
    assert found.outside.return_pct == pytest.approx(100.0 * compounded)
    for one in found.windows:
        assert one.train[1] + 2 < one.test[0]  # a purged day and an embargoed day lie between


def test_what_comes_later_changes_neither_choice_nor_result_of_a_window(planted):
    whole = run(planted)
    cut = planted.window(0, len(planted.market) - 60 * 96)
    # the same windows, seen without the last one
    earlier = run(cut)
    assert [one.parameters for one in earlier.windows] == [one.parameters for one in whole.windows[:-1]]
    assert earlier.returns == whole.returns[: len(earlier.returns)]


def test_a_stretch_is_traded_warm_but_never_before_it_begins(planted):
    params = tuple(planted.kernel.defaults().values())
    start, stop = 20_000, 24_000
    part = planted.window(start - NODE_WARMUP_BARS, stop)
    open_door = part.simulation().run(params).rows[:, trade_log.ENTRY_BAR]
    closed = part.closed_until(NODE_WARMUP_BARS).simulation().run(params).rows[:, trade_log.ENTRY_BAR]
    assert open_door.min() < NODE_WARMUP_BARS <= closed.min()
    returns, trades = trade_stretch(planted, params, start, stop)
    assert trades == len(closed)
    assert len(returns) == 42  # days that the 4,000 bars touch


def test_a_window_without_any_earning_set_is_not_traded(planted):
    ruinous = replace(planted, fee_factor=200)
    found = run(ruinous, trials=4)
    assert all(one.parameters is None for one in found.windows)
    assert found.outside.trades == 0
    assert found.stability == ()
    assert np.isnan(found.efficiency)


def test_stability_knows_the_same_choice_from_a_random_one(planted):
    space = build_space(planted.kernel)
    same = walk_forward(planted, space, spread_sets(space, 1, seed=1), PLAN)
    assert [one.spread_ratio for one in same.stability] == pytest.approx([0.0] * len(space))
    many = run(planted, trials=20)
    assert max(one.spread_ratio for one in many.stability) > 0.3
