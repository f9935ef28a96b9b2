"""Remove journals that nothing needs any more: sealed, verified, and old enough."""

import time
from pathlib import Path
from typing import Final

import msgspec

from catalog.journal import JOURNAL_FILE
from catalog.seal import check_seal
from catalog.sealed import sealed_at
from catalog.store import EventStore

NS_PER_DAY: Final = 86_400_000_000_000
SIDE_FILES: Final = ("", "-wal", "-shm", "-journal")


class Pruned(msgspec.Struct, frozen=True, kw_only=True):
    """One journal that was removed (or would be): its run and its size in bytes."""

    run_id: str
    size: int


def prune(store: EventStore, *, keep_days: float, keep_runs: int, really: bool) -> list[Pruned]:
    """
    Remove the journals of sealed runs; manifest and seal stay, and questions go on being answered.

    Parameters
    ----------
    store : EventStore
        The runs.
    keep_days : float
        Runs that ended within so many days keep their journal.
    keep_runs : int
        So do the latest runs, whatever their age; a session always needs the one before it.
    really : bool
        Whether to remove, or only to tell.

    Returns
    -------
    list[Pruned]
        Oldest first.

    Raises
    ------
    CorruptEntry, EventCatalogError
        If a seal is damaged or missing: its journal stays.
    """
    latest_ns = time.time_ns() - int(keep_days * NS_PER_DAY)
    candidates = store.runs()[: -keep_runs or None]
    pruned = []
    for manifest in candidates:
        folder = store.folder(manifest.run_id)
        journal = folder / JOURNAL_FILE
        if not journal.is_file() or not manifest.ended_ns or manifest.ended_ns > latest_ns:
            continue
        place = sealed_at(folder)
        if place is None or place[1].manifest.last_hash != manifest.last_hash:
            continue
        check_seal(*place)
        pruned.append(Pruned(run_id=manifest.run_id, size=journal.stat().st_size))
        if really:
            _remove(journal)
    return pruned


def _remove(journal: Path) -> None:
    for suffix in SIDE_FILES:
        path = journal.with_name(journal.name + suffix)
        if path.is_file():
            path.unlink()
