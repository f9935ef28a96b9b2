"""
Follow a running bot from outside: its journal entry by entry, run after run, and its process by its run file.

Reading is all it does; the bot does not know of it. What it finds goes into the outbox together with how far
it has read.
"""

import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import msgspec

from catalog.manifest import RunManifest, RunStatus, load_manifest
from catalog.reader import EntryFilter, entries, last_seq
from catalog.store import EventStore
from monitoring.telegram.kinds import CRITICAL, Notification, Severity
from monitoring.telegram.outbox import Cursor, Outbox
from monitoring.telegram.policy import Policy
from monitoring.telegram.translate import TOLD_TYPES, translate
from nautilus_bot.core.errors import CorruptEntry, NotFound

LOG: Final = logging.getLogger(__name__)
BATCH: Final = 1_000
SAVED_EVERY_SECS: Final = 5.0
LONGEST_CHAIN: Final = 100
"""Runs of the past that are caught up with at most."""


class Sighting(msgspec.Struct, frozen=True, kw_only=True):
    """
    A bot as its run file shows it.

    Parameters
    ----------
    identity : str
        Means one process only.
    run_id : str
        Empty until it trades.
    state : str
        As the bot last said.
    running : bool
        Whether its process lives.
    reason : str
        Why it ended.
    """

    identity: str
    run_id: str
    state: str
    running: bool
    reason: str = ""

    @property
    def ending(self) -> tuple[str, Severity] | None:
        """Text and severity of an end that the journal does not tell; None for any other state."""
        if self.state == "failed":
            return "failed", "critical"
        if self.state == "killed":
            return "killed", "warning"
        if not self.running and self.state != "ended":
            return "died", "critical"
        return None


