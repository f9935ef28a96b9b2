"""HTML reports of backtests, optimisations and checks, as they lie in the report folders."""

import base64
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

from monitoring.dashboard import words
from monitoring.dashboard.markup import Cell
from nautilus_bot.core.errors import NotFound

COLUMNS: Final = ("Report", "Kind", "Written", "Size>")
LIMIT_BYTES: Final = 40_000_000
KINDS: Final = ("backtest", "optimize", "validation", "walk-forward", "calibration", "parity")


class ReportFile(NamedTuple):
    """A report: its name within its folder, where it is, when it was written (ns UTC), its size."""

    name: str
    path: Path
    written_ns: int
    size: int

    @property
    def kind(self) -> str:
        """What wrote it, by its name."""
        return next((kind for kind in KINDS if self.name.startswith(kind)), "optimize")


def report_files(folders: tuple[str, ...]) -> list[ReportFile]:
    """Return all reports of some folders, the latest first; a folder that is not there has none."""
    found = []
    for folder in map(Path, folders):
        for path in folder.rglob("*.html"):
            about = path.stat()
            name = str(path.relative_to(folder))
            found.append(ReportFile(name, path, about.st_mtime_ns, about.st_size))
    return sorted(found, key=lambda one: -one.written_ns)


def report_rows(found: list[ReportFile]) -> list[list[str | Cell]]:
    """Return the reports as rows of a table."""
    return [
        [
            one.name,
            one.kind,
            f"{datetime.fromtimestamp(one.written_ns / 1e9, UTC):%Y-%m-%d %H:%M}",
            words.size(one.size),
        ]
        for one in found
    ]


def report_address(report: ReportFile) -> str:
    """
    Return a report as a data address: its scripts run in an origin of their own, away from the panel.

    Raises
    ------
    NotFound
        If it is gone, or too large to be shown here.
    """
    if report.size > LIMIT_BYTES:
        raise NotFound(f"{report.path} is too large to be shown here, open it in a tab of its own")
    try:
        content = report.path.read_bytes()
    except OSError as e:
        raise NotFound(f"{report.path} must be readable, but: {e.strerror}") from e
    return f"data:text/html;charset=utf-8;base64,{base64.b64encode(content).decode()}"
