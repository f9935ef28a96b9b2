"""
A study in one SQLite file that any Optuna tool opens, written a batch at a time.

Optuna's own way costs 35 ms a trial: some twenty statements, each in a transaction that waits for the disk.
Here Optuna makes the tables and the study, and finished trials are inserted by the batch, one transaction
each, into Optuna's tables by Optuna's own table definitions. The write-ahead log makes a committed batch
survive the death of the process; when the search ends the log is folded in and one plain file is left.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Self

import optuna
import sqlalchemy
from optuna.distributions import distribution_to_json
from optuna.storages import RDBStorage
from optuna.storages._rdb import models
from optuna.trial import FrozenTrial
from sqlalchemy.exc import DatabaseError

from catalog.lock import OwnerLock
from nautilus_bot.core.errors import AlreadyRunning, ConfigError
from nautilus_bot.research.optimize.fingerprint import DIRECTION, Fingerprint, adopt
from nautilus_bot.research.optimize.trials import STATES, Trial, read_trials

LOCK_SUFFIX: Final = ".lock"
TABLES: Final = (
    models.TrialModel,
    models.TrialParamModel,
    models.TrialValueModel,
    models.TrialIntermediateValueModel,
    models.TrialUserAttributeModel,
    models.TrialSystemAttributeModel,
)
"""In the order in which their rows refer to each other."""

type Row = dict[str, Any]


class StudyFile:
    """
    Own one study of an SQLite file; use it in a ``with`` block.

    Parameters
    ----------
    path : Path
        The file; made when absent, its folder too. It may hold several studies.
    name : str
        Name of the study.
    metrics : tuple[str, ...]
        What the study maximises.
    fingerprint : Fingerprint
        Of the search.

    Raises
    ------
    AlreadyRunning
        If another process searches in this file.
    ConfigError
        If the file is no Optuna database, of another version, or the study another one.
    """

    def __init__(self, path: Path, name: str, metrics: tuple[str, ...], fingerprint: Fingerprint) -> None:
        self.path = path
        self.name = name
        self._lock = _lock(path)
        try:
            self._storage = _open_storage(path)
            self._study = _open_study(self._storage, name, metrics, f"study {name!r} in {path}")
            adopt(self._study, fingerprint, f"study {name!r} in {path}")
        except BaseException:
            self._lock.release()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def attributes(self) -> dict[str, Any]:
        """User attributes of the study."""
        found: dict[str, Any] = self._study.user_attrs
        return found

    def note(self, key: str, value: object) -> None:
        """Set a user attribute of the study."""
        self._study.set_user_attr(key, value)

    def load(self) -> Sequence[FrozenTrial]:
        """
        Return the finished trials, numbered from 0 without gaps.

        Raises
        ------
        ConfigError
            If another tool has left trials that are not finished: numbers could not go on without gaps.
        """
        found: list[FrozenTrial] = self._study.get_trials(deepcopy=False)
        odd = [one.number for one in found if one.state not in STATES]
        if odd:
            raise ConfigError(
                f"a study that goes on must hold finished trials only, number {odd[0]} of {self.name!r} in "
                f"{self.path} is {found[odd[0]].state.name}; choose another --study"
            )
        return found

    def trials(self) -> tuple[Trial, ...]:
        """Return the finished trials as the rest of the program reads them; errors as in ``load``."""
        return read_trials(self.load())

    def append(self, trials: Sequence[FrozenTrial]) -> None:
        """Insert trials in one transaction."""
        engine = self._storage.engine
        with engine.begin() as connection:
            last = connection.execute(sqlalchemy.select(sqlalchemy.func.max(models.TrialModel.trial_id)))
            first_id = (last.scalar() or 0) + 1
            rows: dict[Any, list[Row]] = {table: [] for table in TABLES}
            for trial_id, trial in enumerate(trials, first_id):
                for table, row in _rows(trial, trial_id, self._study._study_id):
                    rows[table].append(row)
            for table in TABLES:
                if rows[table]:
                    connection.execute(table.__table__.insert(), rows[table])

    def close(self) -> None:
        """Fold the write-ahead log into the file and give up ownership; once is enough."""
        engine = self._storage.engine
        try:
            self._storage.remove_session()
            with engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
                connection.exec_driver_sql("PRAGMA journal_mode = DELETE")
        except DatabaseError:
            # a reader holds the file: the log stays beside it, and nothing is lost
            pass
        finally:
            engine.dispose()
            self._lock.release()


def _lock(path: Path) -> OwnerLock:
    lock = path.with_name(path.name + LOCK_SUFFIX)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return OwnerLock(lock)
    except AlreadyRunning as error:
        owner = lock.read_text(encoding="utf-8").strip()
        raise AlreadyRunning(
            f"one process at a time may search in a study file, {path} belongs to process {owner}; wait "
            "for it, choose another file, or share a study with --storage postgresql://..."
        ) from error
    except OSError as error:
        raise ConfigError(f"a study file must be writable, {path} is not: {error}") from error


def _open_storage(path: Path) -> RDBStorage:
    try:
        storage = RDBStorage(f"sqlite:///{path}", engine_kwargs={"connect_args": {"timeout": 30}})
        sqlalchemy.event.listen(storage.engine, "connect", _relax)
        storage.engine.dispose()
    except (DatabaseError, RuntimeError) as error:
        reason = str(error.__cause__ or error).splitlines()[0]
        raise ConfigError(
            f"a study file must be an SQLite database of Optuna {optuna.__version__}, {path} is not: {reason}"
        ) from error
    return storage


def _relax(connection: Any, _record: object) -> None:
    """Commit into a write-ahead log, which survives kill -9 without waiting for the disk."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.close()


