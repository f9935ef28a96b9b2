"""The short form of ``python -m benchmarks.overfit_gate``, and what each check refuses."""

from dataclasses import replace

import msgspec
import pytest

from nautilus_bot.core.errors import DataError
from nautilus_bot.research.validation.gate import Effort, Limits, decide, judge
from nautilus_bot.research.validation.space import build_space

EFFORT = Effort(trials=24, windows=8, paths=200, draws=6)


def verdict_on(setting):
    return judge(setting, build_space(setting.kernel), effort=EFFORT)


@pytest.fixture(scope="module")
def passed(planted):
    return verdict_on(planted)


def test_a_planted_edge_passes_every_check(passed):
    assert [one.name for one in passed.checks if not one.passed] == []
    assert passed.passed


@pytest.mark.parametrize("seed", [51, 52, 53])
@pytest.mark.parametrize("strategy", ["TrendFollowingADXEMAStrategy", "RSIEMAMomentumStrategy"])
def test_a_random_walk_fails(setting_on, seed, strategy):
    found = verdict_on(setting_on(seed, 730, strategy=strategy))
    assert not found.passed
    failed = {one.name for one in found.checks if not one.passed}
    assert failed & {"in-sample", "out-of-sample"}


def test_the_same_seed_gives_the_same_verdict(planted, passed):
    again = verdict_on(planted)
    assert msgspec.json.encode(again) == msgspec.json.encode(passed)


@pytest.mark.parametrize(
    ("limit", "check"),
    [
        ({"outside_confidence": 1.1}, "out-of-sample"),
        ({"outside_trades": 10**6}, "trades"),
        ({"efficiency": 9.0}, "degradation"),
        ({"deflated_confidence": 1.1}, "deflated Sharpe"),
        ({"overfitting": -0.1}, "overfitting"),
        ({"loss": -0.1}, "loss after choice"),
        ({"plateau": 9.0}, "plateau"),
        ({"bootstrap_loss": -0.1}, "trades drawn again"),
        ({"resampled_loss": -0.1}, "candles drawn again"),
    ],
)
def test_each_check_can_refuse_on_its_own(passed, limit, check):
    found = decide(passed.evidence, Limits(**limit))
    assert [one.name for one in found.checks if not one.passed] == [check]
    assert not found.passed


def test_every_worse_condition_can_refuse(passed):
    found = decide(passed.evidence, Limits(stressed_return_pct=1e6))
    failed = [one.name for one in found.checks if not one.passed]
    assert failed[0] == "fees x 2"
    assert failed[1].startswith("slippage")
    assert failed[2:] == ["one bar late"]


def test_a_strategy_that_never_earns_is_refused_without_ceremony(setting_on):
    found = verdict_on(replace(setting_on(55, 150), fee_factor=200))
    assert [one.name for one in found.checks] == ["in-sample"]
    assert found.evidence is None
    assert not found.passed


def test_too_short_a_history_is_one_clear_error(setting_on):
    with pytest.raises(DataError, match="needs 120 days of bars or more, found 60") as raised:
        verdict_on(setting_on(56, 60))
    assert raised.value.exit_code == 4
