"""One trial of a study as the rest of the program reads it, free of Optuna's types."""

from collections.abc import Sequence
from typing import Final, Literal

import msgspec
from optuna.trial import FrozenTrial, TrialState

from nautilus_bot.research.optimize.objective import Evaluation
from nautilus_bot.research.optimize.score import Figures

FIGURES: Final = Figures.__struct_fields__
"""Kept as user attributes of Optuna's trials, under their own names."""
STATES: Final[dict[TrialState, Literal["complete", "pruned"]]] = {
    TrialState.COMPLETE: "complete",
    TrialState.PRUNED: "pruned",
}


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """
    One set of parameters and what came of it.

    Parameters
    ----------
    number : int
        In the study, from 0.
    state : str
        ``complete``, or ``pruned`` after the first slices of time.
    parameters : dict[str, float]
        By name.
    values : tuple[float, ...]
        The study's metrics; empty when pruned.
    figures : Figures
        All figures; of the first slices only when pruned.
    slices : tuple[float, ...]
        Metric reported at the end of each slice it lived through, single-objective studies only.
    feasible : bool
        Whether it kept to the constraints.
    """

    number: int
    state: Literal["complete", "pruned"]
    parameters: dict[str, float]
    values: tuple[float, ...]
    figures: Figures
    slices: tuple[float, ...]
    feasible: bool


def read_trials(found: Sequence[FrozenTrial]) -> tuple[Trial, ...]:
    """Return the finished ones of Optuna's trials, in order."""
    return tuple(read_trial(one) for one in found if one.state in STATES)


def read_trial(found: FrozenTrial) -> Trial:
    """Return a finished trial of Optuna's."""
    steps = sorted(found.intermediate_values.items())
    return Trial(
        number=found.number,
        state=STATES[found.state],
        parameters={name: float(value) for name, value in found.params.items()},
        values=tuple(found.values) if found.state == TrialState.COMPLETE else (),
        figures=Figures(**{name: found.user_attrs[name] for name in FIGURES}),
        slices=tuple(value for _, value in steps),
        feasible=all(value <= 0.0 for value in found.constraints.values()),
    )


def best_trials(trials: Sequence[Trial]) -> tuple[Trial, ...]:
    """
    Return the complete, feasible trials that no other one beats, best first by the leading metric.

    With one metric this is one trial, the earliest of the best; with several it is the Pareto front.
    """
    fair = [one for one in trials if one.state == "complete" and one.feasible]
    ranked = sorted(fair, key=lambda one: tuple(-value for value in one.values))
    front: list[Trial] = []
    for one in ranked:
        if not any(_beats(other, one) for other in front):
            front.append(one)
    return tuple(front)


def _beats(other: Trial, one: Trial) -> bool:
    # equal ones count as beaten: the earlier one stands for both
    return all(theirs >= ours for theirs, ours in zip(other.values, one.values, strict=True))


def attributes_of(evaluation: Evaluation) -> dict[str, float]:
    """Return what is kept of an evaluation as user attributes."""
    return msgspec.structs.asdict(evaluation.figures)
