"""Read the entries of a journal, also while its owner writes: short transactions that block nobody."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Final

import msgspec

from catalog.entry import Entry
from catalog.journal import JOURNAL_FILE
from catalog.sealed import Seal, SealedStore, sealed_at
from nautilus_bot.core.errors import CorruptEntry, NotFound

_CHUNK: Final = 4_096
_COLUMNS: Final = (
    "seq, ts_init, ts_market, ts_publish, topic, type, version, instrument_id, strategy_id, client_order_id, "
    "position_id, correlation_id, causation_id, payload, entry_hash"
)


class EntryFilter(msgspec.Struct, frozen=True, kw_only=True):
    """
    Which entries are wanted; an empty field asks nothing.

    Parameters
    ----------
    types : tuple[str, ...]
        Message types.
    strategy : str
        Strategy id, or its beginning: the class name finds all instances.
    symbol : str
        Instrument id, or its beginning: ``BTCUSDT`` finds ``BTCUSDT-LINEAR.BYBIT``.
    client_order_id : str
        One order.
    correlation_id : str
        One signal.
    since_ns, until_ns : int
        Bounds of ``ts_init``, ns UTC, the first included, the second not; 0 is open.
    """

    types: tuple[str, ...] = ()
    strategy: str = ""
    symbol: str = ""
    client_order_id: str = ""
    correlation_id: str = ""
    since_ns: int = 0
    until_ns: int = 0

    def where(self) -> tuple[str, list[object]]:
        """Return the SQL condition with leading ``AND`` and its arguments."""
        parts: list[str] = []
        values: list[object] = []
        if self.types:
            parts.append(f"type IN ({','.join('?' * len(self.types))})")
            values.extend(self.types)
        for column, prefix in (("strategy_id", self.strategy), ("instrument_id", self.symbol)):
            if prefix:
                parts.append(f"substr({column}, 1, ?) = ?")
                values.extend((len(prefix), prefix))
        for column, value in (
            ("client_order_id", self.client_order_id),
            ("correlation_id", self.correlation_id),
        ):
            if value:
                parts.append(f"{column} = ?")
                values.append(value)
        for operator, bound in ((">=", self.since_ns), ("<", self.until_ns)):
            if bound:
                parts.append(f"ts_init {operator} ?")
                values.append(bound)
        return "".join(f" AND {part}" for part in parts), values

    def matches(self, entry: Entry) -> bool:
        """Say the same of an entry that has been read."""
        return (
            (not self.types or entry.type in self.types)
            and entry.strategy_id.startswith(self.strategy)
            and entry.instrument_id.startswith(self.symbol)
            and self.client_order_id in ("", entry.client_order_id)
            and self.correlation_id in ("", entry.correlation_id)
            and (not self.since_ns or entry.ts_init >= self.since_ns)
            and (not self.until_ns or entry.ts_init < self.until_ns)
        )


EVERYTHING: Final = EntryFilter()


def journal_path(path: Path) -> Path:
    """Return the journal of a run's folder; a path to the file itself stays as it is."""
    return path / JOURNAL_FILE if path.is_dir() else path


def connect_readonly(path: Path) -> sqlite3.Connection:
    """
    Open a journal for reading.

    Parameters
    ----------
    path : Path
        A run's folder or its journal file.

    Raises
    ------
    NotFound
        If there is no journal.
    CorruptEntry
        If the file is no journal.
    """
    file = journal_path(path)
    if not file.is_file():
        raise NotFound(f"a run must have a journal, {file} does not exist")
    try:
        return _connect(file)
    except sqlite3.DatabaseError as e:
        raise CorruptEntry(f"{file} must be a journal, but: {e}; see `events verify`") from e


def _connect(file: Path) -> sqlite3.Connection:
    uri = f"{file.resolve().as_uri()}?mode="
    try:
        return _open(uri + "ro")
    except sqlite3.OperationalError:
        if Path(f"{file}-wal").exists():
            raise
    if _holds_data(Path(f"{file}-journal")):
        # a process died in the middle of a batch: SQLite takes the half-written batch back
        return _open(uri + "rw")
    # a finished journal on a read-only medium: no log, so nothing can change below us
    return _open(uri + "ro&immutable=1")


def _open(uri: str) -> sqlite3.Connection:
    db = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=5, check_same_thread=False)
    try:
        db.execute("SELECT 1 FROM entries LIMIT 1").fetchone()
    except sqlite3.Error:
        db.close()
        raise
    return db


