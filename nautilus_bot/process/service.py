"""
A bot as the machine knows it: one of a name, with a run file, a control port and a log.

``paper`` and ``live`` run inside a ``Service``. Its lock belongs to the operating system and dies with the
process, however that ends, so a second bot of the name is refused and a crashed one never stands in the way.
"""

import asyncio
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import msgspec

from catalog.lock import OwnerLock
from nautilus_bot.control.server import open_control_socket
from nautilus_bot.core.errors import AlreadyRunning, BotError, ProcessError
from nautilus_bot.node.control_target import control_companion
from nautilus_bot.node.event_log import event_log
from nautilus_bot.node.session import Companion, SessionEnd, TradingSession
from nautilus_bot.process.identity import process_birth
from nautilus_bot.process.log_file import logged_to
from nautilus_bot.process.pidfile import RunFile, load_run_file, run_dir, save_run_file
from nautilus_bot.process.redaction import Redactor

TOKEN_VARIABLE: Final = "BOT_CONTROL_TOKEN"  # noqa: S105  the name of a variable, not a secret
TOKEN_BYTES: Final = 32
FAILED: Final = 1


class Service:
    """
    Run as the only bot of a name; a context manager.

    Parameters
    ----------
    name : str
        What it is called on this machine.
    mode : str
        ``paper`` or ``live``.
    control_port : int
        0 takes a free one.
    log : Path | None, default None
        Where everything printed goes; None leaves it on the terminal.
    arguments : tuple[str, ...], default ()
        Words of the command line after the mode.

    Raises
    ------
    AlreadyRunning
        On entry, if a bot of that name runs.
    ProcessError
        On entry, if the control port is in use, or run file or log cannot be written.
    """

    def __init__(
        self,
        name: str,
        mode: str,
        control_port: int,
        *,
        log: Path | None = None,
        arguments: tuple[str, ...] = (),
    ) -> None:
        self._port = control_port
        self._log = log
        self._redactor = Redactor.of_environment()
        self._token = os.environ.get(TOKEN_VARIABLE) or secrets.token_urlsafe(TOKEN_BYTES)
        self._held = ExitStack()
        self._file = RunFile(
            name=name,
            mode=mode,
            pid=os.getpid(),
            birth=process_birth(os.getpid()),
            state="starting",
            started_ns=time.time_ns(),
            arguments=arguments,
            log=str(log.absolute()) if log is not None else "",
        )

    def __enter__(self) -> Self:
        with ExitStack() as held:
            held.enter_context(_owned(self._file.name))
            self._refuse_second()
            if self._log is not None:
                held.enter_context(logged_to(self._log, self._redactor))
            self._socket = open_control_socket(self._port)
            held.callback(self._socket.close)
            self.hide(self._token)
            save_run_file(self._file)
            self._held = held.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            code = error.exit_code if isinstance(error, BotError) else FAILED
            self._note(state="failed", reason=str(error) or type(error).__name__, exit_code=code)
        elif self._file.state != "ended":
            self._note(state="ended", exit_code=0)
        self._held.close()

    @property
    def companions(self) -> tuple[Companion, ...]:
        """What lives beside the session: the control API, the run file, the log of events."""
        return control_companion(self._socket, self._token), self._announce, event_log

    def hide(self, *values: str) -> None:
        """Keep these secrets out of the log."""
        self._redactor.hide(*values)

    def serves_metrics(self, url: str) -> None:
        """Note where the metrics are."""
        self._note(metrics_url=url)

    def ended(self, end: SessionEnd) -> None:
        """Note how the session ended."""
        self._note(state="ended", reason=end.reason, exit_code=0)

    async def _announce(self, session: TradingSession) -> None:
        """Say in the run file that the bot trades, and how to reach it; later, that it stops."""
        host, port = self._socket.getsockname()[:2]
        self._change(state="trading", run_id=session.run.run_id, control_url=f"http://{host}:{port}")
        try:
            await asyncio.Event().wait()
        finally:
            self._note(state="stopping")

    def _refuse_second(self) -> None:
        previous = load_run_file(self._file.name)
        if previous is not None and previous.is_running and previous.pid != os.getpid():
            raise AlreadyRunning(_second(previous.name, previous.pid))

    def _change(self, **changes: object) -> None:
        if self._file.control_url == "" and changes.get("control_url"):
            changes["token"] = self._token
        if changes.get("state") in ("ended", "failed"):
            changes |= {"ended_ns": time.time_ns(), "token": ""}
        self._file = msgspec.structs.replace(self._file, **changes)
        save_run_file(self._file)

    def _note(self, **changes: object) -> None:
        """Change the run file where a failure must not stand in the way: the process itself is the truth."""
        try:
            self._change(**changes)
        except ProcessError:
            return


@contextmanager
def _owned(name: str) -> Iterator[None]:
    try:
        run_dir().mkdir(parents=True, exist_ok=True)
        lock = OwnerLock(run_dir() / f"{name}.lock")
    except AlreadyRunning as e:
        running = load_run_file(name)
        raise AlreadyRunning(_second(name, running.pid if running is not None else 0)) from e
    except OSError as e:
        raise ProcessError(f"the run folder {run_dir()} must be writable, but: {e.strerror}") from e
    try:
        yield
    finally:
        lock.release()


def _second(name: str, pid: int) -> str:
    return f"only one bot may be called {name!r}, and process {pid} is; `nautilus-bot stop --name {name}`"
