"""
The queue on disk: what is still to be told, and how far the journal has been read.

Both stand in one SQLite file, so that a batch of notifications and the place behind which reading goes on
are committed together: after a crash nothing is lost and nothing is queued twice. Several processes may put
something in (the watchdog does); one delivers.
"""

import os
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from monitoring.telegram.kinds import CRITICAL, Notification
from nautilus_bot.core.errors import Undelivered

WAITING, SENDING, SENT, DROPPED = "waiting", "sending", "sent", "dropped"
MOST_WAITING: Final = 20_000
"""Of what is not critical; beyond, the oldest is dropped and counted. What is critical is never dropped."""

_BUSY_SECS: Final = 5.0
_OPEN_SECS: Final = 30.0
_AGAIN_SECS: Final = 0.02
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS notifications (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    severity TEXT NOT NULL,
    state TEXT NOT NULL,
    put_ns INTEGER NOT NULL,
    content BLOB NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS open_ones ON notifications (state, id);
CREATE TABLE IF NOT EXISTS cursors (bot TEXT PRIMARY KEY, run_id TEXT NOT NULL, seq INTEGER NOT NULL) STRICT;
"""


class Cursor(NamedTuple):
    """How far the journals of a bot have been read: a run, and the last entry of it that was looked at."""

    run_id: str
    seq: int


class Queued(NamedTuple):
    """
    A notification that waits.

    Parameters
    ----------
    number : int
        Place in the queue.
    notification : Notification
        What is to be told.
    unsure : bool
        Whether it was handed to Telegram before and nobody knows what became of it.
    """

    number: int
    notification: Notification
    unsure: bool


class Outbox:
    """
    Keep notifications until they are delivered; may be used from several threads and processes.

    Parameters
    ----------
    path : Path
        The file; created when absent, readable by its owner only.

    Raises
    ------
    Undelivered
        By every method, if the file cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        with self._clear_errors():
            path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            self._db = sqlite3.connect(
                path, isolation_level=None, timeout=_BUSY_SECS, check_same_thread=False
            )
            _set_up(self._db)

    def close(self) -> None:
        """Give the file back."""
        with self._lock:
            self._db.close()

    # -- putting in ---------------------------------------------------------------------------------

    def put(
        self,
        notifications: Sequence[Notification],
        now_ns: int,
        *,
        bot: str = "",
        cursor: Cursor | None = None,
    ) -> int:
        """
        Queue what is not known yet and move the cursor, both or neither.

        Parameters
        ----------
        notifications : Sequence[Notification]
            In order; one whose key is known is left out.
        now_ns : int
            Wall clock, ns UTC.
        bot : str, default ""
            Whose cursor moves.
        cursor : Cursor | None
            Where to; None leaves it.

        Returns
        -------
        int
            How many were new.
        """
        rows = [(one.key, one.severity, WAITING, now_ns, msgspec.json.encode(one)) for one in notifications]
        with self._transaction() as db:
            new = _insert(db, rows)
            if new:
                _drop_oldest(db)
            if cursor is not None:
                db.execute("INSERT OR REPLACE INTO cursors VALUES (?, ?, ?)", (bot, *cursor))
        return new

    def settle(self, notification: Notification, now_ns: int) -> None:
        """Remember something as told without telling it: it was over before anybody listened."""
        row = (notification.key, notification.severity, SENT, now_ns, msgspec.json.encode(notification))
        with self._transaction() as db:
            _insert(db, [row])

    def cursor(self, bot: str) -> Cursor | None:
        """Return how far a bot's journals have been read; None when never."""
        rows = self._all("SELECT run_id, seq FROM cursors WHERE bot = ?", (bot,))
        return Cursor(*rows[0]) if rows else None

    def knows(self, key: str) -> bool:
        """Return whether something was queued under a key, delivered or not."""
        return bool(self._all("SELECT 1 FROM notifications WHERE key = ?", (key,)))

    # -- taking out ---------------------------------------------------------------------------------

    def waiting(self, *, critical: bool, limit: int) -> list[Queued]:
        """Return what is to be delivered, oldest first; only what is critical, or only what is not."""
        sign = "=" if critical else "<>"
        rows = self._all(
            "SELECT id, content, state FROM notifications "  # noqa: S608  the sign is ours
            f"WHERE state IN (?, ?) AND severity {sign} ? ORDER BY id LIMIT ?",
            (WAITING, SENDING, CRITICAL, limit),
        )
        return [
            Queued(number, msgspec.json.decode(content, type=Notification), state == SENDING)
            for number, content, state in rows
        ]

    def count(self, *states: str) -> int:
        """Return how many notifications are in some states."""
        marks = ",".join("?" * len(states))
        query = f"SELECT count(*) FROM notifications WHERE state IN ({marks})"  # noqa: S608  only marks
        return int(self._all(query, states)[0][0])

    def mark(self, queued: Iterable[Queued], state: str) -> None:
        """Note what became of some notifications."""
        with self._transaction() as db:
            db.executemany(
                "UPDATE notifications SET state = ? WHERE id = ?", [(state, one.number) for one in queued]
            )

    def forget_dropped(self) -> None:
        """Forget what was dropped: it has been told how many they were."""
        with self._transaction() as db:
            db.execute("DELETE FROM notifications WHERE state = ?", (DROPPED,))

    def prune(self, before_ns: int) -> None:
        """Forget what was delivered and put in before a moment."""
        with self._transaction() as db:
            db.execute("DELETE FROM notifications WHERE state = ? AND put_ns < ?", (SENT, before_ns))

    # -- SQLite -------------------------------------------------------------------------------------

    def _all(self, query: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        with self._clear_errors(), self._lock:
            return self._db.execute(query, values).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._clear_errors(), self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    @contextmanager
    def _clear_errors(self) -> Iterator[None]:
        try:
            yield
        except (OSError, sqlite3.Error) as e:
            raise Undelivered(f"the queue of notifications {self.path} must be usable, but: {e}") from e


def _set_up(db: sqlite3.Connection) -> None:
    """Make a file ready; with another process at it try again, which SQLite does not do by itself here."""
    deadline = time.monotonic() + _OPEN_SECS
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
            # what was taken must survive a power cut as well
            db.execute("PRAGMA synchronous = FULL")
            db.executescript(_SCHEMA)
        except sqlite3.OperationalError as e:
            if e.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() >= deadline:
                raise
            time.sleep(_AGAIN_SECS)
        else:
            return


def _insert(db: sqlite3.Connection, rows: Sequence[tuple[str, str, str, int, bytes]]) -> int:
    statement = (
        "INSERT OR IGNORE INTO notifications (key, severity, state, put_ns, content) VALUES (?,?,?,?,?)"
    )
    return sum(db.execute(statement, row).rowcount for row in rows)


def _drop_oldest(db: sqlite3.Connection) -> None:
    db.execute(
        "UPDATE notifications SET state = ? WHERE id IN (SELECT id FROM notifications "
        "WHERE state = ? AND severity <> ? ORDER BY id DESC LIMIT -1 OFFSET ?)",
        (DROPPED, WAITING, CRITICAL, MOST_WAITING),
    )
