"""A recorded backtest of all six strategies, and a recorded paper session on the simulated Bybit."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from catalog.store import EventStore

ROOT = Path(__file__).parents[3]


class RecordedRun(NamedTuple):
    """An event store and the run in it that is meant."""

    store: EventStore
    run_id: str

    @property
    def folder(self) -> Path:
        return self.store.folder(self.run_id)


def configure(folder: Path, *, timeframe: str) -> Path:
    configs = folder / "configs"
    shutil.copytree(ROOT / "configs", configs)
    strategies = json.loads((configs / "strategies_config_72h.json").read_text())
    for one in strategies["strategies"]:
        one["timeframe"] = timeframe
    (configs / "strategies_config_72h.json").write_text(json.dumps(strategies))
    backtest = json.loads((configs / "backtest.json").read_text())
    backtest |= {
        "timeframe": timeframe,
        "market_data": "synthetic",
        "synthetic": {"seed": 1, "bars": 900},
        "data_catalog_path": str(folder / "data"),
        "event_store_path": str(folder / "events"),
        "report_path": str(folder / "reports"),
    }
    (configs / "backtest.json").write_text(json.dumps(backtest))
    return configs


def run_bot(*words: str, folder: Path) -> None:
    command = [sys.executable, "-m", "nautilus_bot.cli.main", *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.fixture(scope="package")
def backtest(tmp_path_factory: pytest.TempPathFactory) -> RecordedRun:
    folder = tmp_path_factory.mktemp("backtest")
    configs = configure(folder, timeframe="15m")
    run_bot("backtest", "-c", str(configs), "--json", folder=folder)
    store = EventStore(folder / "events")
    return RecordedRun(store, store.latest().run_id)


@pytest.fixture(scope="package")
def session(tmp_path_factory: pytest.TempPathFactory) -> RecordedRun:
    folder = tmp_path_factory.mktemp("session")
    configs = configure(folder, timeframe="1m")
    run_bot(
        "paper", "-c", str(configs), "--speed=240", "--duration=25", f"--state={folder / 'exchange.sqlite'}",
        "--name=replay-test", "--control-port=0", "--json", folder=folder,
    )  # fmt: skip
    store = EventStore(folder / "events")
    return RecordedRun(store, store.latest().run_id)
