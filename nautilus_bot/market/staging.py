"""
All or nothing: files are written aside and moved into the data catalog together.

A staging directory collects the new files. Committing first writes the list of moves and removals, then does
them; whoever opens the catalog next finishes a commit that a crash cut short and drops one that never began.
The directory's name carries the process that owns it: what a living process stages is left alone.
"""

import os
import shutil
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import msgspec
import psutil

from nautilus_bot.core.errors import DataError

_PREFIX: Final = ".staging-"
_PLAN: Final = "plan.json"


class Plan(msgspec.Struct, frozen=True):
    """
    What a commit does.

    Parameters
    ----------
    moves : tuple[str, ...]
        Staged files, by the path they have in the staging directory and get in the data catalog.
    removals : tuple[str, ...]
        Files of the data catalog that go, relative to its root.
    """

    moves: tuple[str, ...]
    removals: tuple[str, ...]


class Staging:
    """
    A directory beside the data that becomes part of it on ``commit``, or disappears.

    Parameters
    ----------
    root : Path
        The data catalog; made if it does not exist.

    Raises
    ------
    DataError
        On entering, if another process is writing to the data catalog.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self.directory = Path()
        self._removals: list[Path] = []

    def __enter__(self) -> Self:
        self.root.mkdir(parents=True, exist_ok=True)
        recover(self.root)
        others = [path.name for path in self.root.glob(f"{_PREFIX}*")]
        if others:
            raise DataError(
                f"only one process may write to {self.root} at a time, process {_owner(others[0])} does; "
                "wait until it has finished"
            )
        self.directory = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=self.root))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None or not (self.directory / _PLAN).exists():
            shutil.rmtree(self.directory, ignore_errors=True)
        # else a move failed half-way: the plan stays, and the next process to open the catalog finishes it

    def holds(self, pattern: str) -> bool:
        """Return whether a file that matches the pattern is staged already."""
        return any(self.directory.glob(pattern))

    def replace(self, path: Path) -> None:
        """Remove a file of the data catalog when the commit comes."""
        self._removals.append(path)

    def commit(self) -> None:
        """Move everything that was staged into the data catalog."""
        staged = [path for path in self.directory.rglob("*") if path.is_file()]
        moves = sorted(path.relative_to(self.directory).as_posix() for path in staged)
        removals = {path.relative_to(self.root).as_posix() for path in self._removals}
        plan = Plan(tuple(moves), tuple(sorted(removals.difference(moves))))
        draft = self.directory / "plan.draft"
        draft.write_bytes(msgspec.json.encode(plan))
        draft.replace(self.directory / _PLAN)
        _apply(self.root, self.directory, plan)


def recover(root: Path) -> None:
    """
    Finish the commits that a crash cut short and drop what was never committed.

    Parameters
    ----------
    root : Path
        The data catalog.
    """
    for directory in root.glob(f"{_PREFIX}*"):
        if psutil.pid_exists(_owner(directory.name)):
            continue
        plan = directory / _PLAN
        if plan.exists():
            _apply(root, directory, msgspec.json.decode(plan.read_bytes(), type=Plan))
        shutil.rmtree(directory, ignore_errors=True)


def _owner(name: str) -> int:
    """Return the process that a staging directory belongs to."""
    return int(name.removeprefix(_PREFIX).partition("-")[0])


def _apply(root: Path, staged: Path, plan: Plan) -> None:
    for path in plan.moves:
        if (staged / path).exists():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (staged / path).replace(root / path)
    for path in plan.removals:
        (root / path).unlink(missing_ok=True)
