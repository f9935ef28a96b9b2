"""Record a study in the event catalog: a run of mode ``research``, one event a trial."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from catalog.codec import decode, encode
from catalog.manifest import DataQuery, RunStatus
from catalog.reader import EntryFilter, tail
from catalog.store import EventStore, Run
from nautilus_bot.core import topics
from nautilus_bot.core.errors import NotFound
from nautilus_bot.core.messages import Indicator, Message, StudyEnded, StudyStarted, TrialFinished
from nautilus_bot.node.provenance import code_hash, library_versions
from nautilus_bot.research.optimize.trials import Trial

MODE: Final = "research"
FINISHED: Final = EntryFilter(types=(TrialFinished.__name__,))


class StudyRecord:
    """
    The run of a study: opened with its start, given its trials, closed with its end.

    Parameters
    ----------
    run : Run
        An open run.
    study : str
        Name of the study.
    """

    def __init__(self, run: Run, study: str) -> None:
        self.run = run
        self._study = study

    def start(self, **facts: Any) -> None:
        """Record that the search begins or goes on; fields of ``StudyStarted``."""
        self._append(StudyStarted(ts_event=time.time_ns(), study=self._study, **facts))
        self.run.journal.flush()

    def add(self, trials: Sequence[Trial]) -> None:
        """Record trials that are kept in the study already."""
        now = time.time_ns()
        for trial in trials:
            self._append(_event(self._study, trial, now))
        self.run.journal.flush()

    def catch_up(self, trials: Sequence[Trial]) -> None:
        """Record the trials that were kept before a crash, but not recorded any more."""
        last = tail(self.run.folder, where=FINISHED, count=1)
        number = decode(last[0].type, last[0].version, last[0].payload).number if last else -1
        self.add([one for one in trials if one.number > number])

    def end(self, trials: int, best: Trial | None) -> None:
        """Record the end, and close the run."""
        self._append(
            StudyEnded(
                ts_event=time.time_ns(),
                study=self._study,
                trials=trials,
                best=best.number if best else -1,
                values=best.values if best else (),
            )
        )
        self.run.end()

    def abandon(self) -> None:
        """Close the journal of a search that was stopped; its manifest goes on saying RUNNING."""
        self.run.journal.close()

    def _append(self, fact: Message) -> None:
        name, version, payload = encode(fact)
        self.run.journal.append(
            ts_init=fact.ts_event,
            ts_market=0,
            ts_publish=fact.ts_event,
            topic=topics.RESEARCH + self._study,
            type=name,
            version=version,
            payload=payload,
        )


def open_record(
    root: Path, study: str, config: dict[str, Any], queries: Sequence[DataQuery], previous: str
) -> tuple[StudyRecord, bool]:
    """
    Open the run of a study: the one a crash left, or a new one.

    Parameters
    ----------
    root : Path
        Folder of the event catalog.
    study : str
        Name of the study.
    config : dict
        What is searched, as JSON values.
    queries : Sequence[DataQuery]
        The bars.
    previous : str
        Run of the study's last search; empty for none.

    Returns
    -------
    tuple[StudyRecord, bool]
        The record, and whether it goes on with the run ``previous``.

    Raises
    ------
    AlreadyRunning, CorruptEntry, JournalHalted
        If the run's journal is owned by another process, damaged or not writable.
    """
    store = EventStore(root)
    if previous and (run := _unfinished(store, previous)) is not None:
        return StudyRecord(run, study), True
    run = store.new_run(
        MODE,
        msgspec.json.encode(config),
        durable=False,
        code_hash=code_hash(),
        data_queries=tuple(queries),
        parent_run=previous,
        versions=library_versions(),
    )
    return StudyRecord(run, study), False


def _unfinished(store: EventStore, name: str) -> Run | None:
    if name not in store.run_ids():
        return None
    try:
        run = store.open_run(name, durable=False)
    except NotFound:
        return None
    if run.manifest.status == RunStatus.RUNNING:
        return run
    run.journal.close()
    return None


def _event(study: str, trial: Trial, now: int) -> TrialFinished:
    return TrialFinished(
        ts_event=now,
        study=study,
        number=trial.number,
        state=trial.state,
        feasible=trial.feasible,
        values=trial.values,
        parameters=tuple(Indicator(name, value) for name, value in trial.parameters.items()),
        figures=tuple(
            Indicator(name, float(value)) for name, value in msgspec.structs.asdict(trial.figures).items()
        ),
    )
