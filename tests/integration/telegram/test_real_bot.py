"""Every command of the chat against a real paper bot, through ``nautilus-bot telegram``."""

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

from catalog.codec import decode_plain
from catalog.reader import EntryFilter, entries
from monitoring.telegram.commands import COMMANDS
from nautilus_bot.control.client import ControlClient
from nautilus_bot.core.control import InjectSignal
from nautilus_bot.process.identity import descendants, is_alive
from tests.integration.telegram.beside import HANG_SECS, ROOT, Beside, until
from tests.integration.telegram.bot_api_server import TOKEN, USER, BotApiServer

if sys.platform == "win32":
    pytest.skip("the driver uses limits that Windows has not", allow_module_level=True)

spec = spec_from_file_location("cycles_for_telegram", ROOT / "tests/integration/process/cycles.py")
assert spec is not None
assert spec.loader is not None
cycles = module_from_spec(spec)
sys.modules["cycles_for_telegram"] = cycles
spec.loader.exec_module(cycles)


class Phone:
    """A person with a phone."""

    def __init__(self, api: BotApiServer) -> None:
        self._api = api

    async def ask(self, text: str, *expected: str) -> str:
        """Write, and return the answer that has all of the words."""
        seen = len(self._api.sent)
        self._api.write(text)
        return await self._answer(seen, *expected)

    async def confirm(self, text: str, word: str, *expected: str) -> str:
        """Write what asks to confirm, press a button, and return what the question became."""
        seen, edits = len(self._api.sent), len(self._api.edited)
        self._api.write(text)
        await self._answer(seen, text.split(maxsplit=1)[0])
        self.press(seen, word)
        await until(lambda: len(self._api.edited) > edits)
        answer: str = self._api.edited[-1]["text"]
        assert all(one in answer for one in expected), answer
        return answer

    def press(self, seen: int, word: str, **who: int) -> None:
        asked = next(one for one in self._api.sent[seen:] if "reply_markup" in one)
        buttons = json.loads(asked["reply_markup"])["inline_keyboard"][0]
        data = next(one["callback_data"] for one in buttons if one["callback_data"].startswith(word))
        self._api.press(data, **who)

    async def _answer(self, seen: int, *expected: str) -> str:
        def fitting() -> list[str]:
            return [text for text in self._api.texts[seen:] if all(word in text for word in expected)]

        await until(fitting)
        return fitting()[0]


@pytest.fixture
async def telegram(tmp_path: Path, api: BotApiServer) -> AsyncIterator[Beside]:
    beside = Beside(tmp_path, api, cycles.NAME)
    yield beside
    beside.kill_if_left()


@pytest.fixture
async def driver(tmp_path: Path) -> AsyncIterator[Any]:
    made = cycles.Cycles(tmp_path)
    yield made
    if made.run_path.exists():
        with contextlib.suppress(AssertionError):
            made.call("force-stop", "--name", cycles.NAME, expect=cycles.OK)


