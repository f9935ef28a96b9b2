"""
The run file: ``var/run/<name>.json``, who runs under a name, how to reach it, and how the last one ended.

It holds the control token, so it is readable by its owner only, and it is always replaced whole.
"""

import os
import time
from pathlib import Path
from typing import Final, Literal

import msgspec

from nautilus_bot.core.errors import NotRunning, ProcessError, did_you_mean
from nautilus_bot.process.identity import is_alive
from nautilus_bot.process.private_file import replace_private

RUN_DIR_VARIABLE: Final = "BOT_RUN_DIR"
DEFAULT_RUN_DIR: Final = "var/run"

type State = Literal["starting", "trading", "stopping", "ended", "failed", "killed"]
LIVING: Final = ("starting", "trading", "stopping")


class RunFile(msgspec.Struct, frozen=True, kw_only=True):
    """
    What is known of the last bot of a name.

    Parameters
    ----------
    name, mode : str
        What it is called, and ``paper`` or ``live``.
    pid : int
        Process id.
    birth : str
        From ``process_birth``: together with ``pid`` it means one process only.
    state : State
        As the bot last said; a dead process in a living state has crashed.
    started_ns, ended_ns : int
        Wall clock, ns UTC; 0 while not ended.
    arguments : tuple[str, ...]
        Words of its command line after the mode, to start it again alike.
    run_id, control_url, metrics_url, token, log : str
        Set as they become known; ``metrics_url`` stays empty for a bot that serves none.
    reason : str
        Why it ended.
    exit_code : int
        Of the process; -1 while not known.
    """

    name: str
    mode: str
    pid: int
    birth: str
    state: State
    started_ns: int
    arguments: tuple[str, ...] = ()
    run_id: str = ""
    control_url: str = ""
    metrics_url: str = ""
    token: str = ""
    log: str = ""
    ended_ns: int = 0
    reason: str = ""
    exit_code: int = -1

    @property
    def is_running(self) -> bool:
        """Whether its process lives."""
        return is_alive(self.pid, self.birth)

    @property
    def has_crashed(self) -> bool:
        """Whether it died without saying so."""
        return self.state in LIVING and not self.is_running

    @property
    def uptime_secs(self) -> float:
        """Wall time since its start, up to its end; 0 for one that died at an unknown moment."""
        if self.has_crashed:
            return 0.0
        return ((self.ended_ns or time.time_ns()) - self.started_ns) / 1e9


def run_dir() -> Path:
    """Return the folder of run files: ``BOT_RUN_DIR``, else ``var/run``."""
    return Path(os.environ.get(RUN_DIR_VARIABLE, DEFAULT_RUN_DIR))


def run_path(name: str) -> Path:
    """Return the run file of a name."""
    return run_dir() / f"{name}.json"


def load_run_file(name: str) -> RunFile | None:
    """
    Return what is known of the last bot of a name; None when there never was one.

    Raises
    ------
    ProcessError
        If the file cannot be understood.
    """
    path = run_path(name)
    try:
        return msgspec.json.decode(path.read_bytes(), type=RunFile)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as e:
        raise ProcessError(
            f"{path} must be a run file, but: {e}; make sure that no bot of that name runs, then delete it"
        ) from e


def save_run_file(run_file: RunFile) -> None:
    """
    Replace the run file, readable by its owner only.

    Raises
    ------
    ProcessError
        If it cannot be written, e.g. since the disk is full.
    """
    replace_private(run_path(run_file.name), run_file)


def run_files() -> list[RunFile]:
    """Return what is known of all bots, by name."""
    names = sorted(path.stem for path in run_dir().glob("*.json"))
    return [found for name in names if (found := load_run_file(name)) is not None]


def find_run_file(name: str = "") -> RunFile:
    """
    Return the bot that is meant.

    Parameters
    ----------
    name : str, default ""
        Empty means the one that runs, else the one that ran last.

    Raises
    ------
    NotRunning
        If there is none.
    ProcessError
        If several run and no name was given.
    """
    known = run_files()
    if name:
        for found in known:
            if found.name == name:
                return found
        hint = did_you_mean(name, [found.name for found in known]) if known else "none was ever started here"
        raise NotRunning(f"no bot {name!r} is known in {run_dir()}; {hint}")
    running = [found for found in known if found.is_running]
    if len(running) > 1:
        names = ", ".join(found.name for found in running)
        raise ProcessError(f"{len(running)} bots run ({names}): say which with --name")
    if not known:
        raise NotRunning(f"no bot runs, and none was ever started here ({run_dir()} is empty)")
    return running[0] if running else max(known, key=lambda found: found.started_ns)
