"""What a search found is shown as a diff, written with a backup, and only into the strategies it is about."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from nautilus_bot.config.loader import load_config
from nautilus_bot.core.errors import ConfigError
from nautilus_bot.research.backtest.selection import narrow
from nautilus_bot.research.optimize.apply import apply, propose

CONFIGS = Path(__file__).parents[4] / "configs"
STRATEGY = "VolatilityBreakoutStrategy"


@pytest.fixture
def folder(tmp_path):
    return Path(shutil.copytree(CONFIGS, tmp_path / "configs"))


def load(folder, *names):
    return narrow(load_config(folder, {}), strategies=names)


def parameters_of(folder):
    raw = json.loads((folder / "strategies_config_72h.json").read_text())
    return {entry["strategy"]: entry["parameters"] for entry in raw["strategies"]}


def test_the_diff_changes_one_strategy_and_nothing_else(folder):
    before = parameters_of(folder)
    (change,) = propose(load(folder, STRATEGY), {"stop_atr": 2.75, "lookback": 40.0}, weighted=False)
    added = [line for line in change.diff.splitlines() if line.startswith("+ ")]
    assert [line.strip("+ ,") for line in added] == ['"lookback": 40', '"stop_atr": 2.75']
    apply((change,))
    after = parameters_of(folder)
    assert after[STRATEGY]["stop_atr"] == 2.75
    assert {name: value for name, value in after.items() if name != STRATEGY} == {
        name: value for name, value in before.items() if name != STRATEGY
    }
    assert load_config(folder, {})


def test_nothing_is_written_before_apply_and_the_old_file_is_kept(folder):
    path = folder / "strategies_config_72h.json"
    before = path.read_text()
    changes = propose(load(folder, STRATEGY), {"stop_atr": 2.75}, weighted=False)
    assert path.read_text() == before
    (backup,) = apply(changes, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    assert backup.name == "strategies_config_72h.json.20260102T030405Z.bak"
    assert backup.read_text() == before
    assert path.read_text() != before


def test_the_present_parameters_change_nothing(folder):
    config = load(folder, STRATEGY)
    assert propose(config, config.strategies.strategies[0].parameters, weighted=False) == ()


def test_a_file_that_changed_since_is_not_overwritten(folder):
    changes = propose(load(folder, STRATEGY), {"stop_atr": 2.75}, weighted=False)
    path = folder / "strategies_config_72h.json"
    path.write_text(path.read_text() + "\n")
    with pytest.raises(ConfigError, match="it has changed; run again"):
        apply(changes)


def test_weights_become_notional_limits_and_a_weight_of_zero_switches_off(folder):
    other = "TrendFollowingADXEMAStrategy"
    weights = {f"{STRATEGY}.weight": 0.25, f"{other}.weight": 0.0, f"{STRATEGY}.stop_atr": 3.25}
    changes = propose(load(folder, STRATEGY, other), weights, weighted=True)
    apply(changes)
    config = load_config(folder, {})
    assert config.risk.sizing.max_notional_usdt_by_strategy[STRATEGY] == 7_500
    assert {entry.strategy: entry.enabled for entry in config.strategies.strategies}[other] is False
    assert parameters_of(folder)[STRATEGY]["stop_atr"] == 3.25


def test_steps_leave_no_traces_of_binary_fractions(folder):
    (change,) = propose(load(folder, STRATEGY), {"multiplier": 1.0 + 18 * 0.1}, weighted=False)
    assert '"multiplier": 2.8,' in change.after
