"""
Ask questions of runs in SQL, of finished and running ones alike.

DuckDB answers; it never opens the journal. Entries are read with ``sqlite3`` in short transactions, decoded
once into Arrow batches, and later calls only read what was added since. No DuckDB extension is downloaded.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import duckdb
import pyarrow as pa

from catalog.codec import decode_plain
from catalog.manifest import RunManifest
from catalog.reader import connect_readonly
from catalog.sealed import Seal, SealedStore, column_of, sealed_at
from catalog.store import EventStore
from catalog.tables import KEY, TABLES, Column, Recorded, Table
from catalog.views import DERIVED, RUN_COLUMNS, view_columns, view_sql
from nautilus_bot.core.errors import EventCatalogError

ALL_RUNS: Final = "all"

_CHUNK: Final = 20_000
_ARROW: Final[dict[str, Any]] = {
    "text": pa.string(),
    "int": pa.int64(),
    "float": pa.float64(),
    "bool": pa.bool_(),
    "time": pa.timestamp("ns"),
    "decimal": pa.string(),
}
_CONFIG: Final = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}


class Result(NamedTuple):
    """
    The answer to a question.

    Parameters
    ----------
    columns : list[str]
        Names.
    rows : list[tuple]
        Values; amounts are ``Decimal``, times naive UTC ``datetime``.
    """

    columns: list[str]
    rows: list[tuple[Any, ...]]

    def dicts(self) -> list[dict[str, Any]]:
        """Return the rows as dictionaries."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


