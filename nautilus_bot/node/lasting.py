"""A companion of a session that is started again when it fails."""

import asyncio
from typing import Final

from nautilus_bot.node.session import Companion, TradingSession

FIRST_WAIT_SECS: Final = 1.0
LONGEST_WAIT_SECS: Final = 60.0


class Lasting:
    """
    Start a companion again whenever it fails, after 1, 2, 4 ... 60 s; each failure is told.

    Parameters
    ----------
    companion : Companion
        Must begin from nothing each time it is called.
    name : str
        What the session calls it when it fails.
    """

    def __init__(self, companion: Companion, name: str) -> None:
        self._companion = companion
        self._name = name

    async def __call__(self, session: TradingSession) -> None:
        """Run until it ends by itself or is cancelled."""
        wait_secs = FIRST_WAIT_SECS
        while True:
            try:
                return await self._companion(session)
            except Exception as error:  # noqa: BLE001  a supervisor: told, and trading goes on
                session.tell("error", f"{self._name} failed: {error!r}; again in {wait_secs:g} s")
            await asyncio.sleep(wait_secs)
            wait_secs = min(LONGEST_WAIT_SECS, wait_secs * 2)