def _open_study(storage: RDBStorage, name: str, metrics: tuple[str, ...], where: str) -> optuna.Study:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        storage=storage, study_name=name, directions=[DIRECTION] * len(metrics), load_if_exists=True
    )
    if study.directions != [DIRECTION] * len(metrics):
        raise ConfigError(
            f"{where} must maximise {len(metrics)} metrics ({', '.join(metrics)}), it was made for "
            f"{len(study.directions)}; choose another --study"
        )
    return study


def _rows(trial: FrozenTrial, trial_id: int, study_id: int) -> Iterator[tuple[Any, Row]]:
    yield (
        models.TrialModel,
        {
            "trial_id": trial_id,
            "number": trial.number,
            "study_id": study_id,
            "state": trial.state,
            "datetime_start": _utc(trial.datetime_start),
            "datetime_complete": _utc(trial.datetime_complete),
        },
    )
    for name, distribution in trial.distributions.items():
        yield (
            models.TrialParamModel,
            {
                "trial_id": trial_id,
                "param_name": name,
                "param_value": distribution.to_internal_repr(trial.params[name]),
                "distribution_json": distribution_to_json(distribution),
            },
        )
    for objective, value in enumerate(trial.values or ()):
        stored, kind = models.TrialValueModel.value_to_stored_repr(value)
        yield (
            models.TrialValueModel,
            {"trial_id": trial_id, "objective": objective, "value": stored, "value_type": kind},
        )
    for step, value in trial.intermediate_values.items():
        stored, kind = models.TrialIntermediateValueModel.intermediate_value_to_stored_repr(value)
        yield (
            models.TrialIntermediateValueModel,
            {
                "trial_id": trial_id,
                "step": step,
                "intermediate_value": stored,
                "intermediate_value_type": kind,
            },
        )
    yield from _attributes(models.TrialUserAttributeModel, trial_id, trial.user_attrs)
    yield from _attributes(models.TrialSystemAttributeModel, trial_id, trial.system_attrs)


def _attributes(table: Any, trial_id: int, values: dict[str, Any]) -> Iterator[tuple[Any, Row]]:
    for key, value in values.items():
        yield table, {"trial_id": trial_id, "key": key, "value_json": _json(value)}


def _json(value: object) -> str:
    return json.dumps(value)


def _utc(moment: datetime | None) -> datetime | None:
    # Optuna's trials carry naive local times, its tables naive UTC
    return None if moment is None else moment.astimezone(UTC).replace(tzinfo=None)
