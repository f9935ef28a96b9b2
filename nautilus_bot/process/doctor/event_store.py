"""The event catalog: runs that nobody ended, damaged ones, and whether the latest record holds together."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from catalog.journal import LOCK_FILE
from catalog.lock import OwnerLock
from catalog.manifest import RunManifest, RunStatus
from catalog.store import EventStore
from catalog.verify import verify_run
from nautilus_bot.core.errors import AlreadyRunning, EventCatalogError, NotFound
from nautilus_bot.process.doctor.finding import Said, ok, warn
from nautilus_bot.process.doctor.surroundings import Surroundings

ENTRIES_VERIFIED: Final = 300_000
"""A longer run is left to ``events verify``: the doctor is not to take more than a few seconds."""
NAMES_SHOWN: Final = 3


def check_event_store(around: Surroundings) -> Iterator[Said]:
    """Look for runs that crashed, and verify the chain of the latest one that has ended."""
    root = Path(around.config.backtest.event_store_path if around.config else "var/events")
    store = EventStore(root)
    runs, damaged = store.runs(), store.damaged()
    if not runs and not damaged:
        yield ok(f"no run yet in {root}")
        return
    running = [run for run in runs if run.status is RunStatus.RUNNING]
    crashed = [run.run_id for run in running if not is_owned(store.root / "runs" / run.run_id)]
    if crashed:
        yield warn(
            f"{len(crashed)} runs ended without a stop: {_some(crashed)}",
            "nothing to do: the next start recovers them; `nautilus-bot events runs` shows them",
        )
    aside = [run.run_id for run in runs if run.status is RunStatus.QUARANTINED]
    if damaged or aside:
        yield warn(
            f"{len(damaged) + len(aside)} runs are damaged: {_some([*damaged, *aside])}",
            "`nautilus-bot events verify --run ID` says where; `nautilus-bot restore` brings back a backup",
        )
    yield ok(f"{len(runs)} runs in {root}, {len(running) - len(crashed)} being written")
    ended = [run for run in runs if run.status is not RunStatus.RUNNING and run.last_seq]
    if ended:
        yield _verified(store, ended[-1])


def is_owned(folder: Path) -> bool:
    """Return whether a living process writes a run."""
    path = folder / LOCK_FILE
    if not path.exists():
        return False
    try:
        OwnerLock(path).release()
    except AlreadyRunning:
        return True
    except OSError:
        return False
    return False


def _verified(store: EventStore, run: RunManifest) -> Said:
    if run.last_seq > ENTRIES_VERIFIED:
        return ok(
            f"{run.run_id} has {run.last_seq} entries: not verified here, `nautilus-bot events verify` does"
        )
    mend = f"`nautilus-bot events verify --run {run.run_id}`; `nautilus-bot restore` brings back a backup"
    try:
        report = verify_run(store.folder(run.run_id))
    except (EventCatalogError, NotFound) as error:
        return warn(str(error), mend)
    if not report.ok:
        return warn(f"the latest ended run does not verify: {report.message}", mend)
    return ok(f"the latest ended run verifies: {run.run_id}, {report.message}, {report.secs:.1f} s")


def _some(names: list[str]) -> str:
    more = len(names) - NAMES_SHOWN
    return ", ".join(names[-NAMES_SHOWN:]) + (f" and {more} more" if more > 0 else "")
