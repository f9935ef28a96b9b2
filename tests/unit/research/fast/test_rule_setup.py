"""What the market rules measure, against the rules of the gate themselves."""

import numpy as np
import pytest

from nautilus_bot.core.errors import ConfigError
from nautilus_bot.research.fast.rule_setup import build_rules, measure_market
from nautilus_bot.research.fast.rules import value_at_risk
from nautilus_bot.risk.returns import ReturnsBook, deviation
from nautilus_bot.risk.value_at_risk import ReturnSample

QUARTER_NS = 900 * 1_000_000_000
VAR = {"rule": "portfolio_var", "window_hours": 200, "min_history_hours": 60, "limit_pct": 5.0}


@pytest.fixture
def walk(market):
    rng = np.random.default_rng(4)
    close = np.round(100 * np.exp(np.cumsum(rng.normal(0, 0.004, 1_200))), 1)
    return market([(c, c + 0.1, c - 0.1, c) for c in close], interval_ns=QUARTER_NS, missing=range(500, 520))


def test_calm_is_what_the_volatility_of_the_finished_hours_says(walk):
    rules = [{"rule": "volatility", "limit_pct": 3.8, "window_hours": 24}]
    measures = measure_market(rules, walk)
    book = ReturnsBook()
    for i, (ts, close) in enumerate(zip(walk.ts, walk.marks(), strict=True)):
        book.update("X", int(ts), float(close))
        window = book.window("X", 24)
        calm = len(window) < 24 or 100 * deviation(window) * 24**0.5 <= 3.8
        assert measures.calm[i] == calm
    assert 0 < measures.calm.sum() < len(walk)


@pytest.mark.parametrize("method", ["historical", "parametric", "larger"])
@pytest.mark.parametrize("confidence", [95, 99])
def test_value_at_risk_is_that_of_the_gate_for_long_and_short(walk, method, confidence):
    raw = [VAR | {"method": method, "confidence_pct": confidence}]
    rules, measures = build_rules(raw, "X", "BTCUSDT"), measure_market(raw, walk)
    book = ReturnsBook()
    checked = 0
    for i, (ts, close) in enumerate(zip(walk.ts, walk.marks(), strict=True)):
        book.update("X", int(ts), float(close))
        window = book.window("X", 200)
        assert measures.var_known[i] == (len(window) >= 60)
        if len(window) < 60 or i % 7:
            continue
        sample = ReturnSample([window])
        for notional in (12_345.67, -9_876.5):
            vector = (notional,)
            losses = []
            if method != "parametric":
                losses.append(sample.historical(vector, confidence))
            if method != "historical":
                losses.append(sample.parametric(vector, confidence))
            assert value_at_risk(i, notional, measures, rules) == max(losses)
            checked += 1
    assert checked > 50


def test_a_rule_that_is_switched_off_has_a_limit_that_nothing_reaches():
    rules = build_rules([{"rule": "exposure", "enabled": False}], "X", "BTCUSDT")
    assert rules.gross == rules.net == float("inf")
    assert build_rules([], "X", "BTCUSDT").gross == 6.0


def test_limits_for_a_strategy_or_symbol_hold_where_they_are_named():
    raw = [
        {"rule": "throttle", "secs": 30.0, "secs_by_strategy": {"Slow": 600.0}},
        {"rule": "max_position", "usdt_by_symbol": {"BTCUSDT": 50.0}, "strategy_usdt": 70.0},
    ]
    assert build_rules(raw, "Slow", "ETHUSDT").pause_ns == 600 * 10**9
    assert build_rules(raw, "Fast", "ETHUSDT").pause_ns == 30 * 10**9
    assert build_rules(raw, "Fast", "BTCUSDT").position_usdt == 50.0
    assert build_rules(raw, "Fast", "ETHUSDT").position_usdt == 70.0


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"rule": "min_confidense"}, "did you mean 'min_confidence'"),
        ({"rule": "somewhere:Rule"}, "rules of this project"),
        ({"rule": "min_confidence", "threshold": 2.0}, "min_confidence"),
        ({"rule": "cooldown", "enabled": True}, "no cooldown rule"),
    ],
)
def test_a_rule_that_cannot_be_simulated_is_refused_with_its_name(entry, words):
    with pytest.raises(ConfigError, match=words):
        build_rules([entry], "X", "BTCUSDT")
