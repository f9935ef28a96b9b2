"""What ``status`` shows: the process, what it says of itself, the services beside it, the last log lines."""

from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec

from nautilus_bot.control.client import ControlClient
from nautilus_bot.core.control import BotStatus
from nautilus_bot.core.errors import ProcessError
from nautilus_bot.core.snapshot import SignalLine
from nautilus_bot.process.identity import descendants
from nautilus_bot.process.log_file import LogLine
from nautilus_bot.process.log_reader import last_lines
from nautilus_bot.process.loopback import listens
from nautilus_bot.process.pidfile import RunFile
from nautilus_bot.process.up.up_file import load_up_file

PROBE_SECS: Final = 0.2
SIGNALS_SHOWN: Final = 5
LINES_SHOWN: Final = 5
SERVICES: Final = {"metrics": 8080, "prometheus": 9090, "alertmanager": 9093, "grafana": 3000, "panel": 8501}
"""Where they usually are; the run file and that of ``up`` know better."""


class ServiceState(msgspec.Struct, frozen=True):
    """Whether something listens on a port of this machine."""

    name: str
    port: int
    up: bool


class StatusReport(msgspec.Struct, frozen=True, kw_only=True):
    """
    Everything that ``status`` shows.

    Parameters
    ----------
    running : bool
        Whether the process lives.
    state : str
        As the bot last said; ``crashed`` when it died without a word.
    error : str
        Why a living bot could not be asked.
    children : tuple[int, ...]
        Process ids below it, e.g. its simulated exchange.
    bot : BotStatus | None
        What it says of itself.
    """

    name: str
    mode: str
    running: bool
    state: str
    pid: int
    uptime_secs: float
    run_id: str
    control_url: str
    reason: str
    exit_code: int
    error: str
    children: tuple[int, ...]
    services: tuple[ServiceState, ...]
    bot: BotStatus | None
    signals: tuple[SignalLine, ...]
    log: tuple[LogLine, ...]


def read_status(found: RunFile) -> StatusReport:
    """Return what can be known of a bot from outside."""
    running = found.is_running
    bot, signals, error = _ask(found) if running else (None, (), "")
    return StatusReport(
        name=found.name,
        mode=found.mode,
        running=running,
        state="crashed" if found.has_crashed else found.state,
        pid=found.pid,
        uptime_secs=found.uptime_secs,
        run_id=found.run_id,
        control_url=found.control_url,
        reason=found.reason,
        exit_code=found.exit_code,
        error=error,
        children=tuple(pid for pid, _ in descendants(found.pid)) if running else (),
        services=tuple(
            ServiceState(name, port, listens(port, PROBE_SECS)) for name, port in _ports(found).items()
        ),
        bot=bot,
        signals=signals,
        log=tuple(last_lines(Path(found.log), LINES_SHOWN)) if found.log else (),
    )


def _ask(found: RunFile) -> tuple[BotStatus | None, tuple[SignalLine, ...], str]:
    if not found.control_url:
        return None, (), "it does not trade yet" if found.state == "starting" else "it has no control API"
    client = ControlClient(found.control_url, found.token)
    try:
        return client.status(), client.signals(SIGNALS_SHOWN), ""
    except ProcessError as e:
        return None, (), str(e)


def _ports(found: RunFile) -> dict[str, int]:
    """Return where the services of a bot are: as it or ``up`` says, else where they usually are."""
    ports = SERVICES | ({"metrics": _port(found.metrics_url)} if found.metrics_url else {})
    try:
        held = load_up_file(found.name)
    except ProcessError:
        return ports
    if held is None or not held.is_running:
        return ports
    return ports | {part.name: _port(part.url) for part in held.parts if part.url}


def _port(url: str) -> int:
    return urlsplit(url).port or 0
