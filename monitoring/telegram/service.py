"""Everything that runs beside a bot for Telegram, in one event loop: follow, deliver, report, obey."""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from monitoring.telegram.follow import Follower
from monitoring.telegram.sender import Sender
from nautilus_bot.core.errors import Undelivered

LOG: Final = logging.getLogger(__name__)
POLL_SECS: Final = 0.1
RETRY_SECS: Final = 2.0


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
        except Undelivered as e:
            LOG.error("%s; trying again", e)  # noqa: TRY400  the message says it all
            wait = RETRY_SECS
        await asyncio.sleep(wait)


async def deliver(sender: Sender) -> None:
    """Deliver until cancelled, also while the queue cannot be written for a time."""
    while True:
        try:
            await sender.run()
        except Undelivered as e:
            LOG.error("%s; trying again", e)  # noqa: TRY400  the message says it all
            await asyncio.sleep(RETRY_SECS)
