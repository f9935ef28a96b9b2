"""
All or nothing: files are written aside and moved into the data catalog together.

A staging directory collects the new files. Committing first writes the list of moves and removals, then does
them; whoever opens the catalog next finishes a commit that a crash cut short and drops one that never began.
"""

import shutil
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import msgspec

_PREFIX: Final = ".staging-"
_PLAN: Final = "plan.json"


class Plan(msgspec.Struct, frozen=True):
    """What a commit does, as paths relative to the data catalog's root."""

    moves: tuple[tuple[str, str], ...]
    removals: tuple[str, ...]


class Staging:
    """
    A directory beside the data that becomes part of it on ``commit``, or disappears.

    Parameters
    ----------
    root : Path
        The data catalog; made if it does not exist.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self.directory = Path()
        self._removals: list[Path] = []

    def __enter__(self) -> Self:
        self.root.mkdir(parents=True, exist_ok=True)
        recover(self.root)
        self.directory = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=self.root))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        shutil.rmtree(self.directory, ignore_errors=True)

    def holds(self, pattern: str) -> bool:
        """Return whether a file that matches the pattern is staged already."""
        return any(self.directory.glob(pattern))

    def replace(self, path: Path) -> None:
        """Remove a file of the data catalog when the commit comes."""
        self._removals.append(path)

    def commit(self) -> None:
        """Move everything that was staged into the data catalog."""
        staged = sorted(path for path in self.directory.rglob("*") if path.is_file())
        targets = [self.root / path.relative_to(self.directory) for path in staged]
        kept = set(targets)
        plan = Plan(
            moves=tuple(
                (path.relative_to(self.root).as_posix(), target.relative_to(self.root).as_posix())
                for path, target in zip(staged, targets, strict=True)
            ),
            removals=tuple(
                path.relative_to(self.root).as_posix() for path in self._removals if path not in kept
            ),
        )
        draft = self.directory / "plan.draft"
        draft.write_bytes(msgspec.json.encode(plan))
        draft.replace(self.directory / _PLAN)
        _apply(self.root, plan)


def recover(root: Path) -> None:
    """
    Finish the commits that a crash cut short and drop what was never committed.

    Parameters
    ----------
    root : Path
        The data catalog.
    """
    for directory in root.glob(f"{_PREFIX}*"):
        plan = directory / _PLAN
        if plan.exists():
            _apply(root, msgspec.json.decode(plan.read_bytes(), type=Plan))
        shutil.rmtree(directory, ignore_errors=True)


def _apply(root: Path, plan: Plan) -> None:
    for source, target in plan.moves:
        if (root / source).exists():
            (root / target).parent.mkdir(parents=True, exist_ok=True)
            (root / source).replace(root / target)
    for path in plan.removals:
        (root / path).unlink(missing_ok=True)
