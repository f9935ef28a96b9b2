"""Start a bot detached from the terminal, and wait until it really trades or says why it does not."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import msgspec

from nautilus_bot.control.client import ControlClient
from nautilus_bot.core.errors import (
    AlreadyRunning,
    BotError,
    ConfigError,
    NotFound,
    ProcessError,
    VenueTimeout,
)
from nautilus_bot.process.identity import descendants, kill
from nautilus_bot.process.log_file import log_path
from nautilus_bot.process.pidfile import RunFile, load_run_file
from nautilus_bot.process.up.leash import Leash

START_TIMEOUT_SECS: Final = 120.0
POLL_SECS: Final = 0.05
LAST_WORDS_BYTES: Final = 4_096
ERRORS: Final[dict[int, type[BotError]]] = {2: NotFound, 4: ConfigError, 5: VenueTimeout}


class Started(msgspec.Struct, frozen=True, kw_only=True):
    """A bot that trades."""

    name: str
    mode: str
    pid: int
    run_id: str
    control_url: str
    log: str
    start_secs: float


def start_bot(
    mode: str,
    arguments: Sequence[str],
    name: str = "",
    timeout_secs: float = START_TIMEOUT_SECS,
    *,
    leash: Leash | None = None,
) -> Started:
    """
    Start a bot as a process of its own.

    Parameters
    ----------
    mode : str
        ``paper`` or ``live``.
    arguments : Sequence[str]
        Words for its command line.
    name : str, default ""
        What it is called; the mode by default.
    timeout_secs : float, default 120
        Longest wait until it trades; it is ended when it does not.
    leash : Leash | None, default None
        Ends it together with this process, which it otherwise outlives.

    Raises
    ------
    AlreadyRunning
        If a bot of that name runs.
    BotError
        Of the kind that the bot itself ended with.
    """
    name = name or mode
    running = load_run_file(name)
    if running is not None and running.is_running:
        raise AlreadyRunning(
            f"only one bot may be called {name!r}, and process {running.pid} is; "
            f"`nautilus-bot stop --name {name}` stops it"
        )
    begun = time.monotonic()
    words = log_path(name).with_suffix(".out")
    process = _spawn(mode, arguments, name, words, leash)
    try:
        found = _await_trading(process, name, words, begun + timeout_secs)
    except BaseException:
        # behind a leash the bot is a process below: a leash that is killed ends nothing any more
        below = descendants(process.pid)
        process.kill()
        process.wait()
        for one in below:
            kill(*one)
        raise
    # it outlives this process on purpose: nothing is to be said when the handle goes
    process.returncode = 0
    return Started(
        name=name,
        mode=mode,
        pid=found.pid,
        run_id=found.run_id,
        control_url=found.control_url,
        log=found.log,
        start_secs=time.monotonic() - begun,
    )


def _spawn(
    mode: str, arguments: Sequence[str], name: str, words: Path, leash: Leash | None
) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "nautilus_bot.cli.main", mode, "--name", name]
    command += ["--log-file", str(log_path(name)), *arguments]
    if leash is not None:
        command = leash.words(tuple(command))
    detached: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        detached = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    try:
        words.parent.mkdir(parents=True, exist_ok=True)
        with words.open("wb", buffering=0) as output:
            # a full disk is found out here, while somebody is there to be told
            output.write(f"{' '.join(command)}\n".encode())
            return subprocess.Popen(  # noqa: S603  our own command line
                command,
                stdin=subprocess.DEVNULL if leash is None else leash.stdin,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=os.environ | {"PYTHONUNBUFFERED": "1"},
                **detached,
            )
    except OSError as e:
        raise ProcessError(f"{words} must be writable and Python startable, but: {e.strerror}") from e


def _await_trading(process: subprocess.Popen[bytes], name: str, words: Path, deadline: float) -> RunFile:
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise _failure(process.returncode, words)
        found = load_run_file(name)
        if found is not None and found.state == "trading" and _is_of(found.pid, process.pid):
            # one that was told to stop meanwhile does not answer any more, and is about to end
            with suppress(ProcessError):
                ControlClient(found.control_url, found.token).health()
                return found
        time.sleep(POLL_SECS)
    raise VenueTimeout(f"the bot must trade in time, it still did not and was ended; see {words}")


def _is_of(pid: int, started: int) -> bool:
    """Whether a process is the one that was started, or below it where a leash stands between the two."""
    return pid == started or pid in {child for child, _ in descendants(started)}


def _failure(code: int, words: Path) -> BotError:
    """Return the bot's own error with its own exit code."""
    try:
        text = words.read_bytes()[-LAST_WORDS_BYTES:].decode(errors="replace")
    except OSError:
        text = ""
    lines = [line for line in text.splitlines()[1:] if line.strip()]
    said = next((line for line in reversed(lines) if line.startswith("error: ")), "")
    reason = said.removeprefix("error: ") or (lines[-1] if lines else "it said nothing")
    kind = ERRORS.get(code, ProcessError)
    return kind(f"the bot did not start (exit code {code}): {reason}")
