"""The ports on loopback: free, or held by what belongs there."""

from collections.abc import Iterator
from typing import Final

import psutil

from nautilus_bot.core.errors import ProcessError
from nautilus_bot.process.doctor.finding import Said, fail, ok, warn
from nautilus_bot.process.doctor.services import SERVICES
from nautilus_bot.process.doctor.surroundings import Surroundings
from nautilus_bot.process.identity import descendants
from nautilus_bot.process.loopback import LOOPBACK, is_free, is_ready
from nautilus_bot.process.pidfile import run_files

OWN: Final = {"metrics": "--metrics-port", "control": "--control-port"}


def check_ports(around: Surroundings) -> Iterator[Said]:
    """Say of each port whether it is free, and if not whether it is in the right hands."""
    paths = {service.name: service.ready_path for service in SERVICES}
    ours = _held_by_bots()
    free, held = [], []
    for name, port in around.ports.items():
        if is_free(port):
            free.append(f"{port} ({name})")
        elif port in ours:
            held.append(f"{port} ({name}, bot {ours[port]!r})")
        elif name in OWN:
            yield _stranger(name, port)
        elif is_ready(f"http://{LOOPBACK}:{port}{paths[name]}"):
            held.append(f"{port} ({name})")
        else:
            yield warn(
                f"port {port} is for {name}, and something else listens there",
                f"`ss -ltnp 'sport = :{port}'` names it; `nautilus-bot up` takes a free port instead",
            )
    yield ok("; ".join(part for part in (_list("free", free), _list("in the right hands", held)) if part))


def _held_by_bots() -> dict[int, str]:
    """Return the ports on which our running bots and what they started listen."""
    try:
        running = [found for found in run_files() if found.is_running]
    except ProcessError:
        return {}  # told by the check of the files
    held: dict[int, str] = {}
    for bot in running:
        for pid in (bot.pid, *(child for child, _ in descendants(bot.pid))):
            held |= dict.fromkeys(_listening(pid), bot.name)
    return held


def _listening(pid: int) -> list[int]:
    try:
        return [
            one.laddr.port for one in psutil.Process(pid).net_connections("tcp") if one.status == "LISTEN"
        ]
    except psutil.Error:
        return []


def _stranger(name: str, port: int) -> Said:
    text = f"port {port} is for {name}, and another program listens there"
    mend = f"end it (`ss -ltnp 'sport = :{port}'` names it), or start the bot with {OWN[name]} 0"
    # a bot without metrics trades on; one without its control port does not start
    return fail(text, mend) if name == "control" else warn(text, mend)


def _list(word: str, ports: list[str]) -> str:
    return f"{word}: {', '.join(ports)}" if ports else ""
