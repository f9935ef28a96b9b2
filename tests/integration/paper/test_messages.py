"""What a person reads, and which code a script sees, when a session cannot begin or its venue goes away."""

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from adapters.bybit_simulator.config import BybitSimulatorConfig
from adapters.bybit_simulator.launch import start_simulator
from adapters.bybit_simulator.server import BybitSimulator
from catalog.manifest import RunStatus, load_manifest
from catalog.reader import EntryFilter, entries
from catalog.verify import verify_run

CONFIGS = Path(__file__).parents[3] / "configs"
PATIENCE_SECS = 120.0
KEYS = {"BYBIT_API_KEY": "SIMULATED", "BYBIT_API_SECRET": "SIMULATED"}


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    code: int
    said: str


class Desk:
    """A folder with configurations, and the command line in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(CONFIGS, folder / "configs")
        self._env = {name: value for name, value in os.environ.items() if name not in KEYS}
        self._env["BOT_RUN_DIR"] = str(folder / "run")

    def change(self, file: str, **changes: Any) -> None:
        """Replace top-level keys of a configuration file."""
        path = self.folder / "configs" / file
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    def enable_live(self, http_url: str, ws_url: str) -> None:
        """Point live trading at a simulated Bybit."""
        live = json.loads((self.folder / "configs/bybit_x_config.json").read_text())["live"]
        self.change(
            "bybit_x_config.json",
            live=live | {"enabled": True},
            addresses={
                "rest_url": http_url,
                "ws_public_url": f"{ws_url}/v5/public/linear",
                "ws_private_url": f"{ws_url}/v5/private",
                "ws_trade_url": f"{ws_url}/v5/trade",
            },
        )

    def begin(self, *words: str, **env: str) -> subprocess.Popen[str]:
        """Start a command."""
        return subprocess.Popen(
            [sys.executable, "-m", "nautilus_bot.cli.main", *words],
            cwd=self.folder,
            env=self._env | env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    async def run(self, *words: str, **env: str) -> Ended:
        """Run a command to its end."""
        return await self.end(self.begin(*words, **env))

    async def end(self, process: subprocess.Popen[str]) -> Ended:
        """Wait for a command."""
        try:
            said, _ = await asyncio.to_thread(process.communicate, timeout=PATIENCE_SECS)
        finally:
            if process.poll() is None:
                process.kill()
        return Ended(process.returncode, said)

    async def trading(self, name: str) -> None:
        """Wait until a bot's run file says that it trades."""
        path = self.folder / "run" / f"{name}.json"
        async with asyncio.timeout(PATIENCE_SECS):
            while not path.exists() or json.loads(path.read_text())["state"] != "trading":
                await asyncio.sleep(0.1)

    async def told(self, run: Path, words: str) -> None:
        """Wait until a notice in the journal of a run says some words."""
        where = EntryFilter(types=("Notice",))
        async with asyncio.timeout(PATIENCE_SECS):
            while not any(words.encode() in one.payload for one in entries(run, where=where)):
                await asyncio.sleep(0.2)

    @property
    def runs(self) -> list[Path]:
        """Folders of the recorded runs."""
        return sorted((self.folder / "var").rglob("live-*/"))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture
async def exchange() -> AsyncIterator[BybitSimulator]:
    simulator = await start_simulator(BybitSimulatorConfig(symbols=("BTCUSDT", "ETHUSDT", "SOLUSDT")))
    yield simulator
    await simulator.stop()


@pytest.fixture
def live_desk(desk: Desk, exchange: BybitSimulator) -> Desk:
    desk.change("backtest.json", symbols=["BTCUSDT"])
    desk.enable_live(exchange.http_url, exchange.ws_url)
    return desk


LIVE = ("live", "-c", "configs", "--control-port", "0", "--metrics-port", "-1")


async def test_live_that_is_not_enabled_says_where_to_enable_it(desk: Desk) -> None:
    ended = await desk.run(*LIVE, "--confirm-live", **KEYS)
    assert ended.code == 4
    assert '"enabled": true' in ended.said
    assert "bybit_x_config.json" in ended.said


async def test_live_without_a_confirmation_does_not_start(live_desk: Desk) -> None:
    ended = await live_desk.run(*LIVE, **KEYS)
    assert ended.code == 4
    assert "pass --confirm-live" in ended.said
    assert live_desk.runs == []


async def test_missing_keys_are_named(live_desk: Desk) -> None:
    ended = await live_desk.run(*LIVE, "--confirm-live")
    assert ended.code == 4
    assert "missing: BYBIT_API_KEY, BYBIT_API_SECRET" in ended.said


@pytest.mark.parametrize("wrong", ["BYBIT_API_KEY", "BYBIT_API_SECRET"])
async def test_wrong_keys_end_the_start_with_one_line(live_desk: Desk, wrong: str) -> None:
    ended = await live_desk.run(*LIVE, "--confirm-live", **KEYS | {wrong: "NOTTHISONE"})
    assert ended.code == 4
    assert "error:" in ended.said.splitlines()[-1]
    assert "NOTTHISONE" not in ended.said
    assert live_desk.runs == []


async def test_a_venue_that_is_down_at_start_is_named(desk: Desk) -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))  # nobody else gets it, and nobody listens
        port = deaf.getsockname()[1]
        desk.change("backtest.json", symbols=["BTCUSDT"])
        desk.enable_live(f"http://127.0.0.1:{port}", f"ws://127.0.0.1:{port}")
        ended = await desk.run(*LIVE, "--confirm-live", **KEYS)
    assert ended.code in (1, 5)
    assert f"127.0.0.1:{port}" in ended.said
    assert desk.runs == []


@pytest.mark.parametrize(
    "words",
    [
        ("simulator", "--port"),
        ("paper", "-c", "configs", "--metrics-port", "-1", "--control-port"),
    ],
)
async def test_a_port_in_use_is_named(desk: Desk, words: tuple[str, ...]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = await desk.run(*words, str(port))
    assert ended.code == 1
    assert str(port) in ended.said.splitlines()[-1]


async def test_live_on_a_simulated_bybit_starts_and_stops(live_desk: Desk) -> None:
    ended = await live_desk.run(*LIVE, "--confirm-live", "--duration", "3", "--json", **KEYS)
    assert ended.code == 0, ended.said
    (run,) = live_desk.runs
    assert load_manifest(run).status is RunStatus.ENDED
    assert verify_run(run).ok


async def test_a_venue_that_goes_down_is_told_and_nothing_recorded_is_lost(
    live_desk: Desk, exchange: BybitSimulator
) -> None:
    process = live_desk.begin(*LIVE, "--confirm-live", **KEYS)
    await live_desk.trading("live")
    await exchange.stop()
    (run,) = live_desk.runs
    try:
        await live_desk.told(run, "private connection dead")
    finally:
        process.send_signal(signal.SIGTERM)
        ended = await live_desk.end(process)
    assert ended.code == 0, ended.said
    assert load_manifest(run).status is RunStatus.ENDED
    assert verify_run(run).ok
    notices = await live_desk.run("events", "tail", "--run", run.name, "--type", "Notice", "--json")
    assert "private connection dead" in notices.said
