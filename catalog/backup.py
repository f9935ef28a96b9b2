"""
Copy runs to another place while they are written, and bring them back: both ends are verified.

A journal is copied through SQLite's own backup, which takes a consistent state without stopping the writer.
What was written after the copy began is not in it; the high-watermark of the copied manifest always is.
"""

import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec

from catalog.journal import JOURNAL_FILE
from catalog.manifest import MANIFEST_FILE, load_manifest, save_manifest
from catalog.reader import connect_readonly
from catalog.store import EventStore
from catalog.verify import VerifyReport, verify_run
from nautilus_bot.core.errors import CorruptEntry, EventCatalogError, NotFound

INDEX_FILE: Final = "backup.json"
RUNS: Final = "runs"

type Progress = Callable[[str], None]


class BackedUpRun(msgspec.Struct, frozen=True, kw_only=True):
    """
    One run of a backup.

    Parameters
    ----------
    run_id : str
        The run.
    entries : int
        Entries in the copy.
    last_hash : str
        Hash of the last one in hexadecimal: the anchor that a restore checks.
    sha256 : str
        Of the copied journal file.
    problem : str
        What was wrong with the journal when it was copied; empty for a good one.
    """

    run_id: str
    entries: int
    last_hash: str
    sha256: str
    problem: str = ""


class BackupIndex(msgspec.Struct, frozen=True, kw_only=True):
    """
    What a backup holds.

    Parameters
    ----------
    created_ns : int
        Wall clock, ns UTC.
    runs : tuple[BackedUpRun, ...]
        Oldest first.
    """

    created_ns: int
    runs: tuple[BackedUpRun, ...]


def back_up(
    store: EventStore, target: Path, *, run: str = "", on_run: Progress = lambda _: None
) -> BackupIndex:
    """
    Copy one run or all of them into a new folder, and verify the copies.

    Parameters
    ----------
    store : EventStore
        What to copy.
    target : Path
        A folder that does not exist yet.
    run : str, default ""
        Run id, its beginning, or ``latest``; empty for all.
    on_run : Progress
        Called with the name of each run before it is copied.

    Returns
    -------
    BackupIndex
        Also written to ``<target>/backup.json``, last of all: a folder without it is no backup.

    Raises
    ------
    NotFound
        If there is no such run.
    EventCatalogError
        If the target exists, or cannot be written.
    """
    names = [store.resolve(run)] if run else [manifest.run_id for manifest in store.runs()]
    if not names:
        raise NotFound(f"there are no runs in {store.root} to back up")
    try:
        target.mkdir(parents=True)
    except FileExistsError as e:
        raise EventCatalogError(
            f"a backup must have a folder of its own, {target} exists; name another"
        ) from e
    except OSError as e:
        raise EventCatalogError(f"the backup must be writable, {target} is not: {e}") from e
    copied = []
    for name in names:
        on_run(name)
        copied.append(_copy_run(store.folder(name), target / RUNS / name))
    index = BackupIndex(created_ns=time.time_ns(), runs=tuple(copied))
    (target / INDEX_FILE).write_bytes(msgspec.json.format(msgspec.json.encode(index), indent=2))
    return index


def restore(source: Path, store: EventStore, *, on_run: Progress = lambda _: None) -> BackupIndex:
    """
    Bring the runs of a backup into an event store, all or none of them.

    Parameters
    ----------
    source : Path
        A folder that ``back_up`` wrote.
    store : EventStore
        Where they go; runs that it has must be the same there.
    on_run : Progress
        Called with the name of each run before it is checked.

    Raises
    ------
    NotFound
        If the folder is no backup.
    CorruptEntry
        If a copy is not what the backup wrote; nothing is restored then.
    EventCatalogError
        If the store has a run of the same name with other entries; nothing is restored then.
    """
    index = _load_index(source)
    for one in index.runs:
        on_run(one.run_id)
        _check_copy(source, one)
        _check_room(store, one)
    for one in index.runs:
        place = store.root / RUNS / one.run_id
        if not place.exists():
            draft = place.with_name(f".{one.run_id}.restoring")
            shutil.rmtree(draft, ignore_errors=True)
            shutil.copytree(source / RUNS / one.run_id, draft)
            draft.rename(place)
    return index


def _copy_run(folder: Path, target: Path) -> BackedUpRun:
    target.mkdir(parents=True)
    # the manifest first: entries that follow its high-watermark do no harm, missing ones would
    save_manifest(target, load_manifest(folder))
    try:
        _copy_journal(folder, target / JOURNAL_FILE)
    except sqlite3.DatabaseError as e:
        raise CorruptEntry(f"{folder} cannot be read: {e}; see `nautilus-bot events verify`") from e
    report = verify_run(target)
    return BackedUpRun(
        run_id=folder.name,
        entries=report.entries,
        last_hash=report.last_hash,
        sha256=_digest(target / JOURNAL_FILE),
        problem=report.message if not report.ok else "",
    )


def _copy_journal(folder: Path, target: Path) -> None:
    with closing(connect_readonly(folder)) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
        # one file, without a log beside it
        copy.execute("PRAGMA journal_mode = DELETE")


def _load_index(source: Path) -> BackupIndex:
    path = source / INDEX_FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=BackupIndex)
    except FileNotFoundError as e:
        raise NotFound(f"a backup must hold {INDEX_FILE}, {path} does not exist") from e
    except msgspec.DecodeError as e:
        raise CorruptEntry(f"{path} must be the index of a backup, but: {e}") from e


def _check_copy(source: Path, one: BackedUpRun) -> None:
    folder = source / RUNS / one.run_id
    journal = folder / JOURNAL_FILE
    if not journal.is_file() or not (folder / MANIFEST_FILE).is_file():
        raise CorruptEntry(f"the backup must hold run {one.run_id} whole, {folder} does not")
    if _digest(journal) != one.sha256:
        raise CorruptEntry(
            f"{journal} is not what the backup wrote: its SHA-256 differs; nothing was restored"
        )
    report: VerifyReport = verify_run(folder)
    if (report.entries, report.last_hash) != (one.entries, one.last_hash):
        raise CorruptEntry(
            f"{journal} must end with entry {one.entries}; {report.message}; nothing was restored"
        )


def _check_room(store: EventStore, one: BackedUpRun) -> None:
    place = store.root / RUNS / one.run_id
    if not place.exists():
        return
    report = verify_run(place)
    if (report.entries, report.last_hash) != (one.entries, one.last_hash):
        raise EventCatalogError(
            f"a run may be restored only once, {place} has {report.entries} entries and the backup "
            f"{one.entries}; restore into another folder with --root"
        )


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        digest = sha256()
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()
