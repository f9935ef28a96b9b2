"""End an ``up`` from outside, and clear away what one that was killed left behind."""

import os
import time
from typing import Final

import msgspec

from nautilus_bot.core.errors import NotRunning, StopTimeout
from nautilus_bot.process.identity import is_alive, kill
from nautilus_bot.process.up.child import STOP_SIGNAL
from nautilus_bot.process.up.up_file import UpFile, load_up_file, remove_up_file

DOWN_TIMEOUT_SECS: Final = 75.0
"""The bot has 30 s for a graceful stop, and the parts 15 s before and after it."""
POLL_SECS: Final = 0.1


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """An ``up`` that is gone, with the bot and the parts that it held."""

    name: str
    pid: int
    parts: tuple[str, ...]
    secs: float


def take_down(name: str, timeout_secs: float = DOWN_TIMEOUT_SECS) -> Ended:
    """
    Tell an ``up`` to end, and wait until it and all its parts are gone.

    Raises
    ------
    NotRunning
        If there is none; parts that a killed one left behind are ended all the same.
    StopTimeout
        If it is still there after ``timeout_secs``.
    """
    found = load_up_file(name)
    if found is None:
        raise NotRunning(
            f"no `up` runs for bot {name!r}; `nautilus-bot stop` stops a bot that was started alone"
        )
    if not found.is_running:
        left = _clear(found)
        raise NotRunning(
            f"the `up` of bot {name!r} (process {found.pid}) died; {left} of its parts were left, ended"
        )
    begun = time.monotonic()
    os.kill(found.pid, STOP_SIGNAL)
    while is_alive(found.pid, found.birth):
        if time.monotonic() - begun > timeout_secs:
            raise StopTimeout(
                f"the `up` of bot {name!r} (process {found.pid}) must end within {timeout_secs:g} s, it lives"
            )
        time.sleep(POLL_SECS)
    _clear(found)
    return Ended(
        name=name,
        pid=found.pid,
        parts=tuple(part.name for part in found.parts),
        secs=time.monotonic() - begun,
    )


def _clear(found: UpFile) -> int:
    left = [part for part in found.parts if is_alive(part.pid, part.birth)]
    for part in left:
        kill(part.pid, part.birth)
    remove_up_file(found.name)
    return len(left)
