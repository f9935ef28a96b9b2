"""
Check the end of a journal from its last snapshot on: what a recovery rests on, in a time that does not grow.

The snapshot says which entry it was taken behind and what that entry's hash was. Everything after it is
checked entry by entry; what lies before is for `events verify`, which reads all of it.
"""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from catalog import chain
from catalog.codec import decode
from catalog.manifest import RunManifest
from catalog.reader import connect_readonly
from catalog.verify import VerifyReport
from nautilus_bot.core.errors import EventCatalogError
from nautilus_bot.core.session_state import SessionSnapshot

_LAST: Final = "SELECT seq, version, payload FROM entries WHERE type = ? ORDER BY seq DESC LIMIT 1"
_HASH: Final = "SELECT entry_hash FROM entries WHERE seq = ?"
_TAIL: Final = "SELECT * FROM entries WHERE seq > ? ORDER BY seq"


def verify_tail(folder: Path, manifest: RunManifest) -> VerifyReport | None:
    """
    Check a journal from its last snapshot to its end.

    Parameters
    ----------
    folder : Path
        The run's folder.
    manifest : RunManifest
        The run's own.

    Returns
    -------
    VerifyReport | None
        A good report; None when there is no snapshot to start from or anything at all is wrong, for
        ``verify_run`` to name it.
    """
    try:
        with closing(connect_readonly(folder)) as db:
            return _check(db, manifest)
    except (sqlite3.DatabaseError, EventCatalogError):
        return None


def _check(db: sqlite3.Connection, manifest: RunManifest) -> VerifyReport | None:
    found = db.execute(_LAST, (SessionSnapshot.__name__,)).fetchone()
    if found is None or found[0] < 2:
        return None
    seq = found[0] - 1
    row = db.execute(_HASH, (seq,)).fetchone()
    snapshot = decode(SessionSnapshot.__name__, found[1], found[2])
    if row is None or not _is_anchored(snapshot, manifest, seq, row[0]):
        return None
    digest = row[0]
    for entry in db.execute(_TAIL, (seq,)):
        if entry[0] != seq + 1 or chain.link(digest, entry[:-1]) != entry[-1]:
            return None
        seq, digest = entry[0], entry[-1]
    if manifest.last_seq > seq or (manifest.last_seq == seq and manifest.last_hash != digest.hex()):
        return None
    return VerifyReport(
        run_id=manifest.run_id,
        ok=True,
        entries=seq,
        last_hash=digest.hex(),
        message=f"entries {found[0]} to {seq} follow their snapshot, gap-free and unaltered",
    )


def _is_anchored(snapshot: SessionSnapshot, manifest: RunManifest, seq: int, digest: bytes) -> bool:
    """Tell whether a snapshot of this run names the entry before it; one taken over names its parent's."""
    if snapshot.as_of_run != manifest.run_id:
        return snapshot.as_of_run == manifest.parent_run
    return (snapshot.as_of_seq, snapshot.as_of_hash) == (seq, digest.hex())
