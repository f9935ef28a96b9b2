"""Take a session's state as one message, put it on a fresh node, and fold a journal into one."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from nautilus_trader.cache.cache import Cache
from nautilus_trader.core.fsm import InvalidStateTrigger
from nautilus_trader.model.instruments import Instrument

from catalog.codec import EVENTS, FACTS, INSTRUMENTS, decode
from catalog.entry import Entry
from catalog.manifest import RunManifest, load_manifest
from catalog.reader import EntryFilter, entries, tail
from catalog.rebuild import Rebuild
from catalog.snapshot import pack_book, unpack_book
from nautilus_bot.core.clocks import MarketClock
from nautilus_bot.core.errors import CorruptEntry
from nautilus_bot.core.session_state import SessionSnapshot
from nautilus_bot.node.memory import SessionMemory
from nautilus_bot.node.modes import MODES
from nautilus_bot.risk.context import RiskContext
from nautilus_bot.risk.recovery import RiskFold
from nautilus_bot.risk.rule import Rule

SNAPSHOT: Final = SessionSnapshot.__name__
FOLDED: Final = (
    *(one.__name__ for one in (*INSTRUMENTS, *EVENTS)),
    *(one.__name__ for one in FACTS if one is not SessionSnapshot),
    "Bar",
)
"""Everything but commands: those were asked, not done."""


SNAPSHOT_ENTRIES: Final = 10_000
SNAPSHOT_SECS: Final = 3_600.0


class SnapshotPace:
    """
    Say when the next snapshot is due: after so many entries, or after so long.

    Parameters
    ----------
    seq : int
        Last entry when the session began.
    now : float
        Monotonic seconds.
    """

    def __init__(self, seq: int, now: float) -> None:
        self._seq = seq
        self._at = now

    def is_due(self, seq: int, now: float) -> bool:
        """Tell whether a snapshot is due; an idle journal needs none."""
        grown = seq - self._seq
        return grown >= SNAPSHOT_ENTRIES or (grown > 1 and now - self._at >= SNAPSHOT_SECS)

    def note(self, seq: int, now: float) -> None:
        """Take note of a snapshot."""
        self._seq, self._at = seq, now


def take_snapshot(
    cache: Cache,
    context: RiskContext,
    memory: SessionMemory,
    *,
    as_of_run: str,
    as_of_seq: int,
    as_of_hash: str,
    now_ns: int,
) -> SessionSnapshot:
    """
    Return the state of a session as of one entry.

    Parameters
    ----------
    cache : Cache
        Orders, positions and accounts.
    context : RiskContext
        What risk knows.
    memory : SessionMemory
        Signals and verdicts.
    as_of_run, as_of_seq, as_of_hash : str, int, str
        The last entry that the state has seen: its run, its number, its hash in hexadecimal.
    now_ns : int
        Wall clock, ns UTC.
    """
    return SessionSnapshot(
        ts_event=context.clock.now_ns,
        as_of_run=as_of_run,
        as_of_seq=as_of_seq,
        as_of_hash=as_of_hash,
        book=pack_book(cache, now_ns),
        risk=context.state(),
        verdicts=memory.verdicts,
        signals=memory.signals,
    )


class SessionFold:
    """
    Fold a session's entries into its state.

    Parameters
    ----------
    manifest : RunManifest
        The session.
    instruments : Iterable[Instrument]
        Those that the journal does not hold itself.
    """

    def __init__(self, manifest: RunManifest, instruments: Iterable[Instrument] = ()) -> None:
        self._manifest = manifest
        self._rebuild = Rebuild(manifest.oms)
        for instrument in instruments:
            self._rebuild.apply(instrument)
        nets = manifest.mode in MODES and MODES[manifest.mode].venue_nets
        self._context = RiskContext(MarketClock(), venue_nets=nets)
        self._risk = RiskFold(self._context, ())
        self._memory = SessionMemory()

    def begin(self, snapshot: SessionSnapshot) -> None:
        """Start from a snapshot instead of nothing."""
        unpack_book(snapshot.book, self._rebuild.cache)
        self._context.restore(snapshot.risk)
        self._memory.restore(snapshot.verdicts, snapshot.signals)

    def take(self, message: object) -> None:
        """Fold one message."""
        self._rebuild.apply(message)
        self._risk.apply(message)
        self._memory.observe(message)

    def state(self, as_of_seq: int, as_of_hash: str, now_ns: int = 0) -> SessionSnapshot:
        """Return the state as of an entry; parameters as in ``take_snapshot``."""
        return take_snapshot(
            self._rebuild.cache,
            self._context,
            self._memory,
            as_of_run=self._manifest.run_id,
            as_of_seq=as_of_seq,
            as_of_hash=as_of_hash,
            now_ns=now_ns or self._context.clock.now_ns,
        )


def fold_session(
    folder: Path,
    *,
    until_seq: int = 0,
    use_snapshots: bool = True,
    instruments: Iterable[Instrument] = (),
) -> SessionSnapshot:
    """
    Fold a run's journal into the state it ended with.

    Parameters
    ----------
    folder : Path
        The run's folder.
    until_seq : int, default 0
        Last good entry; 0 for all.
    use_snapshots : bool, default True
        Whether to start from the last snapshot; if not, from the first entry.
    instruments : Iterable[Instrument]
        Those that the journal does not hold itself: a backtest references them.

    Raises
    ------
    NotFound, CorruptEntry
        If the journal cannot be read.
    """
    fold = SessionFold(load_manifest(folder), instruments)
    # the first snapshot is what the run inherited: no fold may leave it out
    found = _last_snapshot(folder, until_seq) if use_snapshots else _first_snapshot(folder)
    if found is not None:
        fold.begin(decode(found.type, found.version, found.payload))
    last = found
    for entry in entries(
        folder, where=EntryFilter(types=FOLDED), after_seq=found.seq if found is not None else 0
    ):
        if until_seq and entry.seq > until_seq:
            break
        _take(fold, entry)
        last = entry
    if last is None:
        return fold.state(0, "")
    return fold.state(last.seq, last.entry_hash.hex(), last.ts_publish)


def _take(fold: SessionFold, entry: Entry) -> None:
    try:
        fold.take(decode(entry.type, entry.version, entry.payload))
    except (InvalidStateTrigger, ValueError, KeyError, TypeError) as e:
        raise CorruptEntry(
            f"entry {entry.seq} ({entry.type}) must follow from those before it, it does not: {e!r}"
        ) from e


def has_snapshot(folder: Path, until_seq: int = 0) -> bool:
    """Tell whether a journal holds a snapshot, up to an entry (0 for all); errors as in ``fold_session``."""
    first = _first_snapshot(folder)
    return first is not None and (not until_seq or first.seq <= until_seq)


def _last_snapshot(folder: Path, until_seq: int) -> Entry | None:
    count = 1
    while True:
        found = tail(folder, where=EntryFilter(types=(SNAPSHOT,)), count=count)
        usable = [entry for entry in found if not until_seq or entry.seq <= until_seq]
        if usable or len(found) < count:
            return usable[-1] if usable else None
        count *= 2


def _first_snapshot(folder: Path) -> Entry | None:
    return next(entries(folder, where=EntryFilter(types=(SNAPSHOT,)), limit=1), None)


def seed_rules(rules: Sequence[tuple[str, Rule]], snapshot: SessionSnapshot) -> None:
    """Let rules learn again from the entries that they still count."""
    for verdict in snapshot.verdicts:
        for _, rule in rules:
            rule.observe(verdict)
