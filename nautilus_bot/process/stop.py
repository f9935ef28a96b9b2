"""Stop a bot: ask, then signal, then look whether it is really gone; or kill it with all that it started."""

import os
import signal
import time
from collections.abc import Callable
from typing import Final

import msgspec

from nautilus_bot.control.client import ControlClient
from nautilus_bot.core.control import StopBot
from nautilus_bot.core.errors import NotRunning, ProcessError, StopTimeout
from nautilus_bot.process.identity import descendants, is_alive, kill
from nautilus_bot.process.pidfile import RunFile, load_run_file, save_run_file

STOP_TIMEOUT_SECS: Final = 30.0
ASKED_SHARE: Final = 0.5
"""Part of the time after which a bot that was asked over its control API is signalled as well."""
KILL_TIMEOUT_SECS: Final = 5.0
POLL_SECS: Final = 0.02
STOP_SIGNAL: Final = getattr(signal, "CTRL_BREAK_EVENT", signal.SIGTERM)
"""Windows knows no SIGTERM that a process can handle."""


class Stopped(msgspec.Struct, frozen=True, kw_only=True):
    """
    A bot that is gone.

    Parameters
    ----------
    how : str
        ``asked``, ``signalled`` or ``killed``.
    stop_secs : float
        From the wish to the end of the process.
    reason : str
        Why it ended, in its own words.
    exit_code : int
        As the bot noted it; -1 where it could not.
    """

    name: str
    pid: int
    how: str
    stop_secs: float
    reason: str
    exit_code: int = -1


def stop_bot(found: RunFile, author: str, timeout_secs: float = STOP_TIMEOUT_SECS) -> Stopped:
    """
    Stop gracefully: it drains, journals, and leaves protective orders at the venue.

    Raises
    ------
    NotRunning
        If it does not run; a process that has its id by now is left alone.
    StopTimeout
        If it is still there after ``timeout_secs``.
    """
    _require_running(found)
    begun = time.monotonic()
    below = descendants(found.pid)
    how = "asked" if _ask(found, author) else "signalled"
    gone = _wait(lambda: not found.is_running, timeout_secs * ASKED_SHARE if how == "asked" else 0.0)
    if not gone:
        how = "signalled"
        _signal(found)
        gone = _wait(lambda: not found.is_running, begun + timeout_secs - time.monotonic())
    if not gone:
        raise StopTimeout(
            f"bot {found.name!r} (process {found.pid}) must stop within {timeout_secs:g} s, it did not; "
            f"`nautilus-bot force-stop --name {found.name}` kills it"
        )
    _sweep(below)
    return _stopped(found, how, begun)


def force_stop_bot(found: RunFile) -> Stopped:
    """
    Kill a bot and all processes it started, its simulated exchange above all.

    Raises
    ------
    NotRunning
        If it does not run.
    StopTimeout
        If the system does not let it die.
    """
    _require_running(found)
    begun = time.monotonic()
    below = descendants(found.pid)
    kill(found.pid, found.birth)
    if not _wait(lambda: not found.is_running, KILL_TIMEOUT_SECS):
        raise StopTimeout(
            f"process {found.pid} must die when killed, it did not; is it in an endless system call?"
        )
    _sweep(below)
    killed = msgspec.structs.replace(
        found, state="killed", reason="killed by force-stop", ended_ns=time.time_ns(), token=""
    )
    save_run_file(killed)
    return _stopped(found, "killed", begun)


def _require_running(found: RunFile) -> None:
    if found.is_running:
        return
    crashed = f"; process {found.pid} died without saying so" if found.has_crashed else ""
    raise NotRunning(f"bot {found.name!r} does not run{crashed}")


def _ask(found: RunFile, author: str) -> bool:
    if not found.control_url:
        return False
    try:
        return ControlClient(found.control_url, found.token).send(StopBot(reason="stop"), author).done
    except ProcessError:
        return False


def _signal(found: RunFile) -> None:
    if not is_alive(found.pid, found.birth):
        return
    try:
        os.kill(found.pid, STOP_SIGNAL)
    except ProcessLookupError:
        return  # it ended by itself meanwhile


def _sweep(below: list[tuple[int, str]]) -> None:
    """See that nothing is left of what the bot had started: it ends with it, or is ended."""
    if not _wait(lambda: not any(is_alive(*child) for child in below), KILL_TIMEOUT_SECS):
        for child in below:
            kill(*child)
        _wait(lambda: not any(is_alive(*child) for child in below), KILL_TIMEOUT_SECS)


def _wait(is_over: Callable[[], bool], secs: float) -> bool:
    deadline = time.monotonic() + secs
    while not is_over():
        if time.monotonic() >= deadline:
            return False
        time.sleep(POLL_SECS)
    return True


def _stopped(found: RunFile, how: str, begun: float) -> Stopped:
    last = load_run_file(found.name) or found
    return Stopped(
        name=found.name,
        pid=found.pid,
        how=how,
        stop_secs=time.monotonic() - begun,
        reason=last.reason,
        exit_code=last.exit_code,
    )
