"""The way from paper to live: the gate lets each step trade what it names, on the capital it names."""

from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from nautilus_bot.config.loader import load_config
from nautilus_bot.core.errors import ConfigError
from nautilus_bot.node.compose import TRANSITION, build_node_spec, live_capital_usdt
from nautilus_bot.node.modes import MODES
from nautilus_bot.risk.loader import load_rules
from nautilus_bot.risk.rules.transition import Transition, TransitionConfig

CONFIGS = Path(__file__).parents[3] / "configs"
ETH = "ETHUSDT-LINEAR.BYBIT"


@pytest.fixture
def rule() -> Transition:
    return Transition(
        TransitionConfig(
            step="first", capital_cap_usdt=100, leverage_cap=3, symbols=("BTCUSDT",), strategies=("Alpha",)
        )
    )


class TestRule:
    def test_a_strategy_symbol_and_size_of_the_step_pass(self, rule, context, make_request):
        verdict = rule.check(make_request(quantity=Decimal(3), price=Decimal(100)), context)
        assert (verdict.approved, verdict.limit, verdict.observed) == (True, 300.0, 300.0)

    def test_a_cent_more_than_the_capital_carries_is_refused(self, rule, context, make_request):
        verdict = rule.check(make_request(quantity=Decimal(3), price=Decimal("100.01")), context)
        assert not verdict.approved
        assert verdict.reason == "step 'first' allows 300 USDT of positions, 300.03 asked"

    def test_open_positions_count(self, rule, context, make_request):
        context.on_fill("Alpha-A", ETH, Decimal(-10), Decimal(10), Decimal(0))
        assert not rule.check(make_request(quantity=Decimal(3)), context).approved
        assert rule.check(make_request(quantity=Decimal(2)), context).approved

    def test_another_symbol_or_strategy_is_refused_and_named(self, rule, context, make_request):
        symbol = rule.check(make_request(instrument_id=ETH, quantity=Decimal(1), price=Decimal(1)), context)
        strategy = rule.check(
            make_request(strategy_id="Beta-B", quantity=Decimal(1), price=Decimal(1)), context
        )
        assert symbol.reason == "step 'first' does not let ETHUSDT trade"
        assert strategy.reason == "step 'first' does not let Beta trade"


class TestModes:
    @pytest.fixture
    def config(self):
        return load_config(CONFIGS)

    def at_step(self, config, step):
        live = msgspec.structs.replace(config.venue.live, step=step)
        return msgspec.structs.replace(config, venue=msgspec.structs.replace(config.venue, live=live))

    @pytest.mark.parametrize("mode", ["backtest", "paper"])
    def test_only_live_has_steps(self, config, mode):
        spec = build_node_spec(config, MODES[mode], "0S0001")
        assert not any(rule["rule"] == TRANSITION for rule in spec.rules)

    @pytest.mark.parametrize(("step", "capital", "symbols"), [("first", 100, 1), ("second", 300, 3)])
    def test_the_gate_of_live_has_the_limits_of_the_step_in_force(self, config, step, capital, symbols):
        config = self.at_step(config, step)
        spec = build_node_spec(config, MODES["live"], "0S0001")
        (limits,) = (rule["config"] for rule in spec.rules if rule["rule"] == TRANSITION)
        assert (limits["step"], limits["capital_cap_usdt"]) == (step, capital)
        assert len(limits["symbols"]) == symbols
        rules, _ = load_rules(spec.rules, spec.rules_source)
        assert any(isinstance(rule, Transition) for _, rule in rules)
        assert live_capital_usdt(config) == capital

    def test_orders_are_sized_on_the_capital_of_the_step(self, config):
        spec = build_node_spec(self.at_step(config, "first"), MODES["live"], "0S0001")
        assert {one.sizing.capital_cap_usdt for one in spec.strategies} == {"100.0"}

    def test_the_overall_cap_bounds_every_step(self, config):
        config = self.at_step(config, "full")
        live = msgspec.structs.replace(config.venue.live, capital_cap_usdt=250.0)
        config = msgspec.structs.replace(config, venue=msgspec.structs.replace(config.venue, live=live))
        assert live_capital_usdt(config) == 250.0

    def test_an_unknown_step_is_refused_with_the_known_ones(self, config):
        with pytest.raises(ConfigError, match=r"live\.step: must name a step, was 'thrid'"):
            build_node_spec(self.at_step(config, "thrid"), MODES["live"], "0S0001")