class _Loaded:
    """What is in memory of one table."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.schema = _schema((*KEY, *table.columns))
        self.batches: list[pa.RecordBatch] = []
        self.read_to: dict[str, int] = {}

    def arrow(self) -> pa.Table:
        return pa.Table.from_batches(self.batches, schema=self.schema)


class EventQueries:
    """
    Questions about one run, some, or all.

    Parameters
    ----------
    store : EventStore
        Where the runs are.
    run : str, default "latest"
        A run id, its beginning, ``latest``, or ``all``.

    Raises
    ------
    NotFound
        If there is no such run.
    """

    def __init__(self, store: EventStore, run: str = "latest") -> None:
        self._store = store
        names = [m.run_id for m in store.runs()] if run == ALL_RUNS else [store.resolve(run)]
        self._folders = {name: store.folder(name) for name in names}
        self._loaded = {table.name: _Loaded(table) for table in TABLES}
        self._db = duckdb.connect(":memory:", config=_CONFIG)
        for loaded in self._loaded.values():
            self._db.register(f"raw_{loaded.table.name}", loaded.arrow())
        for statement in view_sql():
            self._db.execute(statement)

    def close(self) -> None:
        """Give the memory back."""
        self._db.close()

    def sql(self, statement: str, parameters: tuple[Any, ...] = ()) -> Result:
        """
        Answer a question in SQL over the views ``orders``, ``fills``, ``signals`` ...

        Parameters
        ----------
        statement : str
            DuckDB SQL; only the views that it names are loaded.
        parameters : tuple
            Values of its question marks.

        Raises
        ------
        EventCatalogError
            If DuckDB cannot understand it, or nothing is asked.
        CorruptEntry
            If the journal cannot be read.
        """
        self._load(_named_tables(statement))
        views = ", ".join(view_columns())
        try:
            if not self._db.extract_statements(statement):
                raise EventCatalogError(f"the question must be DuckDB SQL over {views}; it is empty")
            cursor = self._db.execute(statement, parameters)
            if cursor.description is None:
                return Result([], [])
            return Result([column[0] for column in cursor.description], cursor.fetchall())
        except duckdb.Error as e:
            raise EventCatalogError(f"the question must be DuckDB SQL over {views}; {e}") from e

    def runs(self, *, limit: int = 0) -> Result:
        """Return the runs of the store, the newest first; ``limit`` keeps the first ones."""
        return self.sql(f"SELECT * FROM runs ORDER BY started DESC LIMIT {limit or 'ALL'}")  # noqa: S608

    def orders(self, *, strategy: str = "", symbol: str = "", since_ns: int = 0, limit: int = 0) -> Result:
        """Return orders with their present state; ``limit`` keeps the last ones."""
        return self._last("orders", _prefixes(strategy, symbol), since_ns, limit)

    def fills(self, *, strategy: str = "", symbol: str = "", since_ns: int = 0, limit: int = 0) -> Result:
        """Return fills; ``limit`` keeps the last ones."""
        return self._last("fills", _prefixes(strategy, symbol), since_ns, limit)

    def signals(self, *, strategy: str = "", symbol: str = "", since_ns: int = 0, limit: int = 0) -> Result:
        """Return signals; ``limit`` keeps the last ones."""
        return self._last("signals", _prefixes(strategy, symbol), since_ns, limit)

    def verdicts(self, *, strategy: str = "", symbol: str = "", since_ns: int = 0, limit: int = 0) -> Result:
        """Return verdicts; ``limit`` keeps the last ones."""
        return self._last("verdicts", _prefixes(strategy, symbol), since_ns, limit)

    def equity(self, *, since_ns: int = 0, limit: int = 0) -> Result:
        """Return the marks of the equity curve; ``limit`` keeps the last ones."""
        return self._last("equity", {}, since_ns, limit)

    def _last(self, view: str, wanted: dict[str, str], since_ns: int, limit: int) -> Result:
        """Select the last rows of a view, oldest first; ``wanted`` maps columns to how they begin."""
        filters = {column: prefix for column, prefix in wanted.items() if prefix}
        conditions = "".join(f" AND starts_with({column}, ?)" for column in filters)
        # view and column names are ours, every value is bound
        query = (
            f"SELECT * FROM (SELECT * FROM {view} WHERE time >= make_timestamp_ns(?){conditions} "  # noqa: S608
            f"ORDER BY run_id DESC, seq DESC LIMIT {limit or 'ALL'}) ORDER BY run_id, seq"
        )
        return self.sql(query, (since_ns, *filters.values()))

    def _load(self, names: set[str]) -> None:
        if "runs" in names:
            self._db.register("runs", _runs_table(self._store.runs()))
        for name in names & self._loaded.keys():
            loaded = self._loaded[name]
            for run_id, folder in self._folders.items():
                self._load_run(loaded, run_id, folder)
            self._db.register(f"raw_{name}", loaded.arrow())

    def _load_run(self, loaded: _Loaded, run_id: str, folder: Path) -> None:
        place = sealed_at(folder)
        if place is not None and loaded.table.types:
            if run_id not in loaded.read_to:
                loaded.batches.extend(_sealed_batches(loaded, run_id, *place))
                loaded.read_to[run_id] = place[1].manifest.last_seq
            return
        recorded = _pruned(*place, loaded.read_to.get(run_id, 0)) if place is not None else None
        for entries in recorded or _recorded(folder, loaded.table.types, loaded.read_to.get(run_id, 0)):
            loaded.read_to[run_id] = entries[-1].seq
            wanted = [entry for entry in entries if entry.payload]
            if wanted:
                loaded.batches.append(_batch(loaded, run_id, wanted))


def _prefixes(strategy: str, symbol: str) -> dict[str, str]:
    return {"strategy_id": strategy, "instrument_id": symbol}


def _named_tables(statement: str) -> set[str]:
    """Return the tables that a statement needs; a word too many only costs time."""
    words = set(re.findall(r"\w+", statement.lower()))
    named = words & view_columns().keys()
    return named.union(*(DERIVED.get(name, ()) for name in named))


def _pruned(store: SealedStore, seal: Seal, after: int) -> Iterator[list[Recorded]]:
    """Read all sealed entries at once, for the view that has everything."""
    if after < seal.manifest.last_seq:
        yield [Recorded(*(getattr(one, name) for name in Recorded._fields)) for one in store.entries(seal)]


def _recorded(folder: Path, types: tuple[str, ...], after: int) -> Iterator[list[Recorded]]:
    """Read the entries behind ``after``; the last of each chunk may be a marker without payload."""
    condition = f" AND type IN ({','.join('?' * len(types))})" if types else ""
    query = (
        "SELECT seq, ts_init, ts_market, topic, type, version, instrument_id, strategy_id, client_order_id, "  # noqa: S608
        "position_id, correlation_id, causation_id, payload "
        f"FROM entries WHERE seq > ? AND seq <= ?{condition} ORDER BY seq LIMIT {_CHUNK}"
    )
    db = connect_readonly(folder)
    try:
        (last,) = db.execute("SELECT COALESCE(MAX(seq), 0) FROM entries").fetchone()
        while after < last:
            found = [Recorded(*row) for row in db.execute(query, (after, last, *types))]
            after = found[-1].seq if len(found) == _CHUNK else last
            if not found or found[-1].seq < after:
                found.append(Recorded(after, 0, 0, "", "", 0, "", "", "", "", "", "", b""))
            yield found
    finally:
        db.close()


def _sealed_batches(loaded: _Loaded, run_id: str, store: SealedStore, seal: Seal) -> Iterator[pa.RecordBatch]:
    """Take a table's columns from sealed files as they are."""
    if not any(file.type in loaded.table.types for file in seal.files):
        return
    name = loaded.table.name
    found = store.table(seal, loaded.table.types, ["time", "entry.seq", name])
    seq, moment = column_of(found, "entry").field("seq"), column_of(found, "time")
    columns = [pa.array([run_id] * len(found), pa.string()), seq, moment, *column_of(found, name).flatten()]
    yield from pa.Table.from_arrays(columns, schema=loaded.schema).to_batches()


def _batch(loaded: _Loaded, run_id: str, entries: list[Recorded]) -> pa.RecordBatch:
    make = loaded.table.row
    rows = []
    for entry in entries:
        plain = decode_plain(entry.type, entry.version, entry.payload)
        time = plain.get("ts_event", entry.ts_init) if isinstance(plain, dict) else entry.ts_init
        rows.append((run_id, entry.seq, time, *make(entry, plain)))
    return _to_batch(rows, loaded.schema)


def _to_batch(rows: list[tuple[Any, ...]], schema: pa.Schema) -> pa.RecordBatch:
    columns = zip(*rows, strict=True)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _schema(columns: tuple[Column, ...]) -> pa.Schema:
    return pa.schema([(column.name, _ARROW[column.kind]) for column in columns])


def _runs_table(manifests: list[RunManifest]) -> pa.Table:
    schema = _schema(RUN_COLUMNS)
    rows = [_run_row(manifest) for manifest in manifests]
    return pa.Table.from_batches([_to_batch(rows, schema)] if rows else [], schema=schema)


def _run_row(manifest: RunManifest) -> tuple[Any, ...]:
    return (
        manifest.run_id,
        manifest.mode,
        manifest.status.value,
        manifest.started_ns,
        manifest.ended_ns or None,
        manifest.last_seq,
        manifest.config_hash,
        manifest.code_hash,
        manifest.parent_run,
        manifest.session,
    )
