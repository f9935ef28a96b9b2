"""The environment overrides values by name and is the only place for secrets."""

import json
import shutil
from pathlib import Path

import pytest

from nautilus_bot.config.loader import load_config
from nautilus_bot.config.secrets import secret
from nautilus_bot.core.errors import ConfigError, did_you_mean

CONFIGS = Path(__file__).parents[3] / "configs"


def test_a_variable_replaces_a_number() -> None:
    assert load_config(CONFIGS, {"BOT_BACKTEST__CAPITAL_USDT": "20000"}).backtest.capital_usdt == 20_000


def test_a_variable_reaches_into_objects_lists_and_names_in_mixed_case() -> None:
    config = load_config(
        CONFIGS,
        {
            "BOT_VENUE__LIVE__CAPITAL_CAP_USDT": "250",
            "BOT_STRATEGIES__STRATEGIES__1__ENABLED": "false",
            "BOT_RISK__SIZING__MAX_NOTIONAL_USDT_BY_SYMBOL__BTCUSDT": "777",
            "BOT_BACKTEST__TIMERANGE": "20250101-",
        },
    )
    assert config.venue.live.capital_cap_usdt == 250
    assert config.strategies.strategies[1].enabled is False
    assert config.risk.sizing.max_notional_usdt_by_symbol["BTCUSDT"] == 777
    assert config.backtest.period().start_ns == 1_735_689_600_000_000_000


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("BOT_BACKTEST__CAPITAL_USDT", "-1", "BOT_BACKTEST__CAPITAL_USDT: must be > 0, was -1"),
        ("BOT_BACKTEST__CAPITAL", "1", "BOT_BACKTEST__CAPITAL: unknown key; did you mean 'capital_usdt'?"),
        (
            "BOT_BAKTEST__X",
            "1",
            "BOT_BAKTEST__X: 'BAKTEST' is no configuration file; did you mean 'BACKTEST'?",
        ),
        ("BOT_STRATEGIES__STRATEGIES__9__ENABLED", "0", "$.strategies has 6 places, '9' is none of them"),
    ],
)
def test_a_wrong_variable_is_named(name: str, value: str, expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(CONFIGS, {name: value})
    assert expected in str(caught.value)


def test_variables_of_other_parts_are_left_alone() -> None:
    assert load_config(CONFIGS, {"BOT_REQUIRE_SERVICES": "1", "BOT_SHARED_DATA": "x", "PATH": "/bin"})


def test_a_secret_in_a_file_is_refused_without_showing_it(tmp_path: Path) -> None:
    for path in CONFIGS.glob("*.json"):
        shutil.copy(path, tmp_path)
    raw = json.loads((tmp_path / "bybit_x_config.json").read_text())
    raw["live"]["api_secret"] = "hunter2"
    (tmp_path / "bybit_x_config.json").write_text(json.dumps(raw))
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path, {})
    assert "$.live.api_secret: secrets come only from the environment" in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("value", "environ"),
    [
        ("hunter2hunter2", {"BYBIT_API_SECRET": "hunter2hunter2"}),
        ("see https://x/?key=hunter2hunter2", {"BOT_CONTROL_TOKEN": "hunter2hunter2"}),
        ("123456789:AAbbCCddEEffGGhhIIjjKKllMMnnOOppQQr", {}),
        ("aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0dF3gH6", {}),
    ],
)
def test_a_value_that_is_a_secret_is_refused_under_any_name_without_showing_it(
    tmp_path: Path, value: str, environ: dict[str, str]
) -> None:
    for path in CONFIGS.glob("*.json"):
        shutil.copy(path, tmp_path)
    raw = json.loads((tmp_path / "bybit_x_config.json").read_text())
    raw["live"]["step"] = value
    (tmp_path / "bybit_x_config.json").write_text(json.dumps(raw))
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path, environ)
    assert "$.live.step: secrets come only from the environment" in str(caught.value)
    assert value not in str(caught.value)


def test_a_short_value_of_a_secrets_variable_is_not_looked_for() -> None:
    assert load_config(CONFIGS, {"BYBIT_API_KEY": "b", "BYBIT_API_SECRET": "paper"})


def test_a_secret_that_is_not_set_says_which_variable() -> None:
    with pytest.raises(ConfigError, match="environment variable BYBIT_API_KEY must be set"):
        secret("BYBIT_API_KEY", {})
    assert secret("BYBIT_API_KEY", {"BYBIT_API_KEY": "k"}) == "k"


def test_a_hint_names_what_is_nearly_the_word_then_what_begins_so_then_what_is_close_then_all() -> None:
    assert did_you_mean("sec", ("secs", "secs_by_strategy")) == "did you mean 'secs'?"
    known = ("RSIEMAMomentumStrategy", "BollingerReversionStrategy", "BollingerOther")
    assert did_you_mean("rsi", known) == "did you mean 'RSIEMAMomentumStrategy'?"
    assert did_you_mean("bolli", known) == "did you mean 'BollingerOther' or 'BollingerReversionStrategy'?"
    assert did_you_mean("BolingerOther", known) == "did you mean 'BollingerOther'?"
    assert did_you_mean("xyz", ("a", "b")) == "known: a, b"
