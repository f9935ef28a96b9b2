"""
Whether a process id still means the process that it meant when it was written down.

Ids are used again. A process is known by its id and its birth: on Linux the boot and the tick it was started
at, which no correction of the wall clock can move, elsewhere its creation time.
"""

from pathlib import Path

import psutil

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
DEAD_STATES = ("Z", "X")
STATE_FIELD, STARTTIME_FIELD = 0, 19
"""Places in ``/proc/<pid>/stat`` after the command's closing bracket (fields 3 and 22 of proc(5))."""


def process_birth(pid: int) -> str:
    """
    Return when a living process was born, as a text that no other process of that id shares.

    Parameters
    ----------
    pid : int
        Process id.

    Returns
    -------
    str
        Empty when there is no such process; a zombie is none.
    """
    if BOOT_ID.exists():
        return _linux_birth(pid)
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return ""
        return f"created:{process.create_time():.3f}"
    except psutil.Error:
        return ""


def is_alive(pid: int, birth: str) -> bool:
    """Return whether the process that was born as ``birth`` still lives under ``pid``."""
    return pid > 0 and birth != "" and process_birth(pid) == birth


def descendants(pid: int) -> list[tuple[int, str]]:
    """Return id and birth of all processes below one."""
    try:
        below = psutil.Process(pid).children(recursive=True)
    except psutil.Error:
        return []
    return [(child.pid, born) for child in below if (born := process_birth(child.pid))]


def kill(pid: int, birth: str) -> None:
    """Kill a process at once, unless its id means another one by now."""
    if not is_alive(pid, birth):
        return
    try:
        psutil.Process(pid).kill()
    except psutil.NoSuchProcess:
        return  # it ended by itself meanwhile


def _linux_birth(pid: int) -> str:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        boot = BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""
    # the command stands in brackets and may itself hold brackets and spaces
    fields = stat.rpartition(")")[2].split()
    if fields[STATE_FIELD] in DEAD_STATES:
        return ""
    return f"boot:{boot}:{fields[STARTTIME_FIELD]}"
