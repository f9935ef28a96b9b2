"""Prove that a journal has no gap and was not altered, or name its first bad entry."""

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from catalog import chain
from catalog.manifest import RunManifest, load_manifest
from catalog.reader import connect_readonly, journal_path
from catalog.seal import check_seal
from catalog.sealed import sealed_at
from nautilus_bot.core.errors import CorruptEntry, EventCatalogError, NotFound, SequenceGap

type Problem = Literal["", "altered", "missing", "swapped", "torn tail", "unreadable", "foreign", "manifest"]

_CHUNK: Final = 10_000
_QUERY: Final = "SELECT * FROM entries WHERE seq > ? ORDER BY seq LIMIT ?"


class VerifyReport(msgspec.Struct, frozen=True, kw_only=True):
    """
    What a verification found.

    Parameters
    ----------
    run_id : str
        The run.
    ok : bool
        Whether the chain is gap-free and unaltered up to the manifest's high-watermark.
    entries : int
        Good entries before the first bad one, or all.
    last_hash : str
        Hash of the last good entry in hexadecimal.
    problem : Problem
        Kind of the first problem; empty for none.
    first_bad_seq : int
        Number of the first bad entry; 0 for none.
    message : str
        One sentence for a person.
    secs : float
        Wall time the check took.
    """

    run_id: str
    ok: bool
    entries: int
    last_hash: str
    problem: Problem = ""
    first_bad_seq: int = 0
    message: str = ""
    secs: float = 0.0

    def raise_if_bad(self) -> None:
        """
        Turn a bad report into its exception.

        Raises
        ------
        SequenceGap
            If entries are missing.
        CorruptEntry
            If an entry is altered or cannot be read.
        """
        if self.ok:
            return
        raise (SequenceGap if self.problem in {"missing", "torn tail"} else CorruptEntry)(self.message)


class _Bad(Exception):
    def __init__(self, problem: Problem, seq: int, message: str) -> None:
        super().__init__(message)
        self.problem: Problem = problem
        self.seq = seq


class _Chain:
    """Walk along the entries and remember how far they are good."""

    def __init__(self, run_id: str) -> None:
        self.seq = 0
        self.digest = chain.genesis(run_id)

    def follow(self, rows: list[tuple[Any, ...]]) -> None:
        link, digest, seq = chain.link, self.digest, self.seq
        for row in rows:
            found = row[0]
            if found == seq + 1:
                digest = link(digest, row[:-1])
                if digest == row[-1]:
                    seq = found
                    self.seq, self.digest = seq, digest
                    continue
            raise _name_problem(self, row, rows)


def verify_run(path: Path, *, on_progress: Callable[[int], None] | None = None) -> VerifyReport:
    """
    Check a run's journal from its first entry to its last.

    Parameters
    ----------
    path : Path
        The run's folder, or its journal file.
    on_progress : Callable[[int], None], optional
        Called now and then with the number of entries checked.

    Raises
    ------
    NotFound
        If there is no journal.
    """
    begun = time.perf_counter()
    if not journal_path(path).is_file():
        return _verify_sealed(path, begun)
    folder = journal_path(path).parent
    manifest, manifest_problem = _manifest(folder)
    run_id = manifest.run_id if manifest else folder.name
    walk = _Chain(run_id)
    bad: _Bad | None = None
    try:
        _check(path, run_id, walk, manifest, on_progress)
        if manifest_problem:
            bad = _Bad("manifest", 0, manifest_problem)
    except _Bad as e:
        bad = e
    return VerifyReport(
        run_id=run_id,
        ok=bad is None,
        entries=walk.seq,
        last_hash=walk.digest.hex(),
        problem=bad.problem if bad else "",
        first_bad_seq=bad.seq if bad else 0,
        message=str(bad) if bad else f"{walk.seq} entries, gap-free and unaltered",
        secs=time.perf_counter() - begun,
    )


def _verify_sealed(folder: Path, begun: float) -> VerifyReport:
    """Check the seal of a run whose journal was pruned."""
    place = sealed_at(folder)
    if place is None:
        raise NotFound(f"a run must have a journal or a seal, {folder} has neither")
    manifest = load_manifest(folder)
    message = f"{manifest.last_seq} sealed entries, gap-free and unaltered"
    problem: Problem = ""
    try:
        check_seal(*place)
        if place[1].manifest.last_hash != manifest.last_hash:
            raise CorruptEntry(f"the seal of {manifest.run_id} must end as its manifest says, it does not")
    except CorruptEntry as error:
        message, problem = str(error), "altered"
    return VerifyReport(
        run_id=manifest.run_id,
        ok=not problem,
        entries=0 if problem else manifest.last_seq,
        last_hash=manifest.last_hash,
        problem=problem,
        message=message,
        secs=time.perf_counter() - begun,
    )


