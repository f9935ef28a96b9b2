"""Play a scenario: ask a running bot for one signal after the other, then read what became of them."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from nautilus_bot.qa.scenario import Injection, Scenario

SETTLE_SECS = 3.0

type Inject = Callable[[Injection], Awaitable[None]]


async def play(scenario: Scenario, inject: Inject) -> None:
    """
    Inject every signal at its time, then wait until the last one has settled.

    Parameters
    ----------
    scenario : Scenario
        What to inject when, in wall time.
    inject : Inject
        Asks the bot for one signal.
    """
    begun = time.monotonic()
    for injection in scenario.injections:
        await asyncio.sleep(max(0.0, begun + injection.after_secs - time.monotonic()))
        await inject(injection)
    await asyncio.sleep(SETTLE_SECS)
