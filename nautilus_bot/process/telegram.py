"""A bot as Telegram sees it from a process of its own: its run file, its control API, its log, the queue."""

from pathlib import Path

from monitoring.telegram.follow import Sighting
from monitoring.telegram.kinds import Notification, Severity
from monitoring.telegram.outbox import Outbox
from nautilus_bot.control.client import ControlClient
from nautilus_bot.core.control import AnyCommand, BotStatus, Health, Outcome, Profit
from nautilus_bot.core.errors import NotRunning
from nautilus_bot.core.snapshot import LedgerState, SignalLine, Snapshot
from nautilus_bot.process.log_reader import last_lines
from nautilus_bot.process.pidfile import load_run_file, run_dir


def queue_path(name: str) -> Path:
    """Return the queue of notifications about a bot, beside its run file."""
    return run_dir() / f"{name}.telegram.sqlite"


def look_at(name: str) -> Sighting | None:
    """
    Return a bot as its run file shows it; None when it was never started.

    Raises
    ------
    ProcessError
        If the run file is damaged.
    """
    found = load_run_file(name)
    if found is None:
        return None
    return Sighting(
        identity=f"{found.pid}@{found.birth}",
        run_id=found.run_id,
        state=found.state,
        running=found.is_running,
        reason=found.reason,
    )


def queue_alert(name: str, severity: Severity, text: str, now_ns: int) -> None:
    """
    Put an alert of the watchdog where Telegram finds it.

    Parameters
    ----------
    name : str
        Name of the bot.
    severity : Severity
        How severe.
    text : str
        What is wrong.
    now_ns : int
        Wall clock, ns UTC.

    Raises
    ------
    Undelivered
        If the queue cannot be written.
    """
    told = Notification(
        key=f"{name}:watchdog:{now_ns}",
        kind={"critical": "critical", "error": "error"}.get(severity, "warning"),
        severity=severity,
        text={"critical": "critical", "error": "error"}.get(severity, "notice"),
        ts_ns=now_ns,
        facts={"component": "watchdog", "text": text},
    )
    outbox = Outbox(queue_path(name))
    try:
        outbox.put([told], now_ns)
    finally:
        outbox.close()


class BotDesk:
    """
    The bot of one name behind the questions of its operator; found anew each time, so that a restart of it
    does not matter.

    Parameters
    ----------
    name : str
        Its name.
    versions : dict[str, str]
        What to answer when asked for versions.

    Raises
    ------
    NotRunning
        By every question to the bot, if it does not run or does not trade yet.
    ProcessError
        If it does not answer.
    """

    def __init__(self, name: str, versions: dict[str, str]) -> None:
        self._name = name
        self._versions = versions

    def status(self) -> BotStatus:
        """Return the bot in short."""
        return self._client().status()

    def health(self) -> Health:
        """Return whether it is well."""
        return self._client().health()

    def snapshot(self) -> Snapshot:
        """Return everything a reader may know."""
        return self._client().snapshot()

    def positions(self) -> tuple[LedgerState, ...]:
        """Return the open positions by strategy."""
        return self._client().positions()

    def signals(self, last: int) -> tuple[SignalLine, ...]:
        """Return the latest signals, oldest first."""
        return self._client().signals(last)

    def profit(self) -> Profit:
        """Return profit in all and by strategy."""
        return self._client().profit()

    def send(self, command: AnyCommand, author: str) -> Outcome:
        """Ask for a command in somebody's name."""
        return self._client().send(command, author)

    def last_run(self) -> str:
        """Return the id of the run that it is in, or was in last; empty when it never traded."""
        found = load_run_file(self._name)
        return found.run_id if found is not None else ""

    def log(self, count: int) -> list[str]:
        """Return the last lines of its log, oldest first; what it writes has no secrets."""
        found = load_run_file(self._name)
        if found is None or not found.log:
            return []
        return [f"{one.ts[11:19]} {one.level} {one.text}" for one in last_lines(Path(found.log), count)]

    def versions(self) -> dict[str, str]:
        """Return the versions of the bot and of what it stands on."""
        return self._versions

    def _client(self) -> ControlClient:
        found = load_run_file(self._name)
        if found is None or not found.is_running:
            raise NotRunning(f"bot {self._name!r} does not run")
        if not found.control_url:
            raise NotRunning(f"bot {self._name!r} does not trade yet; try again in a moment")
        return ControlClient(found.control_url, found.token)
