"""
A study on PostgreSQL that any number of processes, on any number of machines, work on.

Every process claims a batch under a lock of the database, so that together they make exactly the trials that
are wanted. While it evaluates, a heartbeat says that it lives. The trials of a process that died are marked
failed by whoever notices first, and are tried again by whoever is next; a failed trial is never counted.
"""

import threading
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import numpy as np
import optuna
import sqlalchemy
from optuna.distributions import BaseDistribution
from optuna.exceptions import ExperimentalWarning
from optuna.storages import RDBStorage, RetryHeartbeatStaleTrialCallback, fail_stale_trials
from optuna.storages._rdb import models
from optuna.trial import TrialState
from sqlalchemy.exc import ArgumentError, DatabaseError

from nautilus_bot.core.errors import ConfigError, ProcessError
from nautilus_bot.research.optimize.fingerprint import DIRECTION, Fingerprint, adopt
from nautilus_bot.research.optimize.objective import Objective
from nautilus_bot.research.optimize.sampler import CANDIDATES, STARTUP_TRIALS
from nautilus_bot.research.optimize.study import (
    OnBatch,
    StudySettings,
    build_crew,
    build_pruner,
    evaluate_batch,
    tell,
)
from nautilus_bot.research.optimize.trials import STATES, Trial, best_trials, read_trials

DRIVER: Final = "postgresql+psycopg2"
HEARTBEAT_SECS: Final = 5
GRACE_SECS: Final = 30
"""Silence after which a process counts as dead."""
WAIT_SECS: Final = 0.5
"""Between two looks at the trials of others, when there is nothing left to claim."""
FINISHED: Final = tuple(STATES)
UNDER_WAY: Final = (TrialState.RUNNING, TrialState.WAITING)


class SharedStudy:
    """
    One process's share in a study.

    Parameters
    ----------
    url : str
        ``postgresql://user:password@host/database``.
    name : str
        Name of the study; the first process makes it.
    settings : StudySettings
        As of every other process.
    fingerprint : Fingerprint
        Of the search.
    heartbeat_secs, grace_secs : int
        How often this process shows that it lives, and after which silence others count as dead.

    Raises
    ------
    ProcessError
        If the database does not answer.
    ConfigError
        If the address is wrong, or the study another one.
    """

    def __init__(
        self,
        url: str,
        name: str,
        settings: StudySettings,
        fingerprint: Fingerprint,
        *,
        heartbeat_secs: int = HEARTBEAT_SECS,
        grace_secs: int = GRACE_SECS,
    ) -> None:
        self.name = name
        self._settings = settings
        self._heartbeat_secs = heartbeat_secs
        self._storage = _open_storage(url, heartbeat_secs, grace_secs)
        where = f"study {name!r} at {hide_password(url)}"
        with self._alone():
            self._study = self._open_study(where)
            adopt(self._study, fingerprint, where)

    def trials(self) -> tuple[Trial, ...]:
        """Return the finished trials, those of others included."""
        return read_trials(self._study.get_trials(deepcopy=False))

    def run(self, objective: Objective, distributions: dict[str, BaseDistribution], on_batch: OnBatch) -> int:
        """
        Take part until the study has all its trials.

        Parameters
        ----------
        objective : Objective
            What is maximised.
        distributions : dict[str, BaseDistribution]
            Of every parameter.
        on_batch : OnBatch
            Called with this process's own trials and the best of all.

        Returns
        -------
        int
            Trials that this process finished.

        Raises
        ------
        ProcessError
            If the database stops answering.
        """
        try:
            return self._take_part(objective, distributions, on_batch)
        except (DatabaseError, optuna.exceptions.StorageInternalError) as error:
            reason = str(error.__cause__ or error).strip().splitlines()[0]
            raise ProcessError(
                f"the database of study {self.name!r} must answer until the end, it stopped: {reason}; run "
                "the same command again to go on"
            ) from error

    def _take_part(
        self, objective: Objective, distributions: dict[str, BaseDistribution], on_batch: OnBatch
    ) -> int:
        made = 0
        with build_crew(objective, self._settings.n_jobs) as crew:
            while True:
                claimed = self._claim()
                if not claimed:
                    if self._is_complete():
                        return made
                    time.sleep(WAIT_SECS)
                    continue
                with self._alive(claimed):
                    for trial in claimed:
                        _suggest(trial, distributions)
                    found = evaluate_batch(claimed, crew, self._settings, objective.slices)
                    for trial, (evaluation, pruned) in zip(claimed, found, strict=True):
                        made += self._tell(trial, evaluation, pruned)
                numbers = {trial.number for trial in claimed}
                everything = self.trials()
                on_batch([one for one in everything if one.number in numbers], best_trials(everything))

    def _claim(self) -> list[optuna.Trial]:
        """Take up what a dead process left, then new trials, never more than the study still needs."""
        with self._alone():
            self._fail_unborn()
            with _quiet():
                fail_stale_trials(self._study)
            trials = self._study.get_trials(deepcopy=False)
            states = [one.state for one in trials]
            finished = sum(state in FINISHED for state in states)
            running = states.count(TrialState.RUNNING)
            count = min(self._settings.batch, self._settings.n_trials - finished - running)
            claimed = []
            for _ in range(max(0, count)):
                # a waiting trial is a retry; Optuna hands these out first
                trial = self._study.ask()
                self._storage.record_heartbeat(trial._trial_id)
                claimed.append(trial)
            return claimed

    def _fail_unborn(self) -> None:
        """Fail trials of a process that died before its first heartbeat, made under the same lock."""
        trial, heartbeat = models.TrialModel, models.TrialHeartbeatModel
        unborn = (
            sqlalchemy.select(trial.trial_id)
            .outerjoin(heartbeat, heartbeat.trial_id == trial.trial_id)
            .where(trial.study_id == self._study._study_id, trial.state == TrialState.RUNNING)
            .where(heartbeat.trial_id.is_(None))
        )
        with self._storage.engine.connect() as connection:
            found = connection.execute(unborn).scalars().all()
        for trial_id in found:
            # it has no parameters yet, so there is nothing to try again
            self._storage.set_trial_state_values(trial_id, TrialState.FAIL)

    def _is_complete(self) -> bool:
        states = [one.state for one in self._study.get_trials(deepcopy=False)]
        return sum(state in FINISHED for state in states) >= self._settings.n_trials

    def _tell(self, trial: optuna.Trial, evaluation: Any, pruned: bool) -> int:
        """Tell a result; one that others have given up in the meantime is theirs to make again."""
        try:
            tell(self._study, trial, evaluation, self._settings, pruned=pruned)
        except (ValueError, optuna.exceptions.UpdateFinishedTrialError):
            if self._storage.get_trial(trial._trial_id).state != TrialState.FAIL:
                raise
            return 0
        return 1

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the study's lock; it falls with the connection, so a dead process holds nothing."""
        key = int.from_bytes(self.name.encode(), "big") % (2**63)
        with self._storage.engine.connect() as connection:
            connection.execute(sqlalchemy.select(sqlalchemy.func.pg_advisory_lock(key)))
            try:
                yield
            finally:
                connection.execute(sqlalchemy.select(sqlalchemy.func.pg_advisory_unlock(key)))

    @contextmanager
    def _alive(self, claimed: Sequence[optuna.Trial]) -> Iterator[None]:
        over = threading.Event()

        def beat() -> None:
            while not over.wait(self._heartbeat_secs):
                for trial in claimed:
                    self._storage.record_heartbeat(trial._trial_id)
            self._storage.remove_session()

        thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _open_study(self, where: str) -> optuna.Study:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        directions = [DIRECTION] * len(self._settings.metrics)
        study = optuna.create_study(
            storage=self._storage,
            study_name=self.name,
            directions=directions,
            sampler=_sampler(),
            pruner=build_pruner(self._settings),
            load_if_exists=True,
        )
        if study.directions != directions:
            raise ConfigError(
                f"{where} must maximise {len(directions)} metrics, it was made for {len(study.directions)}; "
                "choose another --study"
            )
        return study


