"""
What a command shows: one JSON document or a rendering on stdout, everything else on stderr.

A command builds its result first and calls ``emit`` once, so that ``--json`` and the table can never
disagree. Progress goes to stderr and only appears when a job turns out to be long.
"""

import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, Final

import typer
from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from nautilus_bot.cli.streams import note, write_json

__all__ = ["Job", "JsonFlag", "emit", "note", "progress", "table", "write_json"]

PROGRESS_DELAY_SECS: Final = 2.0
"""A job shorter than this shows no progress bar."""

PIPE_WIDTH: Final = 250
"""Columns of output that is not a terminal."""

JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout, nothing else.")]
"""The ``--json`` option that every command takes, as ``as_json: JsonFlag = False``."""


def emit[T](result: T, as_json: bool, render: Callable[[T], RenderableType]) -> None:
    """
    Print the result of a command on stdout.

    Parameters
    ----------
    result : T
        Anything msgspec can encode: structs, dataclasses, dicts, lists, numbers; NaN becomes ``null``.
    as_json : bool
        Print one JSON document instead of the rendering.
    render : Callable[[T], RenderableType]
        Turns the result into text or a Rich table; called only when ``as_json`` is off.
    """
    if as_json:
        write_json(result)
    else:
        # a path or an id may hold square brackets: text is never read as markup
        shown = render(result)
        # a pipe has no width of its own: a table there is as wide as it needs to be
        console = Console(soft_wrap=isinstance(shown, str), width=None if sys.stdout.isatty() else PIPE_WIDTH)
        console.print(shown, highlight=False, markup=False)


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Table:
    """
    Return a table: a column is right-aligned when its heading ends with ``>``.

    Parameters
    ----------
    title : str
        Printed above the table; empty for none.
    columns : Sequence[str]
        Headings, e.g. ``("strategy", "trades>", "win rate %>")``.
    rows : Iterable[Sequence[Any]]
        One sequence a row, as many cells as columns; a cell is a Rich ``Text`` or printed with ``str``.
    """
    grid = Table(title=title or None, title_justify="left", header_style="bold")
    for column in columns:
        name = column.removesuffix(">")
        grid.add_column(name, justify="right" if name != column else "left", overflow="fold")
    for row in rows:
        grid.add_row(*(cell if isinstance(cell, Text) else Text(str(cell)) for cell in row))
    return grid


class Job:
    """A long job that reports how far it is; shows itself on stderr once it has run for a while."""

    def __init__(self, description: str, total: float | None) -> None:
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f}%" if total else ""),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._task: TaskID = self._bar.add_task(description, total=total)
        self._lock = threading.Lock()
        self._closed = False
        self._timer = threading.Timer(PROGRESS_DELAY_SECS, self._show)
        self._timer.daemon = True

    def advance(self, steps: float = 1) -> None:
        """Count steps that are done."""
        self._bar.advance(self._task, steps)

    def describe(self, description: str) -> None:
        """Say what is being done now."""
        self._bar.update(self._task, description=description)

    def start(self) -> None:
        """Begin the wait after which the bar appears; nothing appears where stderr is no terminal."""
        if self._bar.console.is_terminal:
            self._timer.start()

    def close(self) -> None:
        """Take the bar away."""
        self._timer.cancel()
        with self._lock:
            self._closed = True
            if self._bar.live.is_started:
                self._bar.stop()

    def _show(self) -> None:
        with self._lock:
            if not self._closed:
                self._bar.start()


@contextmanager
def progress(description: str, total: float | None = None) -> Iterator[Job]:
    """
    Show a progress bar on stderr while the block runs, if it takes longer than two seconds.

    Parameters
    ----------
    description : str
        What is being done, e.g. ``backtesting``.
    total : float | None
        Number of steps, or None for a job of unknown length.

    Yields
    ------
    Job
        Call ``advance`` on it after each step.
    """
    job = Job(description, total)
    job.start()
    try:
        yield job
    finally:
        job.close()
