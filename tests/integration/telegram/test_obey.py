"""Who is obeyed and how: the real library polls a local server, a played bot takes the commands."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from catalog.store import EventStore
from monitoring.telegram.access import Access
from monitoring.telegram.bot_api import Messenger, open_bot
from monitoring.telegram.confirm import Confirmations
from monitoring.telegram.obey import Operator, obey
from monitoring.telegram.texts import Language, Texts
from nautilus_bot.core.control import AnyCommand, CloseAll, HaltTrading, Outcome, PauseStrategy
from nautilus_bot.core.errors import NotRunning
from tests.integration.telegram.beside import until
from tests.integration.telegram.bot_api_server import CHAT, TOKEN, USER, BotApiServer, too_many

OTHER, STRANGER = 43, 666


class Desk:
    """A bot that does as it is told, or is not there."""

    def __init__(self) -> None:
        self.obeyed: list[tuple[AnyCommand, str]] = []

    def send(self, command: AnyCommand, author: str) -> Outcome:
        self.obeyed.append((command, author))
        return Outcome(done=True, text="as <you> wish")

    def versions(self) -> dict[str, str]:
        return {"nautilus-bot": "1 & only"}

    def __getattr__(self, _name: str) -> Callable[..., Any]:
        def gone(*_: object) -> Any:
            raise NotRunning("bot <b>paper</b> does not run")

        return gone


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def polling(
    api: BotApiServer, desk: Desk, clock: Clock, tmp_path: Path
) -> AsyncIterator[Callable[..., Any]]:
    """Return how to begin to poll."""
    tasks: list[asyncio.Task[None]] = []

    async def begin(language: Language = "en") -> None:
        texts = Texts(language)
        operator = Operator(
            "paper",
            desk,
            EventStore(tmp_path),
            Messenger(bot, CHAT),
            texts,
            Access(chat_id=CHAT, user_ids=(USER, OTHER)),
            confirmations=Confirmations(clock),
        )
        tasks.append(asyncio.create_task(obey(bot, operator, texts)))
        await until(lambda: api.asked)

    async with open_bot(TOKEN, api.url) as bot:
        yield begin
        for task in tasks:
            task.cancel()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(end, asyncio.CancelledError) for end in ends), ends


def buttons(api: BotApiServer) -> dict[str, str]:
    """Return what the buttons of the last question carry, by their meaning."""
    (row,) = json.loads(api.sent[-1]["reply_markup"])["inline_keyboard"]
    return {one["callback_data"].partition(":")[0]: one["callback_data"] for one in row}


async def test_only_who_asked_may_say_yes_and_only_once(
    api: BotApiServer, desk: Desk, polling: Callable[..., Any]
) -> None:
    await polling()
    api.write("/close_all")
    await until(lambda: api.sent)
    yes = buttons(api)["yes"]
    api.press(yes, user=STRANGER)
    api.press(yes, chat=-9)
    api.press(yes, user=OTHER)
    await until(lambda: api.answered)
    assert api.answered[0]["text"] == "Only who asked may answer."
    assert desk.obeyed == []
    api.press(yes)
    await until(lambda: api.edited)
    api.press(yes)
    await until(lambda: len(api.answered) == 3)
    assert api.answered[2]["text"] == "Too late: ask again."
    assert desk.obeyed == [(CloseAll(), f"telegram:{USER}")]
    assert "as &lt;you&gt; wish" in api.edited[0]["text"]
    assert "reply_markup" not in api.edited[0]


async def test_a_yes_that_comes_too_late_does_nothing(
    api: BotApiServer, desk: Desk, clock: Clock, polling: Callable[..., Any]
) -> None:
    await polling()
    api.write("/stop now")
    await until(lambda: api.sent)
    clock.now = 61.0
    api.press(buttons(api)["yes"])
    await until(lambda: api.answered)
    assert api.answered[0]["text"] == "Too late: ask again."
    assert desk.obeyed == []


async def test_strangers_get_no_answer_and_are_noted_without_their_words(
    api: BotApiServer, desk: Desk, polling: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    await polling()
    with caplog.at_level(logging.INFO, "monitoring"):
        api.write("/halt my secret plan", user=STRANGER)
        api.write("/halt my secret plan", chat=USER)
        api.write("no command at all")
        api.write("/version")
        await until(lambda: api.sent)
    assert [text.splitlines()[0] for text in api.texts] == ["nautilus-bot 1 &amp; only"]
    assert desk.obeyed == []
    assert f"user {STRANGER} in chat {CHAT} is not obeyed" in caplog.text
    assert f"user {USER} in chat {USER} is not obeyed" in caplog.text
    assert "secret plan" not in caplog.text


async def test_late_commands_are_left_but_a_halt_is_not(
    api: BotApiServer, desk: Desk, polling: Callable[..., Any]
) -> None:
    await polling()
    api.write("/pause RSIEMAMomentumStrategy", age_secs=200)
    api.write("/close_all", age_secs=200)
    api.write("/halt\nnews", age_secs=200)
    api.write("/pause@test_bot RSIEMAMomentumStrategy")
    await until(lambda: len(api.sent) == 4)
    assert ["not carried out any more" in text for text in api.texts] == [True, True, False, False]
    paused = PauseStrategy(strategy="RSIEMAMomentumStrategy", reason="asked for in Telegram")
    assert [command for command, _ in desk.obeyed] == [HaltTrading(reason="news"), paused]


async def test_hostile_words_are_answered_as_words(api: BotApiServer, polling: Callable[..., Any]) -> None:
    await polling()
    api.write("/<b>x</b>&")
    api.write("/status")
    api.write("/close_all </b><a href='x'>")
    await until(lambda: len(api.sent) == 3)
    told = "\n".join(api.texts)
    assert "There is no /&lt;b&gt;x&lt;/b&gt;&amp;." in told
    assert "bot &lt;b&gt;paper&lt;/b&gt; does not run" in told
    assert "&lt;/b&gt;&lt;a href='x'&gt;" in told
    assert {one["parse_mode"] for one in api.sent} == {"HTML"}


async def test_an_answer_waits_as_long_as_it_is_asked_to(
    api: BotApiServer, desk: Desk, polling: Callable[..., Any]
) -> None:
    await polling()
    api.faults.append(too_many(1))
    api.write("/halt")
    await until(lambda: api.sent)
    assert len(desk.obeyed) == 1
    assert "as &lt;you&gt; wish" in api.texts[0]


async def test_it_speaks_spanish(api: BotApiServer, polling: Callable[..., Any]) -> None:
    await polling("es")
    api.write("/resume_trading")
    await until(lambda: api.sent)
    assert "¿De verdad" in api.texts[0]
    assert {one["command"]: one["description"] for one in api.commands}["help"] == "esta lista"
    api.press(buttons(api)["no"])
    await until(lambda: api.edited)
    assert "No se hizo" in api.edited[0]["text"]
