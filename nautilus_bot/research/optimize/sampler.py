"""
Tree-structured Parzen estimator for batches of a fixed size, seeded batch by batch.

Optuna builds its model of good and bad trials anew for every trial it proposes. Within a batch nothing is
learnt, so one model serves all of it: its candidates are drawn and judged together, and each proposal is the
best of its own share of them, which is what Optuna does one by one. With a batch of one the proposals are
Optuna's own.

The seed of a batch comes from the study's seed and the number of the batch's first trial, not from a
generator's state. A study that was cut off therefore goes on with the very proposals it would have made.
"""

from typing import Any, Final

import numpy as np
import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import TPESampler
from optuna.samplers._tpe.sampler import _split_trials, default_gamma, default_gamma_multiobjective
from optuna.trial import FrozenTrial, TrialState

STARTUP_TRIALS: Final = 16
"""Random trials before the first model."""
CANDIDATES: Final = 24
"""Candidates for each proposal, as Optuna has it."""

_TOLD: Final = (TrialState.COMPLETE, TrialState.PRUNED)


class BatchTpe(TPESampler):
    """
    Propose a batch of trials from one model.

    Parameters
    ----------
    seed : int
        Of the study.
    first : int
        Number of the batch's first trial.
    size : int
        Trials in the batch.
    space : dict[str, BaseDistribution]
        Of every parameter.
    """

    def __init__(self, seed: int, first: int, size: int, space: dict[str, BaseDistribution]) -> None:
        super().__init__(
            seed=int(np.random.SeedSequence([seed, first]).generate_state(1)[0]),
            multivariate=True,
            n_startup_trials=STARTUP_TRIALS,
            n_ei_candidates=CANDIDATES,
        )
        self._size = size
        # by name, as Optuna has them
        self._space = {name: one for name, one in sorted(space.items()) if not one.single()}
        self._proposals: list[dict[str, Any]] = []

    def infer_relative_search_space(
        self,
        study: optuna.Study,  # noqa: ARG002  Optuna's signature
        trial: FrozenTrial,  # noqa: ARG002  Optuna's signature
    ) -> dict[str, BaseDistribution]:
        """Return the whole space: it is the same for every trial, so there is nothing to infer."""
        return self._space

    def _sample(
        self,
        study: optuna.Study,
        trial: FrozenTrial,  # noqa: ARG002  Optuna's signature
        search_space: dict[str, BaseDistribution],
    ) -> dict[str, Any]:
        if not self._proposals:
            self._proposals = self._propose(study, search_space)
        return self._proposals.pop()

    def _propose(
        self, study: optuna.Study, search_space: dict[str, BaseDistribution]
    ) -> list[dict[str, Any]]:
        told = study._get_trials(deepcopy=False, states=_TOLD, use_cache=True)
        gamma = default_gamma if len(study.directions) == 1 else default_gamma_multiobjective
        good, bad = _split_trials(study, told, gamma(len(told)))
        below = self._build_parzen_estimator(study, search_space, good, handle_below=True)
        above = self._build_parzen_estimator(study, search_space, bad, handle_below=False)
        drawn = below.sample(self._rng.rng, CANDIDATES * self._size)
        merit = self._compute_acquisition_func(drawn, below, above).reshape(self._size, CANDIDATES)
        chosen = np.argmax(merit, axis=1) + CANDIDATES * np.arange(self._size)
        return [
            {name: one.to_external_repr(drawn[name][index].item()) for name, one in search_space.items()}
            for index in reversed(chosen)
        ]
