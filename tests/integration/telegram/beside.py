"""``nautilus-bot telegram`` as a process of its own, obeying one user in one chat of a local server."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from monitoring.telegram.outbox import Outbox
from tests.integration.telegram.bot_api_server import CHAT, TOKEN, USER, BotApiServer

ROOT = Path(__file__).parents[3]
HANG_SECS = 120.0


class Beside:
    """
    Run it beside the bot of a name, whose run file, log and events are in one folder.

    Parameters
    ----------
    folder : Path
        With ``run``, ``log``, ``events``.
    name : str
        Of the bot.
    alerts : Any
        Settings other than those of the project. Without ``daily_report_hour`` there is no daily report: what
        a test sees must not depend on the hour.
    """

    def __init__(self, folder: Path, api: BotApiServer, name: str, **alerts: Any) -> None:
        self._folder = folder
        self._name = name
        self._configs = folder / "configs"
        shutil.copytree(ROOT / "configs", self._configs)
        file = self._configs / "alert_config.json"
        changed = {
            "enabled": True,
            "telegram_chat_id": CHAT,
            "telegram_user_ids": [USER],
            "telegram_api_url": api.url,
            "messages_per_minute": 600,
        }
        settings = json.loads(file.read_text()) | changed | alerts
        if "daily_report_hour" not in alerts:
            settings["noise"]["daily_report"] = "off"
        file.write_text(json.dumps(settings))
        self.printed = folder / "telegram.out"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *words: str) -> None:
        """Start it."""
        self._process = self._spawn("telegram", *words)

    async def watchdog(self) -> int:
        """Let the watchdog look once and return its exit code."""
        return await asyncio.to_thread(self._spawn("watchdog", "--once").wait, HANG_SECS)

    def _spawn(self, command: str, *words: str) -> subprocess.Popen[bytes]:
        environment = os.environ | {
            "BOT_RUN_DIR": str(self._folder / "run"),
            "BOT_LOG_DIR": str(self._folder / "log"),
            "BOT_BACKTEST__EVENT_STORE_PATH": str(self._folder / "events"),
            "TELEGRAM_BOT_TOKEN": TOKEN,
        }
        whom = ("--name", self._name, "-c", str(self._configs / "backtest.json"))
        with self.printed.open("ab") as output:
            return subprocess.Popen(
                [sys.executable, "-m", "nautilus_bot.cli.main", command, *whom, *words],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    async def listens(self, api: BotApiServer) -> None:
        """Wait until it has found its place in the journal and polls for commands."""
        asked = api.asked
        queue = Outbox(self._folder / "run" / f"{self._name}.telegram.sqlite")
        await until(lambda: queue.cursor(self._name) is not None and api.asked > asked)
        queue.close()

    async def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        assert self._process is not None
        self._process.send_signal(number)
        return await self.wait()

    async def wait(self) -> int:
        """Return the exit code."""
        assert self._process is not None
        return await asyncio.to_thread(self._process.wait, HANG_SECS)

    def kill_if_left(self) -> None:
        """Leave nothing behind."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()


async def until(look: Callable[[], object], every_secs: float = 0.01) -> None:
    """Wait; the limit only guards against hanging."""
    deadline = time.monotonic() + HANG_SECS
    while not look():
        assert time.monotonic() < deadline, "not seen in time"
        await asyncio.sleep(every_secs)
