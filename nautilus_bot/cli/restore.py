"""``nautilus-bot restore``: bring a backup of the event catalog back, verified."""

from pathlib import Path
from typing import Annotated

import typer

from catalog.backup import restore as restore_runs
from catalog.store import DEFAULT_ROOT, EventStore
from nautilus_bot.cli.backup import RootOption, render_index
from nautilus_bot.cli.output import JsonFlag, emit, progress


def restore(
    source: Annotated[Path, typer.Argument(help="A folder that `backup` wrote.")],
    root: RootOption = DEFAULT_ROOT,
    as_json: JsonFlag = False,
) -> None:
    """Verify a backup and bring all its runs back; a damaged one restores nothing."""
    with progress("verifying and copying"):
        index = restore_runs(source, EventStore(root))
    emit(index, as_json, lambda done: render_index(done, f"restored into {root}"))
