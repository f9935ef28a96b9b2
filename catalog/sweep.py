"""
The sweep at start: every run that nobody ended gets an end, and no damaged file stops the boot.

A run whose entries are good is CRASHED_RECOVERED. A damaged one is QUARANTINED where it lies: its good
beginning can still be read. A folder that cannot even name its run is moved to ``<root>/quarantine``.
"""

from pathlib import Path
from typing import Final

import msgspec

from catalog.anchor import verify_tail
from catalog.journal import LOCK_FILE
from catalog.lock import OwnerLock
from catalog.manifest import RunManifest, RunStatus, load_manifest, save_manifest
from catalog.store import EventStore
from catalog.verify import VerifyReport, verify_run
from nautilus_bot.core.errors import AlreadyRunning, CorruptEntry, EventCatalogError, NotFound

QUARANTINE: Final = "quarantine"


class Swept(msgspec.Struct, frozen=True, kw_only=True):
    """
    What became of one unfinished run.

    Parameters
    ----------
    run_id : str
        The run.
    status : RunStatus
        CRASHED_RECOVERED or QUARANTINED.
    entries : int
        Good entries.
    note : str
        One sentence for a person.
    """

    run_id: str
    status: RunStatus
    entries: int
    note: str


def sweep(store: EventStore) -> list[Swept]:
    """
    End every unfinished run that has no live owner.

    Parameters
    ----------
    store : EventStore
        All runs.

    Returns
    -------
    list[Swept]
        What was found, oldest run first; empty when the last stop was clean.
    """
    found = []
    for name in store.run_ids():
        folder = store.root / "runs" / name
        try:
            lock = OwnerLock(folder / LOCK_FILE)
        except (AlreadyRunning, OSError):
            continue
        try:
            swept = _sweep_run(store, folder)
        finally:
            lock.release()
        if swept is not None:
            found.append(swept)
    return found


def _sweep_run(store: EventStore, folder: Path) -> Swept | None:
    try:
        manifest = load_manifest(folder)
    except (NotFound, CorruptEntry) as error:
        return _move_aside(store, folder, str(error))
    if manifest.status is not RunStatus.RUNNING:
        return None
    report = verify_tail(folder, manifest) or _verify(folder)
    swept = _judge(manifest, report)
    _write(folder, manifest, report, swept)
    return swept


def _verify(folder: Path) -> VerifyReport:
    try:
        return verify_run(folder)
    except EventCatalogError as error:
        return VerifyReport(
            run_id=folder.name,
            ok=False,
            entries=0,
            last_hash="",
            problem="unreadable",
            first_bad_seq=1,
            message=str(error),
        )


def _judge(manifest: RunManifest, report: VerifyReport) -> Swept:
    """Tell a crash from damage: a lost end is what a crash does, anything else is not."""
    crashed = report.ok or report.problem == "torn tail"
    return Swept(
        run_id=manifest.run_id,
        status=RunStatus.CRASHED_RECOVERED if crashed else RunStatus.QUARANTINED,
        entries=report.entries,
        note="the process ended without a stop" if report.ok else report.message,
    )


def _write(folder: Path, manifest: RunManifest, report: VerifyReport, swept: Swept) -> None:
    # a damaged run keeps its high-watermark: it is the evidence
    mark = {"last_seq": report.entries, "last_hash": report.last_hash} if report.ok else {}
    save_manifest(folder, msgspec.structs.replace(manifest, status=swept.status, note=swept.note, **mark))


def _move_aside(store: EventStore, folder: Path, reason: str) -> Swept:
    target = store.root / QUARANTINE / folder.name
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        folder.rename(target)
        note = f"{reason}; moved to {target}"
    except OSError as error:
        note = f"{reason}; left where it is, since it cannot be moved: {error}"
    return Swept(run_id=folder.name, status=RunStatus.QUARANTINED, entries=0, note=note)
