"""``list-strategies`` shows what the configuration runs."""

import json
from pathlib import Path

import pytest

from nautilus_bot.cli.main import main

CONFIGS = Path(__file__).parents[3] / "configs"


def test_all_six_are_listed_with_value_and_bounds_of_every_parameter(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["list-strategies", "-c", str(CONFIGS), "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [len(one["parameters"]) for one in listed] == [5, 9, 8, 8, 8, 7]
    for one in listed:
        assert one["enabled"]
        assert one["warmup_bars"] > 0
        for parameter in one["parameters"]:
            assert parameter["low"] <= parameter["value"] <= parameter["high"]


def test_what_the_environment_switches_off_is_shown_as_off(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BOT_STRATEGIES__STRATEGIES__2__ENABLED", "false")
    assert main(["list-strategies", "-c", str(CONFIGS), "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [one["strategy"] for one in listed if not one["enabled"]] == ["BollingerReversionStrategy"]


def test_the_table_of_parameters_names_each(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list-strategies", "-c", str(CONFIGS), "--parameters"]) == 0
    assert "rsi_period" in capsys.readouterr().out