def _holds_data(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0


def entries(
    path: Path,
    *,
    where: EntryFilter = EVERYTHING,
    after_seq: int = 0,
    limit: int = 0,
) -> Iterator[Entry]:
    """
    Yield the entries of a journal in order.

    Parameters
    ----------
    path : Path
        A run's folder or its journal file.
    where : EntryFilter
        Which entries.
    after_seq : int, default 0
        Begin behind this number.
    limit : int, default 0
        At most so many; 0 for all.

    Raises
    ------
    NotFound, CorruptEntry
        If there is no journal, or it cannot be read.
    """
    sealed = _sealed(path)
    if sealed is not None:
        yield from _sealed_entries(sealed, where, after_seq, limit)
        return
    db = connect_readonly(path)
    try:
        run_id = _run_id(db)
        condition, values = where.where()
        # only `_COLUMNS` and fixed column names are pasted, every value is bound
        query = f"SELECT {_COLUMNS} FROM entries WHERE seq > ?{condition} ORDER BY seq LIMIT ?"  # noqa: S608
        left = limit
        while True:
            size = min(left, _CHUNK) if limit else _CHUNK
            rows = db.execute(query, (after_seq, *values, size)).fetchall()
            for row in rows:
                yield _entry(run_id, row)
            left -= len(rows)
            if len(rows) < size or (limit and left <= 0):
                return
            after_seq = rows[-1][0]
    except sqlite3.DatabaseError as e:
        raise CorruptEntry(f"{path} cannot be read behind entry {after_seq}: {e}; see `events verify`") from e
    finally:
        db.close()


def _sealed(path: Path) -> tuple[SealedStore, Seal] | None:
    """Return the seal of a run whose journal was pruned."""
    return None if journal_path(path).is_file() else sealed_at(path)


def _sealed_entries(
    sealed: tuple[SealedStore, Seal], where: EntryFilter, after_seq: int, limit: int
) -> Iterator[Entry]:
    store, seal = sealed
    found = (e for e in store.entries(seal, where.types) if e.seq > after_seq and where.matches(e))
    yield from islice(found, limit or None)


def tail(path: Path, *, where: EntryFilter = EVERYTHING, count: int = 20) -> list[Entry]:
    """Return the last ``count`` matching entries, oldest first; errors as in ``entries``."""
    sealed = _sealed(path)
    if sealed is not None:
        found = list(_sealed_entries(sealed, where, 0, 0))
        return found[-count:] if count >= 0 else found
    db = connect_readonly(path)
    try:
        condition, values = where.where()
        query = f"SELECT {_COLUMNS} FROM entries WHERE 1{condition} ORDER BY seq DESC LIMIT ?"  # noqa: S608
        rows = db.execute(query, (*values, count)).fetchall()
        return [_entry(_run_id(db), row) for row in reversed(rows)]
    except sqlite3.DatabaseError as e:
        raise CorruptEntry(f"{path} cannot be read: {e}; see `events verify`") from e
    finally:
        db.close()


def follow(
    path: Path,
    *,
    where: EntryFilter = EVERYTHING,
    after_seq: int = 0,
    poll_secs: float = 0.25,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[Entry]:
    """Yield entries as they are written, until ``stop`` says so; other parameters as in ``entries``."""
    while True:
        stopping = stop()
        for entry in entries(path, where=where, after_seq=after_seq):
            after_seq = entry.seq
            yield entry
        if stopping:
            return
        time.sleep(poll_secs)


def last_seq(path: Path) -> int:
    """Return the number of the last entry, 0 for none; errors as in ``entries``."""
    sealed = _sealed(path)
    if sealed is not None:
        return sealed[1].manifest.last_seq
    db = connect_readonly(path)
    try:
        (seq,) = db.execute("SELECT COALESCE(MAX(seq), 0) FROM entries").fetchone()
        return int(seq)
    finally:
        db.close()


def _run_id(db: sqlite3.Connection) -> str:
    row = db.execute("SELECT value FROM meta WHERE key = 'run_id'").fetchone()
    if row is None:
        raise CorruptEntry("a journal must name its run in the table meta, this one does not")
    return str(row[0])


def _entry(run_id: str, row: tuple[object, ...]) -> Entry:
    return Entry(run_id, *row)  # type: ignore[arg-type]
