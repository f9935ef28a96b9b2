"""The configuration becomes what a node runs."""

from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from nautilus_bot.config.loader import load_config
from nautilus_bot.core.errors import ConfigError, NotFound
from nautilus_bot.node.compose import build_node_spec, build_simulation
from nautilus_bot.node.modes import MODES
from nautilus_bot.research.backtest.selection import narrow

CONFIGS = Path(__file__).parents[3] / "configs"


@pytest.fixture
def config():
    return load_config(CONFIGS, environ={})


def with_backtest(config, **changes):
    return msgspec.structs.replace(config, backtest=msgspec.structs.replace(config.backtest, **changes))


def test_each_strategy_runs_on_each_symbol(config):
    spec = build_node_spec(config, MODES["backtest"], "BT")
    assert len({(one.strategy, one.bar_type) for one in spec.strategies}) == 18
    assert {one.bar_type.partition("-")[0] for one in spec.strategies} == {"BTCUSDT", "ETHUSDT", "SOLUSDT"}


def test_the_smaller_notional_limit_of_strategy_and_symbol_wins(config):
    limits = msgspec.structs.replace(
        config.risk.sizing,
        max_notional_usdt_by_strategy={"RSIEMAMomentumStrategy": 500.0},
        max_notional_usdt_by_symbol={"ETHUSDT": 700.0},
    )
    config = msgspec.structs.replace(config, risk=msgspec.structs.replace(config.risk, sizing=limits))
    found = {
        (one.strategy, one.bar_type.partition("-")[0]): Decimal(one.sizing.max_notional_usdt)
        for one in build_node_spec(config, MODES["live"], "X").strategies
    }
    assert found["RSIEMAMomentumStrategy", "ETHUSDT"] == 500
    assert found["BollingerReversionStrategy", "ETHUSDT"] == 700
    assert found["BollingerReversionStrategy", "BTCUSDT"] == Decimal("Infinity")


def test_a_strategys_own_pause_reaches_the_throttle_and_the_rules_file_has_the_last_word(config):
    entries = tuple(
        msgspec.structs.replace(one, throttle_secs=float(number))
        for number, one in enumerate(config.strategies.strategies)
    )
    config = msgspec.structs.replace(
        config,
        strategies=msgspec.structs.replace(config.strategies, strategies=entries),
        risk=msgspec.structs.replace(
            config.risk,
            rules=({"rule": "throttle", "secs_by_strategy": {"RSIEMAMomentumStrategy": 99.0}},),
        ),
    )
    (rule,) = build_node_spec(config, MODES["backtest"], "BT").rules
    assert rule["secs_by_strategy"]["RSIEMAMomentumStrategy"] == 99.0
    assert rule["secs_by_strategy"]["BollingerReversionStrategy"] == 2.0


def test_peek_is_passed_on_only_where_it_is_configured(config):
    first, *rest = config.strategies.strategies
    entries = (msgspec.structs.replace(first, evaluation="peek", peek_secs=7.0), *rest)
    config = msgspec.structs.replace(
        config, strategies=msgspec.structs.replace(config.strategies, strategies=entries)
    )
    spec = build_node_spec(config, MODES["paper"], "X")
    assert {one.peek_secs for one in spec.strategies if one.strategy == first.strategy} == {7.0}
    assert {one.peek_secs for one in spec.strategies if one.strategy != first.strategy} == {0.0}


def test_outside_a_simulation_each_strategy_keeps_its_own_timeframe(config):
    entries = tuple(msgspec.structs.replace(one, timeframe="5m") for one in config.strategies.strategies)
    config = msgspec.structs.replace(
        config, strategies=msgspec.structs.replace(config.strategies, strategies=entries)
    )
    live = build_node_spec(config, MODES["live"], "X")
    backtest = build_node_spec(config, MODES["backtest"], "X")
    assert {one.bar_type.split("-")[2] for one in live.strategies} == {"5"}
    assert {one.bar_type.split("-")[2] for one in backtest.strategies} == {"15"}


def test_nothing_to_run_is_refused(config):
    off = tuple(msgspec.structs.replace(one, enabled=False) for one in config.strategies.strategies)
    config = msgspec.structs.replace(
        config, strategies=msgspec.structs.replace(config.strategies, strategies=off)
    )
    with pytest.raises(ConfigError, match="at least one strategy must be enabled"):
        build_node_spec(config, MODES["backtest"], "BT")


def test_more_slippage_than_the_exchange_simulates_is_refused(config):
    config = with_backtest(config, slippage_ticks=2)
    spec = build_node_spec(config, MODES["backtest"], "BT")
    with pytest.raises(ConfigError, match=r"backtest\.json: \$\.slippage_ticks: must be 0 or 1, was 2"):
        build_simulation(config, spec, data_catalog=Path(), start_ns=0, end_ns=1, funding={})


def test_a_named_strategy_runs_even_when_it_is_switched_off(config):
    off = tuple(msgspec.structs.replace(one, enabled=False) for one in config.strategies.strategies)
    config = msgspec.structs.replace(
        config, strategies=msgspec.structs.replace(config.strategies, strategies=off)
    )
    only = narrow(config, strategies=["BollingerReversionStrategy"], symbols=["ethusdt"])
    spec = build_node_spec(only, MODES["backtest"], "BT")
    assert [one.strategy for one in spec.strategies] == ["BollingerReversionStrategy"]
    assert spec.strategies[0].bar_type.startswith("ETHUSDT-")


def test_what_does_not_exist_is_named_with_the_closest(config):
    with pytest.raises(NotFound, match="did you mean 'BollingerReversionStrategy'"):
        narrow(config, strategies=["BolingerReversion"])
    with pytest.raises(NotFound, match="did you mean 'ETHUSDT'"):
        narrow(config, symbols=["ETHUSD"])
    with pytest.raises(ConfigError, match="no timeframe '16m'"):
        narrow(config, timeframe="16m")
    with pytest.raises(ConfigError, match="YYYYMMDD-YYYYMMDD"):
        narrow(config, timerange="2025")
