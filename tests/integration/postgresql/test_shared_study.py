"""One study on a real PostgreSQL, several processes: together exactly the trials that were asked for."""

import json
import os
import subprocess
import sys
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState

pytest.importorskip("numba", reason="the search needs the research extra")

from nautilus_bot.core.errors import ConfigError, ProcessError
from nautilus_bot.research.optimize.shared_study import SharedStudy, hide_password, with_driver
from nautilus_bot.research.optimize.study import StudySettings

WORKER = Path(__file__).with_name("worker.py")
ROOT = Path(__file__).parents[3]
TIMEOUT_SECS = 240

pytestmark = pytest.mark.service


def start(url, name, n_trials, *words):
    return subprocess.Popen(
        [sys.executable, WORKER, url, name, str(n_trials), *words],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )


def finish(worker):
    out, _ = worker.communicate(timeout=TIMEOUT_SECS)
    assert worker.returncode == 0
    return int(out.split()[-1])


def load(url, name):
    storage = optuna.storages.RDBStorage(with_driver(url))
    trials = optuna.load_study(study_name=name, storage=storage).trials
    storage.remove_session()
    storage.engine.dispose()
    return trials


def test_a_killed_worker_s_trials_are_tried_again_and_nothing_is_counted_twice(postgresql):
    victim = start(postgresql, "killed", 24, "stuck")
    assert victim.stdout.readline() == "stuck\n"
    others = [start(postgresql, "killed", 24) for _ in range(2)]
    victim.kill()
    victim.wait(TIMEOUT_SECS)
    victim.stdout.close()
    made = [finish(worker) for worker in others]
    trials = load(postgresql, "killed")

    states = [trial.state for trial in trials]
    assert states.count(TrialState.COMPLETE) == 24
    assert states.count(TrialState.FAIL) == 4, "the batch that the victim was in"
    assert len(trials) == 28
    assert sorted(trial.number for trial in trials) == list(range(28))
    assert sum(made) + 4 == 24, "the victim told one batch before"
    retried = {
        trial.system_attrs["failed_trial"]: trial for trial in trials if "failed_trial" in trial.system_attrs
    }
    lost = [trial for trial in trials if trial.state == TrialState.FAIL]
    assert sorted(retried) == [trial.number for trial in lost]
    for trial in lost:
        assert trial.values is None
        assert retried[trial.number].state == TrialState.COMPLETE
        assert trial.params.items() <= retried[trial.number].params.items()


def test_three_workers_make_exactly_the_trials_that_were_asked_for(postgresql):
    workers = [start(postgresql, "three", 26) for _ in range(3)]
    made = [finish(worker) for worker in workers]
    trials = load(postgresql, "three")
    assert sum(made) == 26
    assert [trial.state for trial in trials] == [TrialState.COMPLETE] * 26
    assert finish(start(postgresql, "three", 26)) == 0


def test_a_trial_claimed_by_a_process_that_died_at_once_is_not_waited_for(postgresql):
    assert finish(start(postgresql, "unborn", 4)) == 4
    storage = optuna.storages.RDBStorage(with_driver(postgresql))
    optuna.load_study(study_name="unborn", storage=storage).ask()
    storage.remove_session()
    storage.engine.dispose()
    assert finish(start(postgresql, "unborn", 8)) == 4
    assert [trial.state for trial in load(postgresql, "unborn")].count(TrialState.COMPLETE) == 8


def test_the_command_joins_a_study_from_two_folders_as_from_two_machines(postgresql, tmp_path):
    def command(folder):
        folder.mkdir()
        words = ["optimize", "-s", "VolatilityBreakoutStrategy", "-p", "BTCUSDT", "-c", str(ROOT / "configs")]
        words += ["--n-trials", "24", "--study", "joined", "--storage", postgresql, "--no-confirm", "--json"]
        return subprocess.Popen(
            [sys.executable, "-m", "nautilus_bot.cli.main", *words],
            stdout=subprocess.PIPE,
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )

    machines = [command(tmp_path / name) for name in ("one", "two")]
    summaries = [json.loads(machine.communicate(timeout=TIMEOUT_SECS)[0]) for machine in machines]
    assert [machine.returncode for machine in machines] == [0, 0]
    assert [summary["trials"] for summary in summaries] == [24, 24]
    assert sum(summary["new_trials"] for summary in summaries) == 24
    assert summaries[0]["best"] == summaries[1]["best"]


def test_another_search_under_the_same_name_is_refused(postgresql):
    settings = StudySettings(n_trials=1)
    SharedStudy(postgresql, "foreign", settings, {"seed": 1})
    with pytest.raises(ConfigError, match=r"study 'foreign' at postgresql://.* differs in seed"):
        SharedStudy(postgresql, "foreign", settings, {"seed": 2})


def test_a_database_that_does_not_answer_is_one_clear_error(tmp_path):
    url = f"postgresql://bot:secret@/postgres?host={tmp_path}"
    with pytest.raises(ProcessError, match="the database of a shared study must answer") as caught:
        SharedStudy(url, "nowhere", StudySettings(n_trials=1), {})
    assert "secret" not in str(caught.value)
    assert "secret" not in hide_password(url)