def hide_password(storage: str) -> str:
    """Return a storage's address without its password; a path stays as it is."""
    if "://" not in storage:
        return storage
    try:
        return sqlalchemy.make_url(storage).render_as_string(hide_password=True)
    except ArgumentError:
        return storage.split("://", maxsplit=1)[0] + "://..."


def with_driver(url: str) -> str:
    """
    Return the address for the driver that the research extra brings; one that names its driver keeps it.

    Raises
    ------
    ArgumentError
        If it is no address.
    """
    parsed = sqlalchemy.make_url(url)
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername=DRIVER)
    return parsed.render_as_string(hide_password=False)


def _open_storage(url: str, heartbeat_secs: int, grace_secs: int) -> RDBStorage:
    shown = hide_password(url)
    try:
        with _quiet():
            return RDBStorage(
                with_driver(url),
                heartbeat_interval=heartbeat_secs,
                grace_period=grace_secs,
                heartbeat_stale_trial_callback=RetryHeartbeatStaleTrialCallback(),
            )
    except ArgumentError as error:
        raise ConfigError(
            f"a storage must be an address like postgresql://user@host/database, {shown} is not"
        ) from error
    except ImportError as error:
        raise ConfigError(f"{shown} needs psycopg2: pip install 'nautilus-bot[research]'") from error
    except (DatabaseError, RuntimeError) as error:
        reason = str(error.__cause__ or error).strip().splitlines()[0]
        raise ProcessError(
            f"the database of a shared study must answer, {shown} does not: {reason}"
        ) from error


def _sampler() -> optuna.samplers.BaseSampler:
    # every process draws differently, or two would propose the same; what others have under way is counted
    # as bad, so that they spread
    seed = int(np.random.SeedSequence().generate_state(1)[0])
    return optuna.samplers.TPESampler(
        seed=seed,
        multivariate=True,
        constant_liar=True,
        n_startup_trials=STARTUP_TRIALS,
        n_ei_candidates=CANDIDATES,
    )


def _suggest(trial: optuna.Trial, distributions: dict[str, BaseDistribution]) -> None:
    for name, one in distributions.items():
        if isinstance(one, optuna.distributions.IntDistribution):
            trial.suggest_int(name, one.low, one.high, step=one.step)
        elif isinstance(one, optuna.distributions.FloatDistribution):
            trial.suggest_float(name, one.low, one.high, step=one.step)
        else:
            raise ConfigError(f"{name} must be a whole or a floating number, was {type(one).__name__}")


@contextmanager
def _quiet() -> Iterator[None]:
    """Accept that Optuna calls its heartbeat experimental; the version is pinned and this is tested."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        yield
