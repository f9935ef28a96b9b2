"""``nautilus-bot backup``: a consistent copy of the event catalog, also while the bot trades."""

from pathlib import Path
from typing import Annotated

import typer

from catalog.backup import BackupIndex, back_up
from catalog.store import DEFAULT_ROOT, EventStore
from nautilus_bot.cli.output import JsonFlag, emit, note, progress

RootOption = Annotated[
    Path, typer.Option("--root", envvar="BOT_EVENTS_ROOT", help="Folder of the event catalog.")
]


def backup(
    target: Annotated[Path, typer.Argument(help="New folder for the copy.")],
    root: RootOption = DEFAULT_ROOT,
    run: Annotated[str, typer.Option("--run", "-r", help="One run instead of all.")] = "",
    as_json: JsonFlag = False,
) -> None:
    """Copy all runs, or one, into a new folder and verify the copy."""
    with progress("copying and verifying"):
        index = back_up(EventStore(root), target, run=run)
    for one in index.runs:
        if one.problem:
            note(f"copied as it is, but damaged: {one.run_id}: {one.problem}")
    emit(index, as_json, lambda done: render_index(done, f"backed up to {target}"))


def render_index(index: BackupIndex, what: str) -> str:
    """Return one line of what was copied."""
    entries = sum(one.entries for one in index.runs)
    return f"{what}: {len(index.runs)} runs, {entries:,} entries, verified"
