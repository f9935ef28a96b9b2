"""A recorded backtest of all six strategies, and a recorded paper session on the simulated Bybit."""

import json
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

from catalog.reader import EntryFilter, entries, last_seq
from catalog.store import EventStore

ROOT = Path(__file__).parents[3]
PATIENCE_SECS = 200.0
ENTRIES = 6_000
ENOUGH = {"Signal": 10, "SubmitOrder": 10, "OrderDenied": 5, "OrderFilled": 6, "PositionClosed": 2}


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
    store = EventStore(folder / "events")
    with subprocess.Popen(
        [
            *(sys.executable, "-m", "nautilus_bot.cli.main", "paper", "-c", str(configs), "--speed=240"),
            *(f"--state={folder / 'exchange.sqlite'}", "--name=replay-test", "--control-port=0", "--json"),
        ],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as paper:
        try:
            until_enough_happened(store, paper)
            paper.send_signal(signal.SIGTERM)
            _, said = paper.communicate(timeout=PATIENCE_SECS)
        finally:
            paper.kill()
    assert paper.returncode == 0, said[-3000:]
    return RecordedRun(store, store.latest().run_id)


def until_enough_happened(store: EventStore, paper: subprocess.Popen[str]) -> None:
    """Wait until the journal of a session has of everything that the tests ask about."""
    deadline = time.monotonic() + PATIENCE_SECS
    while time.monotonic() < deadline and paper.poll() is None:
        time.sleep(1.0)
        runs = store.runs()
        if runs and last_seq(store.folder(runs[-1].run_id)) >= ENTRIES:
            found = Counter(
                one.type
                for one in entries(store.folder(runs[-1].run_id), where=EntryFilter(types=(*ENOUGH,)))
            )
            if all(found[kind] >= count for kind, count in ENOUGH.items()):
                return
    raise AssertionError(f"a paper session must trade within {PATIENCE_SECS:g} s, it did not")
