"""Readers that open connections and never go on: the bot trades, and answers those that ask properly."""

import re
import socket
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest

from nautilus_bot.control.client import ControlClient
from nautilus_bot.core.control import InjectSignal
from nautilus_bot.process.pidfile import RunFile

if sys.platform == "win32":
    pytest.skip("the driver uses limits that Windows has not", allow_module_level=True)

spec = spec_from_file_location("cycles_for_readers", Path(__file__).with_name("cycles.py"))
assert spec is not None
assert spec.loader is not None
cycles = module_from_spec(spec)
sys.modules["cycles_for_readers"] = cycles
spec.loader.exec_module(cycles)

HANG_SECS = 120.0
IDLE = 200
UNREAD = 20
NEW_ENTRIES = 200


class Bot:
    """A started bot, as its run file describes it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.client = ControlClient(self.file.control_url, self.file.token, HANG_SECS)

    @property
    def file(self) -> RunFile:
        return msgspec.json.decode(self._path.read_bytes(), type=RunFile)

    def until[T](self, look: Callable[[], T]) -> T:
        deadline = time.monotonic() + HANG_SECS
        while not (seen := look()):
            assert time.monotonic() < deadline, "not seen in time"
            time.sleep(0.2)
        return seen

    def is_on_time(self) -> bool:
        """
        Return whether its loop was in time when it was last measured, once a second: a busy machine holds it
        up for a moment, readers in its way would for as long as they are there.
        """
        with urllib.request.urlopen(self.file.metrics_url, timeout=HANG_SECS) as answer:
            text = answer.read().decode()
        values = re.findall(r"^bot_loop_lag_seconds\{.*\} (\S+)$", text, re.MULTILINE)
        return [float(value) < 1 for value in values] == [True]


@pytest.fixture
def bot(tmp_path: Path) -> Iterator[Bot]:
    driver = cycles.Cycles(tmp_path)
    driver.start()
    yield Bot(driver.run_path)
    driver.stop()


def connect(url: str, request: bytes = b"") -> socket.socket:
    address = urlsplit(url)
    reader = socket.socket()
    # so small a buffer that an answer does not fit into it
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    reader.connect((address.hostname, address.port))
    if request:
        reader.sendall(request)
    return reader


def trades_on(bot: Bot) -> None:
    before = bot.client.status().journal.seq
    assert bot.client.send(InjectSignal(symbol="ETHUSDT", side="BUY"), "test:reader").done
    bot.until(lambda: bot.client.status().journal.seq > before + NEW_ENTRIES)
    bot.until(lambda: states(bot) == ["executed"])
    bot.until(lambda: bot.client.health().ok)


def states(bot: Bot) -> list[str]:
    return [one.state for one in bot.client.signals() if one.strategy == "QAInjectStrategy"]


def test_idle_connections_at_the_control_api_keep_nobody_else_out(bot: Bot) -> None:
    bot.until(lambda: bot.client.snapshot().prices)
    bot.until(lambda: bot.file.metrics_url)
    with ExitStack() as held:
        for _ in range(IDLE):
            held.enter_context(connect(bot.file.control_url))
        trades_on(bot)
        bot.until(bot.is_on_time)


def test_readers_that_ask_and_never_read_hold_nothing_up(bot: Bot) -> None:
    bot.until(lambda: bot.client.snapshot().prices)
    bot.until(lambda: bot.file.metrics_url)
    token = f"Authorization: Bearer {bot.file.token}\r\n"
    ask: dict[str, Any] = {
        bot.file.metrics_url: b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n",
        bot.file.control_url: f"GET /v1/snapshot HTTP/1.1\r\nHost: x\r\n{token}\r\n".encode(),
    }
    with ExitStack() as held:
        for url, request in ask.items():
            for _ in range(UNREAD):
                held.enter_context(connect(url, request))
        time.sleep(2)  # the rate limit lets the test itself ask again
        trades_on(bot)
        bot.until(bot.is_on_time)