def verify_in_process(path: Path) -> VerifyReport:
    """
    Run ``verify_run`` in a process of its own, so that no state of this one can colour the result.

    Raises
    ------
    NotFound
        If there is no journal.
    EventCatalogError
        If the process died.
    """
    if not journal_path(path).is_file() and sealed_at(path) is None:
        raise NotFound(f"a run must have a journal, {journal_path(path)} does not exist")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-m", "catalog.verify", str(path)]
    done = subprocess.run(command, env=environment, capture_output=True, check=False)  # noqa: S603  our module
    if done.returncode:
        raise EventCatalogError(f"verifying {path} must end by itself: {done.stderr.decode()[-500:]}")
    return msgspec.json.decode(done.stdout, type=VerifyReport)


def _manifest(folder: Path) -> tuple[RunManifest | None, str]:
    try:
        return load_manifest(folder), ""
    except (NotFound, CorruptEntry) as e:
        return None, str(e)


def _check(
    path: Path,
    run_id: str,
    walk: _Chain,
    manifest: RunManifest | None,
    on_progress: Callable[[int], None] | None,
) -> None:
    marked_hash = ""
    for rows in _chunks(path, run_id, walk):
        walk.follow(rows)
        if manifest and rows[0][0] <= manifest.last_seq <= rows[-1][0]:
            marked_hash = rows[manifest.last_seq - rows[0][0]][-1].hex()
        if on_progress:
            on_progress(walk.seq)
    if manifest:
        _check_high_watermark(manifest, walk, marked_hash)


def _check_high_watermark(manifest: RunManifest, walk: _Chain, marked_hash: str) -> None:
    if manifest.last_seq > walk.seq:
        raise _Bad(
            "torn tail",
            walk.seq + 1,
            f"entries {walk.seq + 1} to {manifest.last_seq} are missing at the end: "
            f"the manifest counts {manifest.last_seq}",
        )
    if manifest.last_seq and manifest.last_hash != marked_hash:
        raise _Bad(
            "manifest",
            manifest.last_seq,
            f"entry {manifest.last_seq} must have the hash {manifest.last_hash[:16]}... of the manifest, "
            f"found {marked_hash[:16]}...: the whole chain or the manifest was rewritten",
        )


def _chunks(path: Path, run_id: str, walk: _Chain) -> Iterator[list[tuple[Any, ...]]]:
    try:
        db = connect_readonly(path)
    except CorruptEntry as e:
        raise _Bad("unreadable", 1, f"entry 1 cannot be read: {e}") from e
    try:
        owner = db.execute("SELECT value FROM meta WHERE key = 'run_id'").fetchone()
        if owner is None or owner[0] != run_id:
            raise _Bad(
                "foreign", 1, f"the journal must be that of run {run_id}, it names {owner and owner[0]}"
            )
        # an entry numbered 0 or below can only be an insertion
        after = -(1 << 62)
        while rows := _read(db, after, walk):
            yield rows
            after = rows[-1][0]
    finally:
        db.close()


def _read(db: sqlite3.Connection, after: int, walk: _Chain) -> list[tuple[Any, ...]]:
    """Read the next entries; on a damaged page, those before it one by one."""
    try:
        return db.execute(_QUERY, (after, _CHUNK)).fetchall()
    except sqlite3.DatabaseError:
        cursor = db.execute(_QUERY, (after, _CHUNK))
        try:
            for row in cursor:
                walk.follow([row])
        except sqlite3.DatabaseError as e:
            seq = walk.seq + 1
            raise _Bad("unreadable", seq, f"entry {seq} cannot be read: {e}") from e
        raise


def _name_problem(walk: _Chain, row: tuple[Any, ...], rows: list[tuple[Any, ...]]) -> _Bad:
    expected = walk.seq + 1
    if row[0] < expected:
        return _Bad("altered", row[0], f"entry {row[0]} was inserted, the first entry must have the number 1")
    if row[0] > expected:
        missing = (
            f"entry {expected} is" if row[0] == expected + 1 else f"entries {expected} to {row[0] - 1} are"
        )
        return _Bad("missing", expected, f"{missing} missing: {row[0]} follows {walk.seq}")
    later = next((other for other in rows if _belongs_at(walk, other)), None)
    if later is not None:
        return _Bad("swapped", expected, f"entry {expected} was exchanged with entry {later[0]}")
    return _Bad(
        "altered", expected, f"entry {expected} ({row[5]}) was altered: its content does not match its hash"
    )


def _belongs_at(walk: _Chain, row: tuple[Any, ...]) -> bool:
    """Tell whether a later row is really the one that should come next."""
    moved = (walk.seq + 1, *row[1:-1])
    return bool(row[0] > walk.seq + 1 and chain.link(walk.digest, moved) == row[-1])


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(verify_run(Path(sys.argv[1]))))
