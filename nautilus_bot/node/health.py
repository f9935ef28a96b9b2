"""Whether a trading session is well: the loop turns, the market is heard, the journal writes, stops stand."""

from collections.abc import Callable

from nautilus_bot.core.control import Health, HealthCheck, JournalState
from nautilus_bot.core.snapshot import LedgerState, Snapshot

FEED_LIMIT_SECS = 30.0
BARE_LIMIT_SECS = 5.0
"""How long a position may stand without its stop: the moment between fill and acknowledgement is normal."""


class HealthMonitor:
    """
    Judge a session once a second and on request.

    Parameters
    ----------
    snapshot : Callable[[], Snapshot]
        The live view.
    journal : Callable[[], JournalState]
        State of the journal.
    clock : Callable[[], float]
        Monotonic seconds.
    """

    def __init__(
        self,
        snapshot: Callable[[], Snapshot],
        journal: Callable[[], JournalState],
        clock: Callable[[], float],
    ) -> None:
        self._snapshot = snapshot
        self._journal = journal
        self._clock = clock
        self._beat = 0
        self._bare_since: dict[tuple[str, str], float] = {}

    def beat(self) -> None:
        """Count one turn of the loop and note since when a position has no stop."""
        self._beat += 1
        self._note_bare(self._snapshot())

    def judge(self) -> Health:
        """Return what is well and what is not."""
        snapshot = self._snapshot()
        self._note_bare(snapshot)
        journal = self._journal()
        checks = (
            _feed(snapshot),
            HealthCheck(
                name="journal", ok=not journal.halted, text=journal.halted or f"at entry {journal.seq}"
            ),
            self._stops(snapshot),
            HealthCheck(
                name="view", ok=not snapshot.gaps, text=f"{snapshot.gaps} events did not fit what was known"
            ),
        )
        return Health(ok=all(check.ok for check in checks), beat=self._beat, seq=journal.seq, checks=checks)

    def _note_bare(self, snapshot: Snapshot) -> None:
        now = self._clock()
        bare = {_key(position) for position in snapshot.positions if not position.covered}
        self._bare_since = {key: self._bare_since.get(key, now) for key in bare}

    def _stops(self, snapshot: Snapshot) -> HealthCheck:
        now = self._clock()
        late = [key for key, since in self._bare_since.items() if now - since > BARE_LIMIT_SECS]
        if late:
            names = ", ".join(f"{instrument_id} of {strategy_id}" for strategy_id, instrument_id in late)
            return HealthCheck(
                name="stops", ok=False, text=f"without a stop for {BARE_LIMIT_SECS:g} s: {names}"
            )
        return HealthCheck(name="stops", ok=True, text=f"{len(snapshot.positions)} positions covered")


def _key(position: LedgerState) -> tuple[str, str]:
    return position.strategy_id, position.instrument_id


def _feed(snapshot: Snapshot) -> HealthCheck:
    age = snapshot.feed_age_secs
    if age < 0:
        return HealthCheck(name="feed", ok=True, text="nothing heard yet")
    return HealthCheck(name="feed", ok=age <= FEED_LIMIT_SECS, text=f"last heard {age:.1f} s ago")
