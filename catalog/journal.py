"""
The journal: one SQLite file a run, one writer, every entry chained on the one before it.

Two ways to write, one format:

- *durable* (paper, live): commits at ``synchronous=NORMAL``, which survive ``kill -9``: one an entry or, once
  told to ``gather()``, one a ``flush()``. ``barrier()`` forces all of it to the disk before a command that
  can open risk leaves for a venue. The log is given its room beforehand: to overwrite a file takes half the
  time of extending it.
- *batched* (backtest): entries are kept in memory; hashing and inserting happen in bulk at ``flush()``. There
  is no venue to agree with, and a lost run can be run again: it does without a write-ahead log (half the
  cost) and without forcing the disk. A killed process loses at most the entries behind its last flush.

SQLite's automatic checkpoints are off while trading, since they are the slowest writes of all;
``checkpoint()`` has a connection of its own and belongs into another thread.
"""

import os
import sqlite3
from pathlib import Path
from typing import Final, NoReturn, Self

from catalog import chain
from catalog.lock import OwnerLock
from nautilus_bot.core.errors import CorruptEntry, JournalHalted

JOURNAL_FILE: Final = "journal.sqlite"
LOCK_FILE: Final = "journal.lock"
BATCH_SIZE: Final = 8_192

_DURABLE: Final = ("journal_mode = WAL", "synchronous = NORMAL", "wal_autocheckpoint = 0")
_BATCHED: Final = ("page_size = 16384", "journal_mode = TRUNCATE", "synchronous = OFF")
_BUSY_SECS: Final = 30.0
_LOG_BYTES: Final = 4 * 1024 * 1024
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS entries (
    seq INTEGER PRIMARY KEY,
    ts_init INTEGER NOT NULL,
    ts_market INTEGER NOT NULL,
    ts_publish INTEGER NOT NULL,
    topic TEXT NOT NULL,
    type TEXT NOT NULL,
    version INTEGER NOT NULL,
    instrument_id TEXT NOT NULL,
    strategy_id TEXT NOT NULL,
    client_order_id TEXT NOT NULL,
    position_id TEXT NOT NULL,
    correlation_id TEXT NOT NULL,
    causation_id TEXT NOT NULL,
    payload BLOB NOT NULL,
    entry_hash BLOB NOT NULL
) STRICT;
"""
_INSERT: Final = f"INSERT INTO entries VALUES ({','.join('?' * 15)})"  # noqa: S608  only question marks

type Fields = tuple[int, int, int, str, str, int, str, str, str, str, str, str, bytes]
"""The fields of an entry after its number and without its hash, in the order of ``Journal.append``."""


class Journal:
    """
    Append entries to a run's journal; one thread appends, any thread may checkpoint.

    Parameters
    ----------
    folder : Path
        The run's folder; created when absent. An existing journal of the same run is continued.
    run_id : str
        The run whose entries these are.
    durable : bool
        True commits every entry, False gathers them until ``flush``.
    batch_size : int, default 8192
        Entries gathered before a batched journal flushes by itself.

    Raises
    ------
    AlreadyRunning
        If another writer owns the folder.
    CorruptEntry
        If the folder holds the journal of another run.
    JournalHalted
        If the journal cannot be opened for writing.
    """

    def __init__(self, folder: Path, run_id: str, *, durable: bool, batch_size: int = BATCH_SIZE) -> None:
        self.path = folder / JOURNAL_FILE
        self.run_id = run_id
        self.durable = durable
        self._batch_size = batch_size
        self._is_immediate = durable
        self._pending: list[Fields] = []
        self._halted = ""
        self._closed = False
        self._seq: int = 0
        self._hash: bytes = b""
        self._wal_fd = -1
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = OwnerLock(folder / LOCK_FILE)
        except OSError as e:
            self._halt(e)
        try:
            self._open()
        except (sqlite3.Error, OSError) as e:
            self._lock.release()
            self._halt(e)
        except CorruptEntry:
            self._lock.release()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def last_seq(self) -> int:
        """Number of the last entry, written or still gathered; once halted, of the last one written."""
        return self._seq if self._halted else self._seq + len(self._pending)

    @property
    def last_hash(self) -> bytes:
        """Hash of the entry ``last_seq``; gathered entries are written first."""
        if not self._halted:
            self.flush()
        return self._hash

    @property
    def halted(self) -> str:
        """Why the journal cannot be written any more, closed or broken; empty while it can."""
        return self._halted

    def append(
        self,
        *,
        ts_init: int,
        ts_market: int,
        ts_publish: int,
        topic: str,
        type: str,  # noqa: A002  the entry's own word
        payload: bytes,
        version: int = 1,
        instrument_id: str = "",
        strategy_id: str = "",
        client_order_id: str = "",
        position_id: str = "",
        correlation_id: str = "",
        causation_id: str = "",
    ) -> int:
        """
        Add one entry; the parameters are the fields of ``Entry``.

        Returns
        -------
        int
            Its sequence number.

        Raises
        ------
        JournalHalted
            If it cannot be written, now or at any time before.
        """
        return self.add(
            (
                ts_init,
                ts_market,
                ts_publish,
                topic,
                type,
                version,
                instrument_id,
                strategy_id,
                client_order_id,
                position_id,
                correlation_id,
                causation_id,
                payload,
            )
        )

    def add(self, fields: Fields) -> int:
        """Add one entry, its fields in their order: as ``append``, without the cost of their names."""
        if self._halted:
            raise JournalHalted(self._halted)
        pending = self._pending
        pending.append(fields)
        seq = self._seq + len(pending)
        if self._is_immediate or len(pending) >= self._batch_size:
            self.flush()
        return seq

    def gather(self) -> None:
        """Let entries wait for a ``flush()`` from now on, although the journal is durable."""
        self._is_immediate = False

    def flush(self) -> None:
        """Write what was gathered and commit it; it then survives the death of the process."""
        if self._halted:
            raise JournalHalted(self._halted)
        if not self._pending:
            return
        numbered = ((seq, *fields) for seq, fields in enumerate(self._pending, self._seq + 1))
        rows = list(chain.extend(self._hash, numbered))
        try:
            if len(rows) == 1:
                self._db.execute(_INSERT, rows[0])
            else:
                self._insert_all(rows)
        except (sqlite3.Error, OverflowError) as e:
            self._halt(e)
        self._seq += len(rows)
        self._hash = rows[-1][-1]
        self._pending.clear()

    def barrier(self) -> None:
        """
        Return once every entry so far is on the disk and survives a loss of power.

        A batched journal ignores it: there is no venue that could know more than the journal.

        Notes
        -----
        Synchronising the write-ahead log is all that SQLite's ``synchronous=FULL`` adds to ``NORMAL`` at a
        commit. SQLite holds no lock on that file and keeps it for as long as a connection is open, so a
        descriptor of our own is safe and saves a second transaction.
        """
        if not self.durable:
            return
        self.flush()
        try:
            _sync(self._wal_fd)
        except OSError as e:
            self._halt(e)

    def checkpoint(self) -> int:
        """
        Move committed entries from the write-ahead log into the main file, without stopping the writer.

        Call it away from the trading loop; any thread may.

        Returns
        -------
        int
            Pages still to be moved; 0 when the log can be reused from its start.
        """
        db = sqlite3.connect(self.path, isolation_level=None, timeout=5)
        try:
            _, pages, moved = db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        finally:
            db.close()
        return int(pages - moved)

    def close(self) -> None:
        """Write what was gathered, fold a log into the main file and give up ownership; once is enough."""
        if self._closed:
            return
        self._closed = True
        try:
            if not self._halted:
                self.flush()
                self.barrier()
                self._halted = f"{self.path} is closed; open its run again to write"
        finally:
            self._release()

    def _open(self) -> None:
        self._db = sqlite3.connect(
            self.path, isolation_level=None, check_same_thread=False, timeout=_BUSY_SECS
        )
        db = self._db
        for setting in _DURABLE if self.durable else _BATCHED:
            db.execute(f"PRAGMA {setting}")
        db.executescript(_SCHEMA)
        db.execute("INSERT OR IGNORE INTO meta VALUES ('run_id', ?)", (self.run_id,))
        (owner,) = db.execute("SELECT value FROM meta WHERE key = 'run_id'").fetchone()
        if owner != self.run_id:
            db.close()
            raise CorruptEntry(f"{self.path} must belong to run {self.run_id}, but names {owner}")
        last = db.execute("SELECT seq, entry_hash FROM entries ORDER BY seq DESC LIMIT 1").fetchone()
        self._seq, self._hash = last or (0, chain.genesis(self.run_id))
        if self.durable:
            self._open_log()

    def _open_log(self) -> None:
        """
        Open the write-ahead log for ``barrier()`` and give it room in advance.

        SQLite stops reading at the zeros: a frame counts only with the salt and the checksum of its log.
        After a checkpoint the log starts over from its beginning, so it mostly stays within that room.
        """
        self._wal_fd = os.open(f"{self.path}-wal", os.O_RDWR)
        size = os.lseek(self._wal_fd, 0, os.SEEK_END)
        if size < _LOG_BYTES:
            os.write(self._wal_fd, bytes(_LOG_BYTES - size))
        os.fsync(self._wal_fd)
        _sync_folder(self.path.parent)

    def _insert_all(self, rows: list[chain.HashedRow]) -> None:
        self._db.execute("BEGIN IMMEDIATE")
        self._db.executemany(_INSERT, rows)
        self._db.execute("COMMIT")

    def _halt(self, error: Exception) -> NoReturn:
        self._halted = (
            f"every event must be recorded, but {self.path} cannot be written after entry "
            f"{self._seq}: {error}; trading halts; free or repair the disk, then start again"
        )
        raise JournalHalted(self._halted) from error

    def _release(self) -> None:
        if self._wal_fd >= 0:
            os.close(self._wal_fd)
            self._wal_fd = -1
        self._db.close()
        self._lock.release()


def _sync(fd: int) -> None:
    getattr(os, "fdatasync", os.fsync)(fd)


def _sync_folder(folder: Path) -> None:
    """Make the log's own directory entry durable, where the system can."""
    if os.name != "posix":
        return
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
