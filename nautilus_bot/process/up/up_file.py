"""The file of a running ``up``: ``var/run/<name>.up``, who holds everything together and what it runs."""

from pathlib import Path

import msgspec

from nautilus_bot.core.errors import ProcessError
from nautilus_bot.process.identity import is_alive
from nautilus_bot.process.pidfile import run_dir
from nautilus_bot.process.private_file import replace_private


class UpPart(msgspec.Struct, frozen=True, kw_only=True):
    """A part as it runs; its process id is 0 while it waits to be started again."""

    name: str
    url: str
    pid: int
    birth: str
    log: str


class UpFile(msgspec.Struct, frozen=True, kw_only=True):
    """
    What is known of an ``up``.

    Parameters
    ----------
    name : str
        Of its bot.
    pid, birth : int, str
        The process that holds everything together.
    parts : tuple[UpPart, ...]
        What it runs beside the bot.
    """

    name: str
    pid: int
    birth: str
    parts: tuple[UpPart, ...] = ()

    @property
    def is_running(self) -> bool:
        """Whether its process lives."""
        return is_alive(self.pid, self.birth)


def up_path(name: str) -> Path:
    """Return the file of the ``up`` of a bot."""
    return run_dir() / f"{name}.up"


def load_up_file(name: str) -> UpFile | None:
    """
    Return what is known of the ``up`` of a bot; None when there is none.

    Raises
    ------
    ProcessError
        If the file cannot be understood.
    """
    path = up_path(name)
    try:
        return msgspec.json.decode(path.read_bytes(), type=UpFile)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as e:
        raise ProcessError(f"{path} must say what `up` runs, but: {e}; delete it when no `up` runs") from e


def save_up_file(up_file: UpFile) -> None:
    """
    Replace the file, readable by its owner only.

    Raises
    ------
    ProcessError
        If it cannot be written.
    """
    replace_private(up_path(up_file.name), up_file)


def remove_up_file(name: str) -> None:
    """Forget it."""
    up_path(name).unlink(missing_ok=True)
