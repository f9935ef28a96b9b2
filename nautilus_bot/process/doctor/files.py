"""Files that hold a secret: nobody but their owner may read them."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from nautilus_bot.core.errors import ProcessError
from nautilus_bot.process.doctor.finding import Said, fail, ok, warn
from nautilus_bot.process.doctor.surroundings import Surroundings
from nautilus_bot.process.log_file import log_dir
from nautilus_bot.process.pidfile import load_run_file, run_dir

SYSTEMD_SECRETS: Final = Path("/etc/nautilus-bot.env")
OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def check_files(_: Surroundings) -> Iterator[Said]:
    """Look at run files, which hold the control token, at the secrets of systemd, and at where logs go."""
    paths = sorted(run_dir().glob("*.json"))
    for path in paths:
        try:
            load_run_file(path.stem)
        except ProcessError as error:
            yield warn(str(error), f"delete {path} when no bot of that name runs")
    exposed = [path for path in (*paths, SYSTEMD_SECRETS) if is_exposed(path)]
    for path in exposed:
        yield fail(f"{path} holds a secret and others may read it", f"chmod 600 {path}")
    for folder in (run_dir(), log_dir()):
        if folder.exists() and not os.access(folder, os.W_OK):
            yield fail(
                f"{folder} must be writable", f"give its owner the right to write: chown or chmod {folder}"
            )
    if not exposed:
        yield ok(f"{len(paths)} run files in {run_dir()}, readable by their owner only")


def is_exposed(path: Path) -> bool:
    """Return whether others than its owner may do anything with a file; Windows keeps that elsewhere."""
    if os.name == "nt":
        return False
    try:
        return bool(path.stat().st_mode & OTHERS)
    except OSError:
        return False
