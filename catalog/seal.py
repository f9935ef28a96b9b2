"""
Seal an ended run: its entries become typed Parquet files, one per message type and day (or month).

A file holds the recorded entry as it is, hash included, in the struct column ``entry``, and beside it what
the tables of ``catalog.tables`` make of it, one struct column a table. ``seal.json`` is written last and
names every file with its size and hash: without it there is no seal, so a seal is there whole or not at all,
on a file system and on ``s3://`` alike. Before it is written, the files are read back and the hash chain is
computed from them: what is sealed equals the journal to the byte.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from catalog import chain
from catalog.codec import decode_plain
from catalog.entry import Entry
from catalog.manifest import RunManifest, RunStatus, load_manifest
from catalog.reader import entries
from catalog.sealed import ENTRY, Seal, SealedFile, SealedStore, save_pointer
from catalog.tables import TABLES, Recorded, Table
from nautilus_bot.core.errors import CorruptEntry, EventCatalogError

ROWS_PER_GROUP: Final = 50_000
NS_PER_DAY: Final = 86_400_000_000_000
MONTHS_BEYOND_DAYS: Final = 31
"""A longer run is cut by month instead of by day: few large files read faster than many small ones."""
SEALABLE: Final = (RunStatus.ENDED, RunStatus.FAILED, RunStatus.CRASHED_RECOVERED)


def seal_run(folder: Path, url: str) -> Seal:
    """
    Seal a run.

    Parameters
    ----------
    folder : Path
        The run's folder.
    url : str
        The sealed store: a folder, or any place that fsspec knows, e.g. ``s3://bucket/events``.

    Returns
    -------
    Seal
        What was written; the one that is there already when the run was sealed before.

    Raises
    ------
    EventCatalogError
        If the run has not ended, or the files do not equal the journal.
    NotFound, CorruptEntry
        If the journal cannot be read.
    """
    manifest = load_manifest(folder)
    if manifest.status not in SEALABLE:
        raise EventCatalogError(
            f"only a run that ended can be sealed, {manifest.run_id} is {manifest.status.value}"
        )
    store = SealedStore(url)
    found = store.find(manifest.run_id)
    if found is None or found.manifest.last_hash != manifest.last_hash:
        files = _write(folder, manifest, store)
        found = Seal(manifest=manifest, sealed_ns=time.time_ns(), files=files)
        check_seal(store, found)
        store.publish(found)
    save_pointer(folder, store.url)
    return found


def check_seal(store: SealedStore, seal: Seal) -> None:
    """
    Compute the hash chain from the sealed files.

    Raises
    ------
    CorruptEntry
        If a file was altered, or the chain is not the one that the manifest ends with.
    """
    for file in seal.files:
        found = blake2b(store.read(seal.manifest.run_id, file.path), digest_size=32).hexdigest()
        if found != file.blake2b:
            raise CorruptEntry(f"{store.path(seal.manifest.run_id, file.path)} was altered: its hash differs")
    digest, seq = chain.genesis(seal.manifest.run_id), 0
    for entry in store.entries(seal):
        digest, seq = chain.link(digest, row_of(entry)), seq + 1
        if digest != entry.entry_hash or entry.seq != seq:
            raise CorruptEntry(f"sealed entry {seq} of {seal.manifest.run_id} does not equal the journal's")
    if digest.hex() != seal.manifest.last_hash or seq != seal.manifest.last_seq:
        raise CorruptEntry(
            f"{seal.manifest.run_id} must be sealed with all its {seal.manifest.last_seq} entries, "
            f"{seq} were found: the journal or the manifest is damaged, see `events verify`"
        )


def row_of(entry: Entry) -> tuple[Any, ...]:
    """Return the fields of an entry in the order in which they are hashed."""
    return (
        entry.seq,
        entry.ts_init,
        entry.ts_market,
        entry.ts_publish,
        entry.topic,
        entry.type,
        entry.version,
        entry.instrument_id,
        entry.strategy_id,
        entry.client_order_id,
        entry.position_id,
        entry.correlation_id,
        entry.causation_id,
        entry.payload,
    )


def _write(folder: Path, manifest: RunManifest, store: SealedStore) -> tuple[SealedFile, ...]:
    store.discard(manifest.run_id)
    parts: dict[str, _Part] = {}
    label = _label_of(folder)
    with ExitStack() as stack:
        for entry in entries(folder):
            path = f"type={entry.type}/date={label(entry)}/part-0.parquet"
            part = parts.get(path)
            if part is None:
                part = parts[path] = _Part(store, manifest.run_id, path, entry.type)
                stack.callback(part.abandon)
            part.add(entry)
        return tuple(part.close() for part in parts.values())


def _label_of(folder: Path) -> Callable[[Entry], str]:
    """Return how an entry is dated: by the day of the node's clock, by the month in a long run."""
    first = next(entries(folder, limit=1), None)
    begun = first.ts_publish if first is not None else 0
    last = max((entry.ts_publish for entry in _last(folder)), default=begun)
    form = "%Y-%m" if last - begun > MONTHS_BEYOND_DAYS * NS_PER_DAY else "%Y-%m-%d"
    return lambda entry: datetime.fromtimestamp(entry.ts_publish // 1_000_000_000, tz=UTC).strftime(form)


def _last(folder: Path) -> Iterator[Entry]:
    yield from entries(folder, after_seq=max(0, load_manifest(folder).last_seq - 1), limit=1)


class _Part:
    """One Parquet file in the making."""

    def __init__(self, store: SealedStore, run_id: str, path: str, name: str) -> None:
        self._store, self._run_id, self._path, self._name = store, run_id, path, name
        self._tables = [table for table in TABLES if name in table.types]
        structs = [pa.field("entry", ENTRY), *(pa.field(one.name, _struct(one)) for one in self._tables)]
        self._schema = pa.schema([pa.field("time", pa.timestamp("ns")), *structs])
        self._sink = store.open(run_id, path)
        self._writer = pq.ParquetWriter(self._sink, self._schema, compression="zstd")
        self._rows: list[tuple[tuple[Any, ...], ...]] = []
        self._times: list[int] = []
        self._count = self._first = self._last = 0

    def add(self, entry: Entry) -> None:
        plain = decode_plain(entry.type, entry.version, entry.payload)
        self._times.append(plain.get("ts_event", entry.ts_init) if isinstance(plain, dict) else entry.ts_init)
        recorded = _recorded(entry)
        values = (table.row(recorded, plain) for table in self._tables)
        self._rows.append(((*row_of(entry), entry.entry_hash), *values))
        self._first = self._first or entry.seq
        self._last = entry.seq
        if len(self._rows) >= ROWS_PER_GROUP:
            self._flush()

    def close(self) -> SealedFile:
        self._flush()
        self._writer.close()
        self._sink.close()
        content = self._store.read(self._run_id, self._path)
        return SealedFile(
            path=self._path,
            type=self._name,
            rows=self._count,
            first_seq=self._first,
            last_seq=self._last,
            size=len(content),
            blake2b=blake2b(content, digest_size=32).hexdigest(),
        )

    def abandon(self) -> None:
        """Let go of the file when another one failed."""
        if not self._sink.closed:
            self._sink.close()

    def _flush(self) -> None:
        if not self._rows:
            return
        structs = zip(*self._rows, strict=True)
        columns = [
            pa.array(self._times, pa.timestamp("ns")),
            *(_to_struct(rows, field) for rows, field in zip(structs, list(self._schema)[1:], strict=True)),
        ]
        self._writer.write_table(pa.Table.from_arrays(columns, schema=self._schema))
        self._count += len(self._rows)
        self._rows, self._times = [], []


def _to_struct(rows: tuple[tuple[Any, ...], ...], field: Any) -> Any:
    arrays = [
        pa.array(column, inner.type)
        for column, inner in zip(zip(*rows, strict=True), field.type, strict=True)
    ]
    return pa.StructArray.from_arrays(arrays, fields=list(field.type))


def _recorded(entry: Entry) -> Recorded:
    return Recorded(*(getattr(entry, name) for name in Recorded._fields))


_ARROW: Final[dict[str, Any]] = {
    "text": pa.string(),
    "int": pa.int64(),
    "float": pa.float64(),
    "bool": pa.bool_(),
    "time": pa.timestamp("ns"),
    "decimal": pa.string(),
}


def _struct(table: Table) -> Any:
    return pa.struct([(column.name, _ARROW[column.kind]) for column in table.columns])
