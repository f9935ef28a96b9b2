"""The run file of a bot as the panel reads it: who runs under a name, and how it is reached."""

from pathlib import Path
from typing import Final

import msgspec
import psutil

from nautilus_bot.core.errors import ProcessError

LIVING: Final = ("starting", "trading", "stopping")


class BotFile(msgspec.Struct, frozen=True, kw_only=True):
    """
    What a bot said of itself last.

    Parameters
    ----------
    state : str
        ``starting``, ``trading``, ``stopping``, ``ended``, ``failed`` or ``killed``.
    started_ns, ended_ns : int
        Wall clock, ns UTC; 0 while not ended.
    arguments : tuple[str, ...]
        Options it was started with.
    control_url, token : str
        Where its control API is; empty until it trades.
    metrics_url : str
        Where its metrics are; empty where it serves none.
    """

    name: str
    mode: str
    pid: int
    state: str
    started_ns: int
    arguments: tuple[str, ...] = ()
    run_id: str = ""
    control_url: str = ""
    token: str = ""
    metrics_url: str = ""
    ended_ns: int = 0
    reason: str = ""

    @property
    def is_living(self) -> bool:
        """Whether it says that it lives and a process of its id is there; its answers alone are proof."""
        return self.state in LIVING and self.has_process

    @property
    def has_process(self) -> bool:
        """Whether there is a process of its id; a zombie is none."""
        try:
            return bool(psutil.Process(self.pid).status() != psutil.STATUS_ZOMBIE)
        except psutil.NoSuchProcess:
            return False


def load_bot_file(run_dir: Path, name: str = "") -> BotFile | None:
    """
    Return the bot that is meant; None when there never was one.

    Parameters
    ----------
    run_dir : Path
        Where run files are.
    name : str, default ""
        Empty means one that lives, else the one that started last.

    Raises
    ------
    ProcessError
        If the file of that name cannot be understood.
    """
    if name:
        path = run_dir / f"{name}.json"
        return _read(path) if path.exists() else None
    known = [_read(path) for path in sorted(run_dir.glob("*.json"))]
    return max(known, key=lambda one: (one.is_living, one.started_ns), default=None)


def _read(path: Path) -> BotFile:
    try:
        return msgspec.json.decode(path.read_bytes(), type=BotFile)
    except (OSError, msgspec.DecodeError) as e:
        raise ProcessError(f"{path} must be a run file, but: {e}") from e
