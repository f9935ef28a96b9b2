"""Studies: reproducible however many processes take part, and Optuna's own proposals in batches of one."""

import optuna
import pytest

from nautilus_bot.core.errors import ConfigError
from nautilus_bot.research.optimize.sampler import CANDIDATES, STARTUP_TRIALS, BatchTpe
from nautilus_bot.research.optimize.study import StudySettings, run_study
from nautilus_bot.research.optimize.trials import best_trials


def tried(trials):
    return [(one.parameters, one.values, one.state) for one in trials]


def test_the_same_seed_gives_the_same_trials_and_another_seed_others(objective, distributions):
    first = run_study(objective, distributions, StudySettings(n_trials=40, seed=7))
    again = run_study(objective, distributions, StudySettings(n_trials=40, seed=7))
    other = run_study(objective, distributions, StudySettings(n_trials=40, seed=8))
    assert len(first) == 40
    assert tried(first) == tried(again)
    assert tried(first) != tried(other)


def test_two_processes_make_the_trials_that_one_makes(objective, distributions):
    alone = run_study(objective, distributions, StudySettings(n_trials=32, seed=7))
    together = run_study(objective, distributions, StudySettings(n_trials=32, seed=7, n_jobs=2))
    assert tried(alone) == tried(together)


def test_the_proposals_of_a_batch_of_one_are_those_of_optuna(distributions):
    optuna.logging.set_verbosity(optuna.logging.WARNING)

    def study():
        made = optuna.create_study(direction="maximize")
        made.add_trials(
            optuna.create_trial(
                params=params, distributions=distributions, value=-abs(params["multiplier"] - 2.0)
            )
            for params in random_parameters(distributions, STARTUP_TRIALS + 20)
        )
        return made

    ours, theirs = study(), study()
    ours.sampler = BatchTpe(5, 36, 1, distributions)
    seed = ours.sampler._rng.rng.get_state()
    theirs.sampler = optuna.samplers.TPESampler(
        multivariate=True, n_startup_trials=STARTUP_TRIALS, n_ei_candidates=CANDIDATES
    )
    theirs.sampler._rng.rng.set_state(seed)
    assert ours.ask(distributions).params == theirs.ask(distributions).params


def random_parameters(distributions, count):
    sampler = optuna.samplers.RandomSampler(seed=1)
    study = optuna.create_study(sampler=sampler)
    return [study.ask(distributions).params for _ in range(count)]


def test_it_finds_better_parameters_than_chance(objective, distributions):
    trials = run_study(objective, distributions, StudySettings(n_trials=160, prune=False))
    chance = max(one.values[0] for one in trials[:STARTUP_TRIALS])
    later = sorted(one.values[0] for one in trials[80:])
    assert best_trials(trials)[0].values[0] > chance
    assert later[len(later) // 2] > sorted(one.values[0] for one in trials[:STARTUP_TRIALS])[8]


def test_the_present_parameters_are_trial_0(objective, distributions):
    present = {"lookback": 18, "multiplier": 2.2, "expansion": 1.0, "stop_atr": 2.0, "target_atr": 3.0}
    trials = run_study(objective, distributions, StudySettings(n_trials=8), first=present)
    assert trials[0].parameters == pytest.approx(present)


def test_trials_that_lag_behind_the_median_of_the_first_slice_are_pruned(objective, distributions):
    trials = run_study(objective, distributions, StudySettings(n_trials=64))
    pruned = [one for one in trials if one.state == "pruned"]
    assert pruned
    for one in pruned:
        before = [
            other.slices[0] for other in trials if other.number < one.number and other.state == "complete"
        ]
        assert one.slices[0] < max(before)
        assert one.values == ()
    whole = run_study(objective, distributions, StudySettings(n_trials=64, prune=False))
    assert {one.state for one in whole} == {"complete"}


def test_the_best_trial_keeps_to_the_constraints(objective, distributions):
    free = run_study(objective, distributions, StudySettings(n_trials=64, prune=False))
    fewest = best_trials(free)[0].figures.trades + 1
    bound = run_study(objective, distributions, StudySettings(n_trials=64, min_trades=fewest, prune=False))
    assert best_trials(bound)[0].figures.trades >= fewest
    assert any(not one.feasible for one in bound)
    assert all(one.feasible == (one.figures.trades >= fewest) for one in bound)


def test_a_drawdown_bound_is_kept_too(objective, distributions):
    trials = run_study(
        objective, distributions, StudySettings(n_trials=32, max_drawdown_pct=3.0, prune=False)
    )
    assert all(one.feasible == (one.figures.max_drawdown <= 3.0) for one in trials)


def test_several_metrics_give_a_pareto_front(objective, distributions):
    settings = StudySettings(n_trials=48, metrics=("total_return", "sharpe"))
    trials = run_study(objective, distributions, settings)
    front = best_trials(trials)
    for one in front:
        assert not any(all(a > b for a, b in zip(other.values, one.values, strict=True)) for other in trials)
    assert max(one.values[0] for one in trials) == front[0].values[0]


def test_a_search_without_trials_or_jobs_is_refused(objective, distributions):
    with pytest.raises(ConfigError, match="n_trials must be >= 1, was 0"):
        run_study(objective, distributions, StudySettings(n_trials=0))
