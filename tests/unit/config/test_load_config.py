"""One loader reads a session file and the files it names."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nautilus_bot.config.loader import load_config
from nautilus_bot.core.errors import ConfigError, NotFound

CONFIGS = Path(__file__).parents[3] / "configs"
Edit = Callable[[str, Callable[[Any], None]], Path]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for path in CONFIGS.glob("*.json"):
        shutil.copy(path, tmp_path)
    return tmp_path


@pytest.fixture
def edit(folder: Path) -> Edit:
    def change(name: str, mutate: Callable[[Any], None]) -> Path:
        path = folder / name
        raw = json.loads(path.read_text())
        mutate(raw)
        path.write_text(json.dumps(raw))
        return path

    return change


def message_of(folder: Path, environ: dict[str, str] | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        load_config(folder, environ or {})
    return str(caught.value)


def test_the_shipped_configuration_is_the_one_that_was_asked_for() -> None:
    config = load_config(CONFIGS, {})
    assert config.backtest.capital_usdt == 10_000
    assert config.risk.sizing.risk_pct_per_trade == 0.5
    assert config.risk.sizing.leverage_cap == 3
    assert set(config.venue.symbols) >= {"ETHUSDT", "BTCUSDT", "SOLUSDT", "ADAUSDT", "DOTUSDT", "LINKUSDT"}
    assert set(config.venue.timeframes) == {"1m", "5m", "15m", "1h"}
    assert config.venue.live.enabled is False
    assert [len(entry.parameters) for entry in config.strategies.strategies] == [5, 9, 8, 8, 8, 7]


def test_a_file_and_its_folder_load_the_same() -> None:
    assert load_config(CONFIGS, {}) == load_config(CONFIGS / "backtest.json", {})


def test_parameters_left_out_get_the_kernels_defaults_in_the_kernels_order(folder: Path, edit: Edit) -> None:
    edit("strategies_config_72h.json", lambda raw: raw["strategies"][1].update(parameters={"ema_period": 30}))
    parameters = load_config(folder, {}).strategies.strategies[1].parameters
    assert list(parameters)[:2] == ["rsi_period", "ema_period"]
    assert (parameters["rsi_period"], parameters["ema_period"], len(parameters)) == (14, 30, 9)


def test_files_are_found_relative_to_the_session_file(folder: Path, edit: Edit) -> None:
    (folder / "elsewhere").mkdir()
    shutil.move(folder / "risk_config.json", folder / "elsewhere" / "risk.json")
    edit("backtest.json", lambda raw: raw.update(risk_file="elsewhere/risk.json"))
    assert load_config(folder, {}).files["risk"] == str(folder / "elsewhere" / "risk.json")


def test_a_missing_file_is_not_found(folder: Path) -> None:
    (folder / "risk_config.json").unlink()
    with pytest.raises(NotFound, match=r"risk_config\.json: a configuration file must exist here"):
        load_config(folder, {})


@pytest.mark.parametrize(
    ("name", "path", "value", "expected"),
    [
        ("backtest", ("capital_usd",), 5, "$.capital_usd: unknown key; did you mean 'capital_usdt'?"),
        ("backtest", ("capital_usdt",), -1, "$.capital_usdt: must be > 0, was -1"),
        ("backtest", ("capital_usdt",), "much", '$.capital_usdt: must be a number, was "much"'),
        ("backtest", ("funding",), 1, "$.funding: must be true or false, was 1"),
        ("backtest", ("timeframe",), "7m", "$.timeframe: must be one of"),
        ("backtest", ("symbols",), [], "$.symbols: must name at least one symbol"),
        ("backtest", ("symbols", 0), "BTCUSD", "$.symbols[0]: no symbol 'BTCUSD'; did you mean 'BTCUSDT'?"),
        ("backtest", ("symbols", 1), "XBTUSDT", "$.symbols[1]: no symbol 'XBTUSDT'; did you mean 'BTCUSDT'?"),
        ("backtest", ("timerange",), "2025", "$.timerange: a time range must be YYYYMMDD-YYYYMMDD"),
        ("backtest", ("synthetic", "bars"), 0, "$.synthetic.bars: must be >= 1, was 0"),
        ("bybit_x_config", ("symbols", 0), "btc", '$.symbols[0]: must match ^[A-Z0-9]{2,20}USDT$, was "btc"'),
        ("bybit_x_config", ("environment",), "mainet", "did you mean 'mainnet'?"),
        ("bybit_x_config", ("live", "step"), "frist", "$.live.step: no step 'frist'; did you mean 'first'?"),
        ("bybit_x_config", ("live", "steps", 1, "capital_cap_usdt"), 50, "must not be below the step before"),
        (
            "strategies_config_72h",
            ("strategies", 0, "strategy"),
            "RSIMomentum",
            "$.strategies[0].strategy: no",
        ),
        (
            "strategies_config_72h",
            ("strategies", 1, "parameters", "rsi_perid"),
            14,
            "$.strategies[1].parameters.rsi_perid: no parameter 'rsi_perid'; did you mean 'rsi_period'?",
        ),
        (
            "strategies_config_72h",
            ("strategies", 1, "parameters", "rsi_period"),
            14.5,
            "$.strategies[1].parameters.rsi_period: must be a whole number, was 14.5",
        ),
        (
            "strategies_config_72h",
            ("strategies", 1, "parameters", "rsi_period"),
            100_000,
            "$.strategies[1].parameters.rsi_period: must be from ",
        ),
        (
            "strategies_config_72h",
            ("strategies", 1, "parameters", "rsi_period"),
            "14",
            '$.strategies[1].parameters.rsi_period: must be a number, was "14"',
        ),
        ("strategies_config_72h", ("strategies", 2, "symbols"), ["ETHUSD"], "$.strategies[2].symbols[0]: "),
        ("strategies_config_72h", ("strategies", 2, "enabld"), True, "did you mean 'enabled'?"),
        ("risk_config", ("sizing", "leverage_cap"), 0, "$.sizing.leverage_cap: must be > 0, was 0"),
        ("risk_config", ("rules", 0, "rule"), 3, "$.rules[0]: key 'rule' must name a rule"),
        ("risk_config", ("rules", 1, "rule"), "min_confidnce", "did you mean 'min_confidence'?"),
        (
            "risk_config",
            ("rules", 1, "treshold"),
            1,
            "$.rules[1].treshold: unknown key; did you mean 'threshold'?",
        ),
        ("risk_config", ("rules", 1, "threshold"), 1.5, "$.rules[1].threshold: must be <= 1, was 1.5"),
        ("bybit_x_config", ("leverage",), 0, "$.leverage: must be >= 1, was 0"),
        ("bybit_x_config", ("leverage",), 90, "$.leverage: must be at most 75, which is what ADAUSDT allows"),
        ("risk_config", ("sizing", "leverage_cap"), 11, "must be at most the leverage at the venue (10"),
        ("risk_config", ("sizing", "max_notional_usdt_by_symbol", "BTCUSDT"), -5, "must be > 0, was -5"),
        (
            "alert_config",
            ("telegram_user_ids",),
            ["me"],
            '$.telegram_user_ids[0]: must be a whole number, was "me"',
        ),
    ],
)
def test_a_wrong_value_is_named_with_file_and_path(
    folder: Path, edit: Edit, name: str, path: tuple[str | int, ...], value: Any, expected: str
) -> None:
    def put(raw: Any) -> None:
        *steps, last = path
        for step in steps:
            raw = raw[step]
        raw[last] = value

    changed = edit(f"{name}.json", put)
    text = message_of(folder)
    assert text.startswith(f"{changed}: $")
    assert expected in text


def test_the_same_strategy_on_the_same_timeframe_stands_once(folder: Path, edit: Edit) -> None:
    edit("strategies_config_72h.json", lambda raw: raw["strategies"].append(raw["strategies"][0]))
    assert "$.strategies[6]: VolatilityBreakoutStrategy on 15m must be listed once" in message_of(folder)


def test_the_same_strategy_on_two_timeframes_must_not_share_a_symbol(folder: Path, edit: Edit) -> None:
    def twice(raw: Any) -> None:
        raw["strategies"].append({**raw["strategies"][0], "timeframe": "1h", "symbols": ["BTCUSDT"]})

    edit("strategies_config_72h.json", twice)
    text = message_of(folder)
    assert "$.strategies[6].symbols: VolatilityBreakoutStrategy may trade a symbol on one timeframe" in text
    assert "$.strategies[0] trades BTCUSDT on 15m, this one on 1h" in text
    assert '"enabled": false' in text


def test_a_file_that_is_no_json_is_named_with_line_and_column(folder: Path) -> None:
    (folder / "risk_config.json").write_text('{\n  "rules": [,]\n}')
    assert "risk_config.json: must be JSON, line 2, column 13" in message_of(folder)


def test_a_key_that_stands_twice_is_refused(folder: Path) -> None:
    (folder / "alert_config.json").write_text('{"enabled": true, "enabled": false}')
    assert "'enabled' was found twice" in message_of(folder)


def test_a_number_that_is_not_finite_is_refused(folder: Path) -> None:
    (folder / "backtest.json").write_text('{"capital_usdt": NaN}')
    assert "a number must be finite, was NaN" in message_of(folder)


def test_a_simulated_venue_never_dials_out(folder: Path, edit: Edit) -> None:
    edit("bybit_x_config.json", lambda raw: raw["addresses"].update(rest_url="https://api.bybit.com"))
    assert "$.addresses.rest_url: an address of the simulated environment must be on loopback" in message_of(
        folder
    )
    edit("bybit_x_config.json", lambda raw: raw["addresses"].update(rest_url="http://127.0.0.1:18080"))
    assert load_config(folder, {}).venue.addresses.rest_url == "http://127.0.0.1:18080"
