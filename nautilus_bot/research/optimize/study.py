"""
Run a study: ask a batch of fixed size, evaluate it, tell it in order, keep it.

Optuna's study lives in memory, where a trial costs microseconds. What it learnt is handed to a ``Store`` once
a batch. The size of a batch does not depend on the number of processes, so the same seed gives the same
trials with one job and with many.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Final, Protocol

import msgspec
import optuna
from optuna.distributions import BaseDistribution
from optuna.pruners import BasePruner, MedianPruner, NopPruner
from optuna.trial import FrozenTrial, TrialState

from nautilus_bot.core.errors import ConfigError
from nautilus_bot.research.optimize.objective import Evaluation, Objective, Parameters
from nautilus_bot.research.optimize.sampler import STARTUP_TRIALS, BatchTpe
from nautilus_bot.research.optimize.score import METRICS, check_metrics
from nautilus_bot.research.optimize.trials import Trial, attributes_of, best_trials, read_trials
from nautilus_bot.research.optimize.workers import Alone, Crew, Workers

BATCH: Final = 8
"""Trials proposed at once."""
UNLIMITED: Final = float("inf")


class StudySettings(msgspec.Struct, frozen=True, kw_only=True):
    """
    How a study searches.

    Parameters
    ----------
    n_trials : int
        How many finished trials it is to have in the end, those it had before included.
    metrics : tuple[str, ...], default ("rmd",)
        What is maximised; several make a multi-objective study.
    seed : int, default 1
        The same seed gives the same trials.
    n_jobs : int, default 1
        Processes that evaluate; they do not change the trials.
    batch : int, default 8
        Trials proposed at once; this does change the trials.
    min_trades : int, default 0
        Constraint: fewer round trips are not feasible.
    max_drawdown_pct : float, default inf
        Constraint: a larger drawdown is not feasible.
    prune : bool, default True
        Stop a trial after the first slice of time when it is worse there than the median of those before;
        single-objective studies only.
    """

    n_trials: int
    metrics: tuple[str, ...] = ("rmd",)
    seed: int = 1
    n_jobs: int = 1
    batch: int = BATCH
    min_trades: int = 0
    max_drawdown_pct: float = UNLIMITED
    prune: bool = True

    def check(self) -> None:
        """
        Refuse figures that make no search.

        Raises
        ------
        ConfigError
            Naming the figure.
        """
        check_metrics(self.metrics)
        for name in ("n_trials", "n_jobs", "batch"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} must be >= 1, was {getattr(self, name)}")
        if self.seed < 0 or self.min_trades < 0 or self.max_drawdown_pct <= 0:
            raise ConfigError(
                f"seed and min_trades must be >= 0 and max_drawdown > 0, were {self.seed}, {self.min_trades} "
                f"and {self.max_drawdown_pct:g}"
            )

    @property
    def prunes(self) -> bool:
        """Whether trials are stopped early."""
        return self.prune and len(self.metrics) == 1


class Store(Protocol):
    """Where trials are kept while a study runs."""

    def load(self) -> Sequence[FrozenTrial]:
        """Return the finished trials so far, numbered from 0 without gaps."""
        ...

    def append(self, trials: Sequence[FrozenTrial]) -> None:
        """Keep a batch, all of it or nothing."""
        ...


class Memory:
    """A store that forgets."""

    def load(self) -> Sequence[FrozenTrial]:
        """Return nothing."""
        return ()

    def append(self, trials: Sequence[FrozenTrial]) -> None:
        """Keep nothing."""


type OnBatch = Callable[[Sequence[Trial], Sequence[Trial]], None]
"""Called after each batch with its trials and with the best ones so far."""


def run_study(
    objective: Objective,
    distributions: Mapping[str, BaseDistribution],
    settings: StudySettings,
    *,
    store: Store | None = None,
    first: Parameters | None = None,
    on_batch: OnBatch | None = None,
) -> tuple[Trial, ...]:
    """
    Search, from where the store left off, until the study has all its trials.

    Parameters
    ----------
    objective : Objective
        What is maximised.
    distributions : Mapping[str, BaseDistribution]
        Of every parameter, see ``space.distributions_of``.
    settings : StudySettings
        Trials, metrics, seed, processes, constraints.
    store : Store, optional
        Where trials are kept; nowhere by default.
    first : Parameters, optional
        Parameters of trial 0; proposed like all others by default.
    on_batch : OnBatch, optional
        For progress and records.

    Returns
    -------
    tuple[Trial, ...]
        All trials, those of before included, in order; see ``trials.best_trials``.

    Raises
    ------
    ConfigError
        If the settings make no search.
    ProcessError
        If a worker process died.
    """
    settings.check()
    keeper: Store = store or Memory()
    study = build_study(settings)
    study.add_trials(keeper.load())
    search = _Search(study, dict(distributions), settings, objective.slices)
    best: tuple[Trial, ...] = best_trials(read_trials(study.get_trials(deepcopy=False)))
    with build_crew(objective, settings.n_jobs) as crew:
        while (told := search.told()) < settings.n_trials:
            search.run_batch(crew, told, first if told == 0 else None)
            batch = study.get_trials(deepcopy=False)[told:]
            keeper.append(batch)
            trials = read_trials(batch)
            best = best_trials([*best, *trials])
            if on_batch is not None:
                on_batch(trials, best)
    return read_trials(study.get_trials(deepcopy=False))


def build_study(settings: StudySettings) -> optuna.Study:
    """Return an empty study in memory."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna.create_study(directions=["maximize"] * len(settings.metrics), pruner=build_pruner(settings))