def recorded(driver: Any, kind: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for folder in sorted((driver.folder / "events" / "runs").iterdir()):
        of_kind = entries(folder, where=EntryFilter(types=(kind,)))
        found += [decode_plain(entry.type, entry.version, entry.payload) for entry in of_kind]
    return found


def is_injected(one: Any) -> bool:
    """Whether a position or signal is of this test; other strategies may trade meanwhile."""
    return bool(one.strategy == "QAInjectStrategy")


async def test_every_command_is_answered_or_carried_out_by_a_real_bot(
    driver: Any, telegram: Beside, api: BotApiServer
) -> None:
    telegram.start()
    await telegram.listens(api)
    assert [one["command"] for one in api.commands] == [one.name for one in COMMANDS]
    phone = Phone(api)
    await phone.ask("/status", "does not run")
    started = await asyncio.to_thread(driver.start)
    await until(lambda: any(f"started: run {started['run_id']}" in text for text in api.texts))
    run_file = json.loads(driver.run_path.read_text())
    started_all = [(run_file["pid"], run_file["birth"]), *descendants(run_file["pid"])]
    client = ControlClient(run_file["control_url"], run_file["token"], HANG_SECS)
    await until(lambda: client.snapshot().prices, 0.2)

    assert client.send(InjectSignal(symbol="ETHUSDT", side="BUY"), "test:a").done
    await until(lambda: any("Opened <b>LONG ETHUSDT" in text for text in api.texts))
    await until(lambda: [one for one in client.positions() if is_injected(one) and one.covered], 0.2)
    await until(
        lambda: [one for one in client.signals() if is_injected(one) and one.state == "executed"], 0.2
    )
    signal_id = next(one.signal_id for one in client.signals() if is_injected(one))
    await until(lambda: any(f"{signal_id}-E" in text and "BUY ETHUSDT" in text for text in api.texts))

    await phone.ask("/status", "paper, simulated", "active", "healthy")
    await phone.ask("/balance", "Equity", "Exposure")
    await phone.ask("/positions", "LONG ETHUSDT", "QAInjectStrategy", "stop")
    await phone.ask("/profit", "Realised")
    await phone.ask("/daily", "Last 24 hours", "executed", "Equity")
    await phone.ask("/weekly", "Last 7 days")
    await phone.ask("/signals", signal_id, "executed")
    await phone.ask(f"/why {signal_id}", "proposed to <b>BUY ETHUSDT", "Approved by", "Result")
    await phone.ask("/why", "needs an order")
    await phone.ask("/why NOSUCHTHING", "no run in")
    await phone.ask("/strategies", "▶️ RSIEMAMomentumStrategy on 3")
    await phone.ask("/risk", "Trading is <b>active", "drawdown_halt")
    await phone.ask("/health", "healthy", "journal")
    await phone.ask("/log", "<pre>")
    await phone.ask("/version", "nautilus_trader 1.231.0")
    await phone.ask("/help", "/close_all - ")
    await phone.ask("/statsu", "Did you mean /status?")

    await phone.ask("/pause RSIEMAMomentumStrategy", "is paused")
    await phone.ask("/strategies", "⏸ RSIEMAMomentumStrategy on 3")
    await phone.ask("/pause Nobody", "Refused")
    await phone.ask("/resume RSIEMAMomentumStrategy", "is resumed")
    await phone.ask("/halt news", "halted")
    assert client.send(InjectSignal(symbol="SOLUSDT", side="BUY"), "test:a").done
    await until(lambda: any("Refused by <b>trading_state" in text for text in api.texts))
    await phone.confirm("/resume_trading", "yes", "resumed")
    await phone.confirm("/close_all", "no", "Not done")
    await phone.confirm("/close_all", "yes", "closing")
    await until(lambda: any("Closed <b>LONG ETHUSDT" in text and "USDT</b>" in text for text in api.texts))
    await phone.confirm("/close ETHUSDT", "yes", "closing")

    # strangers, and the right user in another chat
    api.write("/halt", user=666)
    api.write("/halt", chat=-5)
    api.write("/pause RSIEMAMomentumStrategy", age_secs=600)
    await until(lambda: any("not carried out any more" in text for text in api.texts))
    assert client.status().breakers.state == "active"

    await phone.confirm("/stop", "yes", "stopping")
    await until(
        lambda: any("Stopped" in text and "told to stop by telegram:42" in text for text in api.texts)
    )
    assert await telegram.end() == 0
    # it says that it stops before it puts its files away
    await until(lambda: not any(is_alive(*one) for one in started_all), 0.1)

    commands = [(one["command"], one["author"]) for one in recorded(driver, "OperatorCommand")]
    words = ["pause", "pause", "resume", "halt", "resume_trading", "close_all", "close", "stop"]
    mine = [(word, f"telegram:{USER}") for word in words]
    assert commands == [("inject", "test:a"), *mine[:4], ("inject", "test:a"), *mine[4:]]
    # the gate's verdict and the denial that follows it are one message
    assert sum("QAInjectStrategy on SOLUSDT" in text for text in api.texts) == 1
    assert [one["author"] for one in recorded(driver, "TradingHalted")] == [f"telegram:{USER}"]

    log = (driver.folder / "log" / f"telegram-{cycles.NAME}.log").read_text()
    assert "user 666 in chat -1001 is not obeyed" in log
    assert "user 42 in chat -5 is not obeyed" in log
    written = [path for path in driver.folder.rglob("*") if path.is_file()]
    secret = TOKEN.partition(":")[2].encode()
    assert [path for path in written if secret in path.read_bytes()] == []
