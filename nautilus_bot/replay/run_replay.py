"""Replay a run, the one way or the other, and say how it compares with its record."""

import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from catalog.decisions import decisions
from catalog.store import EventStore
from nautilus_bot.replay.decision_replay import ReplayReport, compare, replay_decisions
from nautilus_bot.replay.decisions import Decision
from nautilus_bot.replay.original import Original, load_original
from nautilus_bot.replay.record import load_recorded_run
from nautilus_bot.replay.resimulate import resimulate
from nautilus_bot.replay.tally import Tally, tally

type How = Literal["record", "again", "market", "fork"]


class KindCount(msgspec.Struct, frozen=True):
    """How many decisions of one kind either side has."""

    kind: str
    recorded: int
    replayed: int


class ReplayResult(msgspec.Struct, frozen=True, kw_only=True):
    """
    A replay and its original.

    Parameters
    ----------
    run_id, mode : str
        The original.
    how : How
        ``record``: fed with its recorded inputs and execution events. ``again``: a backtest run again.
        ``market``: on the market it saw, with simulated fills. ``fork``: that from its state at a moment on.
    code_changed : bool
        The program is another one than the one that recorded it.
    settings : tuple[str, ...]
        What was changed.
    decisions : ReplayReport
        Signals, verdicts, orders, cancels and, of a backtest, fills: how far they are the same.
    kinds : tuple[KindCount, ...]
        Decisions by kind.
    original : Tally
        What the original came to.
    replay_run : str
        The run that the replay was recorded as; empty when it was only compared.
    replayed : Tally | None
        What that came to.
    """

    run_id: str
    mode: str
    how: How
    code_changed: bool
    settings: tuple[str, ...]
    decisions: ReplayReport
    kinds: tuple[KindCount, ...]
    original: Tally
    replay_run: str = ""
    replayed: Tally | None = None


def replay_run(
    store: EventStore, name: str, *, market: bool = False, settings: Sequence[str] = ()
) -> ReplayResult:
    """
    Replay a run and compare.

    Parameters
    ----------
    store : EventStore
        Where the run is, and where a replay with fills of its own is recorded.
    name : str
        Run id, a unique beginning of one, or ``latest``.
    market : bool, default False
        Simulate the fills instead of taking the recorded ones; a changed setting needs that.
    settings : Sequence[str]
        What-if settings, see ``overrides``.

    Raises
    ------
    NotFound, CorruptEntry
        If the run does not exist or cannot be read.
    ConfigError
        If a setting is wrong.
    DataError
        If the data catalog holds other bars than the run read.
    """
    original = load_original(store.folder(name), settings)
    if original.is_trading and not market and not settings:
        return _from_record(original)
    if market or settings:
        run = resimulate(original, store)
        return _compared(original, "market", run.folder, tuple(settings), keep=True)
    with tempfile.TemporaryDirectory(prefix="replay-") as folder:
        run = resimulate(original, EventStore(Path(folder)))
        return _compared(original, "again", run.folder, (), keep=False)


def _from_record(original: Original) -> ReplayResult:
    record = load_recorded_run(original.folder)
    report, replayed = replay_decisions(record, original.spec(), record.instruments)
    return ReplayResult(
        run_id=original.manifest.run_id,
        mode=original.manifest.mode,
        how="record",
        code_changed=original.code_changed,
        settings=(),
        decisions=report,
        kinds=count_kinds(record.decisions, replayed),
        original=tally(original.folder),
    )


def _compared(
    original: Original, how: How, folder: Path, settings: tuple[str, ...], *, keep: bool
) -> ReplayResult:
    recorded, replayed = decisions_of(original.folder), decisions_of(folder)
    return ReplayResult(
        run_id=original.manifest.run_id,
        mode=original.manifest.mode,
        how=how,
        code_changed=original.code_changed,
        settings=settings,
        decisions=compare(recorded, replayed),
        kinds=count_kinds(recorded, replayed),
        original=tally(original.folder),
        replay_run=folder.name if keep else "",
        replayed=tally(folder),
    )


def decisions_of(folder: Path, after_ns: int = -1) -> list[Decision]:
    """Return what a run decided after a moment of the market clock, without the clock at which it did."""
    return [
        Decision(kind, msgspec.json.encode(rest).decode())
        for kind, market_ns, *rest in decisions(folder)
        if market_ns > after_ns
    ]


def count_kinds(recorded: Iterable[Decision], replayed: Iterable[Decision]) -> tuple[KindCount, ...]:
    """Return how many decisions of each kind either side has."""
    left = Counter(decision.kind for decision in recorded)
    right = Counter(decision.kind for decision in replayed)
    return tuple(KindCount(kind, left[kind], right[kind]) for kind in sorted(left | right))