def build_pruner(settings: StudySettings) -> BasePruner:
    """Return the rule by which trials are stopped early."""
    if settings.prunes:
        return MedianPruner(n_startup_trials=STARTUP_TRIALS)
    return NopPruner()


def build_crew(objective: Objective, n_jobs: int) -> AbstractContextManager[Crew]:
    """Return this process, or a crew of several, as a context."""
    return nullcontext(Alone(objective)) if n_jobs == 1 else Workers(objective, n_jobs)


class _Search:
    """One study, batch by batch."""

    def __init__(
        self,
        study: optuna.Study,
        distributions: dict[str, BaseDistribution],
        settings: StudySettings,
        slices: int,
    ) -> None:
        self._study = study
        self._distributions = distributions
        self._settings = settings
        self._slices = slices

    def told(self) -> int:
        return len(self._study.get_trials(deepcopy=False))

    def run_batch(self, crew: Crew, told: int, first: Parameters | None) -> None:
        settings = self._settings
        size = min(settings.batch, settings.n_trials - told)
        self._study.sampler = BatchTpe(settings.seed, told, size, self._distributions)
        if first is not None:
            self._study.enqueue_trial(_typed(first, self._distributions))
        asked = [self._study.ask(self._distributions) for _ in range(size)]
        evaluations = evaluate_batch(asked, crew, settings, self._slices)
        for trial, (evaluation, pruned) in zip(asked, evaluations, strict=True):
            tell(self._study, trial, evaluation, settings, pruned=pruned)


def evaluate_batch(
    asked: Sequence[optuna.Trial], crew: Crew, settings: StudySettings, slices: int
) -> list[tuple[Evaluation, bool]]:
    """
    Evaluate trials, and stop those early that do not look promising.

    Parameters
    ----------
    asked : Sequence[optuna.Trial]
        Trials with their parameters; what they reported is added to them.
    crew : Crew
        Who evaluates.
    settings : StudySettings
        The leading metric, and whether to prune.
    slices : int
        Slices of time there are.

    Returns
    -------
    list[tuple[Evaluation, bool]]
        One a trial: what came of it, and whether it was stopped after the first slice.
    """
    if not settings.prunes or slices == 1:
        return [(one, False) for one in crew.evaluate([(trial.params, 0) for trial in asked])]
    leading = METRICS[settings.metrics[0]]
    early = crew.evaluate([(trial.params, 1) for trial in asked])
    for trial, evaluation in zip(asked, early, strict=True):
        trial.report(leading(evaluation.figures), 1)
    pruned = [trial.should_prune() for trial in asked]
    whole = iter(
        crew.evaluate([(trial.params, 0) for trial, stop in zip(asked, pruned, strict=True) if not stop])
    )
    return [(one, True) if stop else (next(whole), False) for one, stop in zip(early, pruned, strict=True)]


def tell(
    study: optuna.Study, trial: optuna.Trial, evaluation: Evaluation, settings: StudySettings, *, pruned: bool
) -> None:
    """Give Optuna a trial's figures, constraints and values."""
    figures = evaluation.figures
    for name, value in attributes_of(evaluation).items():
        trial.set_user_attr(name, value)
    trial.set_user_attr("slices", evaluation.slices)
    if pruned:
        study.tell(trial, state=TrialState.PRUNED)
        return
    if settings.min_trades:
        trial.set_constraint("min_trades", float(settings.min_trades - figures.trades))
    if settings.max_drawdown_pct != UNLIMITED:
        trial.set_constraint("max_drawdown", figures.max_drawdown - settings.max_drawdown_pct)
    study.tell(trial, [METRICS[name](figures) for name in settings.metrics])


def _typed(parameters: Parameters, distributions: Mapping[str, BaseDistribution]) -> dict[str, float]:
    return {
        name: one.to_external_repr(float(parameters[name])) if name in parameters else parameters[name]
        for name, one in distributions.items()
    }
