"""The rules array: what it builds, in which order, and what it says of mistakes."""

from pathlib import Path

import msgspec
import pytest

from nautilus_bot.core.errors import ConfigError
from nautilus_bot.risk.loader import load_rules
from nautilus_bot.risk.rules.table import RULES

DAY = 24 * 3_600 * 10**9
ENABLED = [name for name, rule in RULES.items() if rule.config_type().enabled]


@pytest.fixture
def plugins(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parent / "plugins"))


def names(raw):
    return [name for name, _ in load_rules(raw, "risk.json")[0]]


def test_rules_that_the_file_leaves_out_have_their_defaults():
    assert names([]) == ENABLED


def test_the_table_decides_the_order_whatever_the_file_says():
    assert names([{"rule": "throttle"}, {"rule": "trading_state"}]) == ENABLED


def test_a_rule_that_is_switched_off_is_not_asked_but_recorded():
    rules, configured = load_rules([{"rule": "throttle", "enabled": False, "secs": 5}], "risk.json")
    assert [name for name, _ in rules] == [name for name in ENABLED if name != "throttle"]
    (fact,) = [fact for fact in configured if fact.rule == "throttle"]
    assert fact.enabled is False
    assert msgspec.json.decode(fact.config)["secs"] == 5.0
    assert [fact.rule for fact in configured] == list(RULES)


@pytest.mark.parametrize(("lift", "resume"), [(True, "next_utc_day"), (False, "operator"), (None, "mode")])
def test_what_is_left_to_the_mode_is_recorded_as_the_mode_has_it(lift, resume):
    _, configured = load_rules([], "risk.json", lift_next_day=lift)
    (fact,) = [fact for fact in configured if fact.rule == "drawdown_halt"]
    assert msgspec.json.decode(fact.config)["resume"] == resume


def test_a_rule_from_outside_the_package_is_asked_last(plugins, context, make_request):
    entry = {"rule": "weekend_rule:NoWeekend", "config": {"days": [5]}}
    rules, configured = load_rules([entry], "risk.json")
    assert rules[-1][0] == configured[-1].rule == "weekend_rule:NoWeekend"
    saturday = (20_000 - (20_000 + 3) % 7 + 5) * DAY
    assert not rules[-1][1].check(make_request(ts=saturday), context).approved
    assert rules[-1][1].check(make_request(ts=saturday + DAY), context).approved


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"rule": "throtle"}, "$.rules[0].rule: no rule 'throtle'; did you mean 'throttle'?"),
        ({"rule": "throttle", "secs": -1}, "$.rules[0].secs: must be >= 0, was -1"),
        ({"rule": "throttle", "secs": "long"}, '$.rules[0].secs: must be a number, was "long"'),
        ({"rule": "throttle", "sec": 1}, "$.rules[0].sec: unknown key; did you mean 'secs'?"),
        ({"rule": "throttle", "scope": "all"}, "$.rules[0].scope: must be one of strategy, strategy_symbol"),
        ({"rule": "volatility", "window_hours": 5}, "min_history_hours must be <= window_hours (5)"),
        ({"secs": 1}, "$.rules[0]: key 'rule' must name a rule"),
        ({"rule": "no_such_module:X"}, "module 'no_such_module' must be importable"),
        ({"rule": "weekend_rule:NoWeekendd"}, "did you mean 'NoWeekend'?"),
        ({"rule": "weekend_rule:NotARule"}, "must name its RuleConfig as 'config_type'"),
        ({"rule": "weekend_rule:NoWeekend", "days": [1]}, "$.rules[0].days: unknown key"),
        ({"rule": "weekend_rule:NoWeekend", "config": 1}, "$.rules[0].config: must be an object"),
        ({"rule": "weekend_rule:NoWeekend", "enabled": 1}, "$.rules[0].enabled: must be true or false"),
    ],
)
def test_a_mistake_is_named_with_file_path_and_what_must_hold(plugins, entry, message):
    with pytest.raises(ConfigError) as caught:
        load_rules([entry], "risk.json")
    assert str(caught.value).startswith("risk.json: $.rules[0]")
    assert message in str(caught.value)


def test_a_rule_given_twice_is_a_mistake():
    with pytest.raises(ConfigError, match=r"\$\.rules\[1\]\.rule: every rule must be given once"):
        load_rules([{"rule": "throttle"}, {"rule": "throttle", "secs": 1}], "risk.json")


def test_the_shipped_file_loads_and_names_every_rule():
    path = Path(__file__).parents[3] / "configs" / "risk_config.json"
    raw = msgspec.json.decode(path.read_bytes())["rules"]
    assert [entry["rule"] for entry in raw] == list(RULES)
    assert names(raw) == ENABLED
