import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from nautilus_bot.market.candles import COLUMNS
from nautilus_bot.research.validation import setting as module
from nautilus_bot.research.validation.lookahead import (
    analyse,
    choose_cuts,
    decide,
    prove_kernel,
    prove_warmup,
)
from strategies.kernels.contract import Kernel
from strategies.kernels.table import KERNELS

REPO = Path(__file__).resolve().parents[4]
SHARED = Path(os.environ.get("BOT_SHARED_DATA", REPO.parent / "shared" / "data"))
HORIZON = 12


def plain_kernel(step):
    return Kernel("planted", step, 1, (), (("count", 0),), (), lambda _params: 5)


def cheating_kernel(bars):
    """Buy when the close twelve bars ahead is higher: it has got hold of the whole array."""

    def step(state, bar, params):
        at = int(state[0])
        state[0] += 1.0
        ahead = bars[min(at + HORIZON, len(bars) - 1), 3]
        return (1.0, 0.8, bar[3] * 0.99, bar[3] * 1.01) if ahead > bar[3] else (0.0, 0.0, 0.0, 0.0)

    return plain_kernel(step)


def remembering_kernel():
    """Note every close, and use what an earlier run has seen of the bars to come."""
    seen = {}

    def step(state, bar, params):
        at = int(state[0])
        state[0] += 1.0
        ahead = seen.get(at + HORIZON, 0.0)
        seen[at] = bar[3]
        return (1.0, 0.8, bar[3] * 0.99, bar[3] * 1.01) if ahead > bar[3] else (0.0, 0.0, 0.0, 0.0)

    return plain_kernel(step)


@pytest.fixture
def bars(noise):
    return noise.market.bars[:1_500].copy()


@pytest.mark.parametrize("name", KERNELS)
def test_no_strategy_of_ours_knows_the_future(name, setting_on):
    setting = setting_on(61, 42, strategy=name)
    found = analyse(setting, tuple(setting.kernel.defaults().values()), cuts=4)
    assert [one.reads for one in found.proofs if not one.passed] == []
    assert found.passed
    assert found.late_starts[-1].bars == 999
    assert found.proofs[1].compared > 0


def test_a_kernel_that_peeks_into_the_array_is_caught(bars):
    kernel, before = cheating_kernel(bars), bars.copy()
    repeatable, cut, altered = prove_kernel(kernel, bars, (), [400, 900])
    assert repeatable.passed
    assert not cut.passed
    assert not altered.passed
    # only the bars whose horizon reaches over the border can differ
    assert 0 < altered.differing <= 2 * HORIZON
    assert np.array_equal(bars, before)


def test_a_kernel_that_remembers_an_earlier_run_is_caught(bars):
    repeatable, _, _ = prove_kernel(remembering_kernel(), bars, (), [400])
    assert not repeatable.passed


def test_a_signal_within_the_stated_warm_up_is_caught(bars):
    eager = plain_kernel(lambda _state, bar, _params: (1.0, 0.9, bar[3] * 0.9, bar[3] * 1.1))
    proof = prove_warmup(eager, (), decide(eager, bars, (), 50))
    assert not proof.passed
    assert proof.differing == 5


def test_a_risk_rule_that_looks_ahead_is_caught(setting_on, monkeypatch):
    setting = setting_on(62, 42)
    honest = module.measure_market

    def calm_if_the_end_is_high(rules, market):
        measures = honest(rules, market)
        rises = market.bars[-1, 3] > np.median(market.bars[:, 3])
        return measures._replace(calm=np.full_like(measures.calm, rises))

    monkeypatch.setattr(module, "measure_market", calm_if_the_end_is_high)
    blind = replace(setting, measures=calm_if_the_end_is_high((), setting.market))
    found = analyse(blind, tuple(setting.kernel.defaults().values()), cuts=10)
    assert [one.name for one in found.proofs if not one.passed] == ["simulated trades"]


def test_half_of_the_cuts_lie_right_behind_a_signal():
    decisions = np.zeros((1_000, 4))
    decisions[[100, 200, 300, 999], 0] = 1.0
    cuts = choose_cuts(decisions, 6, seed=1)
    assert {101, 201, 301} <= set(cuts)
    assert 1_000 not in cuts


@pytest.mark.parametrize("name", KERNELS)
def test_no_strategy_of_ours_knows_the_future_of_real_candles(name):
    path = SHARED / "candles" / "bybit_linear_ETHUSDT_15m.parquet"
    if not path.exists():
        pytest.skip(f"no shared candles at {path}")
    table = pq.read_table(path)[:2_000]
    bars = np.column_stack([table[column].to_numpy() for column in COLUMNS[1:]])
    kernel = KERNELS[name]
    params = tuple(float(value) for value in kernel.defaults().values())
    cuts = choose_cuts(decide(kernel, bars, params, len(bars)), 4, seed=1)
    assert [proof.reads for proof in prove_kernel(kernel, bars, params, cuts) if not proof.passed] == []
