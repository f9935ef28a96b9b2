"""
A run as Nautilus's own data catalog: its events, bars and instruments, in folders that Nautilus names.

Nautilus reads Parquet by its own folder and file names and with its own schemas, which have no room for the
hash chain; the sealed files are therefore other ones. This writes what Nautilus knows, from a running run, an
ended one or its seal alike; our own messages (signals, verdicts, marks) are not among it.
"""

from collections import defaultdict
from pathlib import Path
from typing import Any, Final

from nautilus_trader.model.data import Bar
from nautilus_trader.persistence.catalog import ParquetDataCatalog

from catalog.codec import EVENTS, INSTRUMENTS, decode
from catalog.reader import EntryFilter, entries
from nautilus_bot.core.errors import EventCatalogError

EXPORTED: Final = tuple(one.__name__ for one in (*EVENTS, *INSTRUMENTS, Bar))


def export_nautilus(folder: Path, target: Path) -> dict[str, int]:
    """
    Write what Nautilus knows of a run into a data catalog of its own.

    Parameters
    ----------
    folder : Path
        The run's folder.
    target : Path
        Folder of the data catalog; absent or empty.

    Returns
    -------
    dict[str, int]
        Number of messages by type.

    Raises
    ------
    EventCatalogError
        If the folder holds something, or cannot be written.
    NotFound, CorruptEntry
        If the run cannot be read.
    """
    if target.exists() and any(target.iterdir()):
        raise EventCatalogError(f"{target} must be empty: Nautilus mixes what it finds there")
    found: defaultdict[str, list[Any]] = defaultdict(list)
    for entry in entries(folder, where=EntryFilter(types=EXPORTED)):
        found[entry.type].append(decode(entry.type, entry.version, entry.payload))
    try:
        target.mkdir(parents=True, exist_ok=True)
        catalog = ParquetDataCatalog(str(target))
        for messages in found.values():
            catalog.write_data(sorted(messages, key=lambda one: one.ts_init))
    except OSError as e:
        raise EventCatalogError(f"{target} must be writable: {e}") from e
    return {name: len(messages) for name, messages in sorted(found.items())}