class Follower:
    """
    Turn what a bot does into queued notifications.

    Parameters
    ----------
    bot : str
        Its name.
    store : EventStore
        Where its runs are.
    look : Callable[[], Sighting | None]
        Reads its run file; None when it was never started.
    outbox : Outbox
        Where notifications and the place in the journal go.
    policy : Policy
        What is told at all.
    now_ns : Callable[[], int]
        Wall clock, ns UTC.
    clock : Callable[[], float]
        Monotonic seconds.
    """

    def __init__(
        self,
        bot: str,
        store: EventStore,
        look: Callable[[], Sighting | None],
        outbox: Outbox,
        policy: Policy,
        *,
        now_ns: Callable[[], int] = time.time_ns,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._bot = bot
        self._store = store
        self._look = look
        self._outbox = outbox
        self._policy = policy
        self._now_ns = now_ns
        self._clock = clock
        self._cursor = outbox.cursor(bot)
        self._saved_at = clock()
        self._told: set[str] = set()
        self._folder = Path()
        self._folder_of = ""

    def poll(self) -> int:
        """
        Read what is new.

        Returns
        -------
        int
            How many notifications were queued.

        Raises
        ------
        Undelivered
            If the queue cannot be written; the next call reads the same again.
        """
        sighting = self._look()
        if self._cursor is None:
            self._begin(sighting)
        put = self._read()
        if sighting is not None:
            put += self._follow_run(sighting)
            put += self._tell_ending(sighting)
        return put

    # -- where to read ------------------------------------------------------------------------------

    def _begin(self, sighting: Sighting | None) -> None:
        """Begin at the end of what is there: nobody wants to be told of last week."""
        run_id = sighting.run_id if sighting is not None else ""
        seq = 0
        if run_id:
            try:
                seq = last_seq(self._store.folder(run_id))
            except (NotFound, CorruptEntry) as e:
                LOG.warning("run %s cannot be read: %s", run_id, e)
        if sighting is not None and sighting.ending is not None:
            self._outbox.settle(self._ending(sighting, *sighting.ending), self._now_ns())
        self._save(Cursor(run_id, seq))

    def _follow_run(self, sighting: Sighting) -> int:
        """Go on to the run that the bot is in, through those that began and ended unseen."""
        assert self._cursor is not None
        put = 0
        if sighting.run_id and sighting.run_id != self._cursor.run_id:
            for manifest in self._runs_up_to(sighting.run_id):
                put += self._tell_crash(self._cursor.run_id)
                started = Notification(
                    key=f"{manifest.run_id}:started",
                    kind="started",
                    severity="info",
                    text="started",
                    ts_ns=manifest.started_ns,
                    facts={"bot": self._bot, "run": manifest.run_id, "mode": manifest.mode},
                )
                put += self._put([started], Cursor(manifest.run_id, 0))
                put += self._read()
        return put

    def _runs_up_to(self, run_id: str) -> list[RunManifest]:
        """Return a run and those that it continues, oldest first, behind the one that was read last."""
        assert self._cursor is not None
        chain: list[RunManifest] = []
        while run_id and run_id != self._cursor.run_id and len(chain) < LONGEST_CHAIN:
            try:
                chain.append(load_manifest(self._store.folder(run_id)))
            except (NotFound, CorruptEntry) as e:
                LOG.warning("run %s cannot be read: %s", run_id, e)
                break
            run_id = chain[-1].parent_run
        # a run that does not continue the one that was read last is the only news
        return chain[::-1] if run_id and run_id == self._cursor.run_id else chain[:1]

    # -- reading ------------------------------------------------------------------------------------

    def _read(self) -> int:
        assert self._cursor is not None
        run_id, seq = self._cursor
        if not run_id:
            return 0
        put = 0
        try:
            if self._folder_of != run_id:
                # finding it looks at every run there is
                self._folder, self._folder_of = self._store.folder(run_id), run_id
            last = last_seq(self._folder)
            if last <= seq:
                return 0
            for batch, upto in self._batches(self._folder, seq):
                put += self._put(batch, Cursor(run_id, upto))
        except (NotFound, CorruptEntry) as e:
            return put + self._tell_unreadable(run_id, str(e))
        if last > self._cursor.seq:
            # nothing to tell: the place is only written down now and then, reading again does no harm
            self._cursor = Cursor(run_id, last)
            if self._clock() - self._saved_at >= SAVED_EVERY_SECS:
                self._save(self._cursor)
        return put

    def _batches(self, folder: Path, seq: int) -> Iterator[tuple[list[Notification], int]]:
        batch: list[Notification] = []
        upto = seq
        for entry in entries(folder, where=EntryFilter(types=TOLD_TYPES), after_seq=seq):
            upto = entry.seq
            notification = translate(entry)
            if notification is not None:
                batch.append(notification)
            if len(batch) >= BATCH:
                yield batch, upto
                batch = []
        if batch:
            yield batch, upto

    # -- putting into the queue ---------------------------------------------------------------------

    def _put(self, notifications: list[Notification], cursor: Cursor | None = None) -> int:
        wanted = [one for one in notifications if self._policy.wants(one)]
        if cursor is not None and not wanted:
            self._save(cursor)
            return 0
        put = self._outbox.put(wanted, self._now_ns(), bot=self._bot, cursor=cursor)
        if cursor is not None:
            self._note(cursor)
        return put

    def _save(self, cursor: Cursor) -> None:
        self._outbox.put([], self._now_ns(), bot=self._bot, cursor=cursor)
        self._note(cursor)

    def _note(self, cursor: Cursor) -> None:
        self._cursor = cursor
        self._saved_at = self._clock()

    # -- what no journal tells ----------------------------------------------------------------------

    def _tell_ending(self, sighting: Sighting) -> int:
        if sighting.ending is None or sighting.identity + sighting.state in self._told:
            return 0
        self._told.add(sighting.identity + sighting.state)
        return self._put([self._ending(sighting, *sighting.ending)])

    def _ending(self, sighting: Sighting, text: str, severity: Severity) -> Notification:
        return Notification(
            key=f"{sighting.run_id or sighting.identity}:{text}",
            kind="critical" if severity == CRITICAL else "stopped",
            severity=severity,
            text=text,
            ts_ns=self._now_ns(),
            facts={
                "bot": self._bot,
                "state": sighting.state,
                "run": sighting.run_id or "-",
                "reason": sighting.reason,
            },
        )

    def _tell_crash(self, run_id: str) -> int:
        """Tell of a run that died while nobody looked: its successor has found out."""
        try:
            manifest = load_manifest(self._store.folder(run_id)) if run_id else None
        except (NotFound, CorruptEntry):
            return 0
        if manifest is None or manifest.status is not RunStatus.CRASHED_RECOVERED:
            return 0
        seen = Sighting(identity=run_id, run_id=run_id, state="trading", running=False)
        return self._put([self._ending(seen, "died", "critical")])

    def _tell_unreadable(self, run_id: str, reason: str) -> int:
        key = f"{run_id}:unreadable"
        if key in self._told:
            return 0
        self._told.add(key)
        LOG.error("run %s cannot be read: %s", run_id, reason)
        told = Notification(
            key=key,
            kind="error",
            severity="error",
            text="unreadable",
            ts_ns=self._now_ns(),
            facts={"run": run_id, "reason": reason},
        )
        return self._put([told])
