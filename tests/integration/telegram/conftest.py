"""A local Bot API server, a durable journal to write into, and everything between the two."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from catalog import codec
from catalog.store import EventStore, Run
from monitoring.telegram.bot_api import Messenger, open_bot
from monitoring.telegram.follow import Follower, Sighting
from monitoring.telegram.outbox import Outbox
from monitoring.telegram.policy import Policy
from monitoring.telegram.sender import Sender, SenderLimits
from monitoring.telegram.service import deliver, follow
from monitoring.telegram.texts import Texts
from nautilus_bot.core.messages import Message, Notice
from tests.integration.telegram.bot_api_server import CHAT, TOKEN, BotApiServer

BOT = "paper"


class Recording:
    """A bot as it looks from outside: a journal that grows, and a run file."""

    def __init__(self, root: Path) -> None:
        self.store = EventStore(root)
        self.run = self._new("")

    def _new(self, parent: str) -> Run:
        run = self.store.new_run("paper", "{}", durable=True, account="a", parent_run=parent)
        self.sighting = Sighting(identity=run.run_id, run_id=run.run_id, state="trading", running=True)
        return run

    def restart(self) -> None:
        """End the run and begin another."""
        self.run.end()
        self.run = self._new(self.run.run_id)

    def append(self, *messages: Message) -> None:
        """Record messages as the recorder does."""
        for message in messages:
            name, version, payload = codec.encode(message)
            self.run.journal.append(
                ts_init=message.ts_event,
                ts_market=message.ts_event,
                ts_publish=time.time_ns(),
                topic="test",
                type=name,
                version=version,
                payload=payload,
            )

    def notice(self, severity: str, *texts: str) -> None:
        """Record notices."""
        self.append(*(Notice(ts_event=1, severity=severity, component="test", text=text) for text in texts))  # type: ignore[arg-type]


@pytest.fixture
async def api() -> AsyncIterator[BotApiServer]:
    server = BotApiServer()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
def recording(tmp_path: Path) -> Iterator[Recording]:
    made = Recording(tmp_path / "events")
    yield made
    made.run.journal.close()


@pytest.fixture
async def attach(
    tmp_path: Path, recording: Recording, api: BotApiServer
) -> AsyncIterator[Callable[..., Sender]]:
    """Return how to begin to follow and deliver; may be called again after ``detach``."""
    tasks: list[asyncio.Task[None]] = []
    held = AsyncExitStack()
    bot = await held.enter_async_context(open_bot(TOKEN, api.url))

    def begin(policy: Policy = Policy(), limits: SenderLimits | None = None) -> Sender:  # noqa: B008  frozen
        outbox = Outbox(tmp_path / "queue.sqlite")
        held.callback(outbox.close)
        limits = limits or SenderLimits(first_retry_secs=0.05, longest_retry_secs=0.2)
        sender = Sender(outbox, Messenger(bot, CHAT), policy, Texts("en"), limits)
        follower = Follower(BOT, recording.store, lambda: recording.sighting, outbox, policy)
        follower.poll()
        tasks.append(asyncio.create_task(follow(follower, sender.wake, 0.02)))
        tasks.append(asyncio.create_task(deliver(sender)))
        return sender

    yield begin
    for task in tasks:
        task.cancel()
    ends = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(end, asyncio.CancelledError) for end in ends), ends
    await held.aclose()
