"""Everything that runs beside a bot for Telegram, in one event loop: follow, deliver, report, obey."""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any, Final

from catalog.store import EventStore
from monitoring.telegram.follow import Follower
from monitoring.telegram.outbox import Outbox
from monitoring.telegram.policy import Policy
from monitoring.telegram.report import daily_key, daily_report
from monitoring.telegram.sender import Sender
from nautilus_bot.core.errors import BotError, Undelivered

LOG: Final = logging.getLogger(__name__)
POLL_SECS: Final = 0.1
RETRY_SECS: Final = 2.0
REPORT_EVERY_SECS: Final = 20.0
_NS: Final = 1_000_000_000


async def run_until(stop: asyncio.Event, sender: Sender, *parts: Coroutine[Any, Any, None]) -> None:
    """
    Run the sender and other parts side by side until told to stop; a part that fails ends all.

    Parameters
    ----------
    stop : asyncio.Event
        Set when it is to end: the sender then finishes the message it is about.
    sender : Sender
        Delivers.
    parts : Coroutine
        ``follow``, ``report``, ``obey``.

    Raises
    ------
    BotError
        What a part failed with.
    """
    try:
        async with asyncio.TaskGroup() as group:
            delivering = group.create_task(deliver(sender))
            others = [group.create_task(part) for part in parts]
            await stop.wait()
            # its message first: the parts close connections when they end
            sender.stop()
            await delivering
            for other in others:
                other.cancel()
    except* BotError as failures:
        raise failures.exceptions[0] from None


async def follow(follower: Follower, wake: Callable[[], None], poll_secs: float = POLL_SECS) -> None:
    """
    Read the journal until cancelled.

    Parameters
    ----------
    follower : Follower
        Reads, in a thread of its own.
    wake : Callable[[], None]
        Called when something was queued.
    poll_secs : float
        How often to look.
    """
    while True:
        wait = poll_secs
        try:
            if await asyncio.to_thread(follower.poll):
                wake()
        except BotError as e:
            LOG.error("%s; trying again", e)  # noqa: TRY400  the message says it all
            wait = RETRY_SECS
        await asyncio.sleep(wait)


async def deliver(sender: Sender) -> None:
    """Deliver until the sender is stopped, also when the queue cannot be written for a time."""
    while True:
        try:
            await sender.run()
        except Undelivered as e:
            LOG.error("%s; trying again", e)  # noqa: TRY400  the message says it all
            await sender.rest(RETRY_SECS)
        else:
            return


async def report(
    bot: str,
    store: EventStore,
    last_run: Callable[[], str],
    outbox: Outbox,
    policy: Policy,
    hour: int,
    now_ns: Callable[[], int] = time.time_ns,
) -> None:
    """
    Queue a report once a day, from an hour (UTC) on, until cancelled.

    Parameters
    ----------
    bot : str
        Name of the bot.
    store : EventStore
        Where its runs are.
    last_run : Callable[[], str]
        The run that it is in; empty when there is none.
    outbox : Outbox
        The queue.
    policy : Policy
        Whether reports are wanted.
    hour : int
        0 to 23.
    """
    while True:
        now = now_ns()
        if datetime.fromtimestamp(now // _NS, UTC).hour >= hour and policy.noise.daily_report != "off":
            try:
                await asyncio.to_thread(_report_once, bot, store, last_run, outbox, now)
            except BotError as e:
                LOG.error("no daily report: %s", e)  # noqa: TRY400  the message says it all
        await asyncio.sleep(REPORT_EVERY_SECS)


def _report_once(
    bot: str, store: EventStore, last_run: Callable[[], str], outbox: Outbox, now_ns: int
) -> None:
    if outbox.knows(daily_key(bot, now_ns)):
        return
    run_id = last_run()
    if run_id:
        outbox.put([daily_report(store, bot, run_id, now_ns)], now_ns)
