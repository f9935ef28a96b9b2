"""A simulated exchange of our own: what it says is heard, however much it is."""

import asyncio
import sys

import pytest

from nautilus_bot.core.errors import VenueError
from nautilus_bot.node import venue
from nautilus_bot.node.venue import SimulatorSettings, own_simulator

CHATTY = """
import json, sys
words = dict.fromkeys(("http_url", "ws_url"), "127.0.0.1:1")
words |= {"http_url": "http://127.0.0.1:1", "ws_url": "ws://127.0.0.1:1"}
sys.stderr.write("a warning\\n" * 20_000)
print(json.dumps(words | dict.fromkeys(("api_key", "api_secret", "control_token"), "x")), flush=True)
for stream in (sys.stdout, sys.stderr):
    stream.write("still here\\n" * 20_000)
    stream.write("x" * 1_000_000)
    stream.flush()
open(sys.argv[1], "w").write("not blocked")
sys.stdin.read()
"""
FAILING = "import sys; sys.stderr.write('early' * 50_000 + '\\nport 1 is taken'); sys.exit(1)"


@pytest.fixture
def settings(monkeypatch, tmp_path):
    """Run a program in the place of the simulator."""

    def place(program: str) -> SimulatorSettings:
        command = [sys.executable, "-c", program, str(tmp_path / "said")]
        monkeypatch.setattr(venue, "_command", lambda *_: command)
        return SimulatorSettings(state="")

    return place


async def test_a_simulator_that_says_more_than_a_pipe_holds_is_not_blocked(settings, tmp_path, caplog):
    caplog.set_level("INFO", logger="nautilus_bot.simulator")
    async with asyncio.timeout(60), own_simulator(settings(CHATTY), ("BTCUSDT",)):
        while not (tmp_path / "said").exists():
            await asyncio.sleep(0.02)
    heard = [record.getMessage() for record in caplog.records]
    assert heard.count("a warning") == 20_000
    assert heard.count("still here") == 40_000


async def test_a_simulator_that_does_not_start_is_quoted(settings):
    async with asyncio.timeout(60):
        with pytest.raises(VenueError, match="port 1 is taken"):
            async with own_simulator(settings(FAILING), ("BTCUSDT",)):
                pass
