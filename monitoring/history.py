"""What earlier runs counted: read from their journals, so that a restart does not begin at zero."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from catalog import codec, reader
from catalog.manifest import RunManifest
from catalog.store import EventStore
from monitoring.fold import COUNTED_TYPES

COUNTED = reader.EntryFilter(types=COUNTED_TYPES)


def recorded_messages(folder: Path, *, until_seq: int = 0) -> Iterator[Any]:
    """
    Yield the messages of a journal that change a counter, in order.

    Parameters
    ----------
    folder : Path
        A run's folder.
    until_seq : int, default 0
        Stop behind this entry; 0 reads to the end.

    Raises
    ------
    NotFound, CorruptEntry
        If the journal does not exist or cannot be read.
    """
    for entry in reader.entries(folder, where=COUNTED):
        if until_seq and entry.seq > until_seq:
            return
        yield codec.decode(entry.type, entry.version, entry.payload)


def earlier_runs(store: EventStore, run: RunManifest) -> list[RunManifest]:
    """Return the runs before this one of the same mode and account, oldest first."""
    return [
        one
        for one in store.runs()
        if one.mode == run.mode and one.account == run.account and one.started_ns < run.started_ns
    ]
