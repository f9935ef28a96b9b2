"""The disk of the event catalog: room for the journal, and how long a durable write takes."""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Final

from nautilus_bot.process.doctor.finding import Said, fail, ok, warn
from nautilus_bot.process.doctor.surroundings import Surroundings

FAIL_BYTES: Final = 200_000_000
WARN_BYTES: Final = 2_000_000_000
SYNCS: Final = 25
SYNC_BYTES: Final = 4_096
WARN_SYNC_MS: Final = 20.0
"""An order that opens risk waits for one of these; market orders at the venue take 5 to 20 ms anyway."""


def check_disk(around: Surroundings) -> Iterator[Said]:
    """Measure room and durable writes where the journal is, or is going to be."""
    root = Path(around.config.backtest.event_store_path if around.config else "var/events")
    folder = existing_part(root)
    free = shutil.disk_usage(folder).free
    room = f"{free / 1e9:.1f} GB free for {root}"
    mend = "make room: `nautilus-bot events seal`, then `events prune`; or move event_store_path"
    if free < FAIL_BYTES:
        yield fail(f"{room}; trading halts when the journal cannot write", mend)
    elif free < WARN_BYTES:
        yield warn(room, mend)
    else:
        yield ok(room)
    yield _durable(folder)


def existing_part(path: Path) -> Path:
    """Return the path, or its closest ancestor that exists."""
    whole = path.absolute()
    return next(part for part in (whole, *whole.parents) if part.is_dir())


def _durable(folder: Path) -> Said:
    try:
        times = sync_times_ms(folder)
    except OSError as error:
        return fail(
            f"{folder} must be writable, but: {error.strerror}", "give the bot's user the right to write"
        )
    text = f"a durable write there takes {median(times):.1f} ms, at worst {max(times):.1f} ms of {len(times)}"
    if median(times) > WARN_SYNC_MS:
        return warn(f"{text}: each entry order waits for one", "keep the event catalog on a local SSD")
    return ok(text)


def sync_times_ms(folder: Path) -> list[float]:
    """Return how long writes of a page take until they are on the disk, ms each; leaves nothing behind."""
    sync = getattr(os, "fdatasync", os.fsync)
    times = []
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".doctor-") as file:
        for _ in range(SYNCS):
            begun = time.perf_counter()
            file.write(b"\0" * SYNC_BYTES)
            file.flush()
            sync(file.fileno())
            times.append((time.perf_counter() - begun) * 1e3)
    return times
