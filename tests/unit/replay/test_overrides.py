"""What-if settings find their place in the configuration by name."""

from pathlib import Path

import pytest

from nautilus_bot.config.bot import BotConfig
from nautilus_bot.config.loader import load_config
from nautilus_bot.core.errors import ConfigError
from nautilus_bot.replay.overrides import ALIASES, override

CONFIGS = Path(__file__).parents[3] / "configs"


@pytest.fixture(scope="module")
def config() -> BotConfig:
    return load_config(CONFIGS)


def rule(config: BotConfig, name: str) -> dict[str, object]:
    return next(one for one in config.risk.rules if one["rule"] == name)


@pytest.mark.parametrize(
    "name", ["risk.max_drawdown_pct", "risk.rules.drawdown_halt.limit_pct", "risk.drawdown_halt.limit_pct"]
)
def test_a_rule_is_found_by_its_name(config: BotConfig, name: str) -> None:
    assert rule(override(config, [f"{name}=3"]), "drawdown_halt")["limit_pct"] == 3


def test_a_strategys_parameter_is_found_by_its_class(config: BotConfig) -> None:
    changed = override(config, ["strategies.RSIEMAMomentumStrategy.parameters.stop_atr=3.5"])
    entry = next(one for one in changed.strategies.strategies if one.strategy == "RSIEMAMomentumStrategy")
    assert entry.parameters["stop_atr"] == 3.5


def test_the_original_is_left_as_it_is(config: BotConfig) -> None:
    override(config, ["backtest.capital_usdt=5"])
    assert config.backtest.capital_usdt == 10_000


@pytest.mark.parametrize("alias", ALIASES)
def test_every_alias_leads_somewhere(config: BotConfig, alias: str) -> None:
    assert override(config, [f"{alias}=0.25"]) != config


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("risk.drawdown_hlt.limit_pct=3", "drawdown_halt"),
        ("backtest.capital=3", "capital_usdt"),
        ("backtest.capital_usdt", "<dotted name>=<value>"),
        ("backtest.capital_usdt=-1", "must be > 0"),
    ],
)
def test_a_wrong_setting_says_what_must_hold(config: BotConfig, setting: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        override(config, [setting])
