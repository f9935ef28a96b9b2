"""Study files: durable by the batch, resumable, readable by any Optuna tool, one owner, no strangers."""

import sqlite3

import optuna
import pytest

from nautilus_bot.core.errors import AlreadyRunning, ConfigError
from nautilus_bot.research.optimize.fingerprint import build_fingerprint
from nautilus_bot.research.optimize.study import StudySettings, run_study
from nautilus_bot.research.optimize.study_file import StudyFile
from nautilus_bot.research.optimize.trials import read_trials

SETTINGS = StudySettings(n_trials=40, seed=7)


class Killed(Exception):
    pass


@pytest.fixture
def fingerprint(objective, distributions):
    return build_fingerprint(objective, distributions, SETTINGS, {"bars": "hash"})


def open_file(path, fingerprint):
    return StudyFile(path, "mine", SETTINGS.metrics, fingerprint)


def run(objective, distributions, store, on_batch=None):
    return run_study(objective, distributions, SETTINGS, store=store, on_batch=on_batch)


def test_any_optuna_tool_reads_what_was_searched(tmp_path, objective, distributions, fingerprint):
    path = tmp_path / "study.db"
    with open_file(path, fingerprint) as store:
        made = run(objective, distributions, store)
    assert not (tmp_path / "study.db-wal").exists()
    storage = optuna.storages.RDBStorage(f"sqlite:///{path}")
    study = optuna.load_study(study_name="mine", storage=storage)
    assert read_trials(study.trials) == made
    assert study.best_trial.user_attrs["trades"] == made[study.best_trial.number].figures.trades
    assert study.direction == optuna.study.StudyDirection.MAXIMIZE
    assert all(trial.datetime_complete >= trial.datetime_start for trial in study.trials)
    # Optuna itself may go on with it
    study.optimize(lambda trial: trial.suggest_float("multiplier", 1.0, 5.0, step=0.1), n_trials=1)
    assert len(study.trials) == 41
    storage.engine.dispose()


def test_a_study_that_was_cut_off_goes_on_with_the_same_trials(
    tmp_path, objective, distributions, fingerprint
):
    whole = run(objective, distributions, None)

    def stop_after_two(batch, _best):
        if batch[-1].number == 15:
            raise Killed

    path = tmp_path / "study.db"
    with pytest.raises(Killed), open_file(path, fingerprint) as store:
        run(objective, distributions, store, stop_after_two)
    with open_file(path, fingerprint) as store:
        assert len(store.load()) == 16
        resumed = run(objective, distributions, store)
    assert [(one.parameters, one.values) for one in resumed] == [
        (one.parameters, one.values) for one in whole
    ]


def test_a_batch_is_kept_whole_or_not_at_all(tmp_path, objective, distributions, fingerprint):
    path = tmp_path / "study.db"
    with open_file(path, fingerprint) as store:
        run(objective, distributions, store)
        trials = list(store.load())
        broken = [*trials[:2], trials[2].__class__.__new__(trials[2].__class__)]
        with pytest.raises(AttributeError):
            store.append(broken)
        assert len(store.trials()) == 40


def test_a_second_search_in_the_same_file_is_refused(tmp_path, fingerprint):
    path = tmp_path / "study.db"
    with (
        open_file(path, fingerprint),
        pytest.raises(AlreadyRunning, match=r"belongs to process \d+; wait for it"),
    ):
        open_file(path, fingerprint)
    open_file(path, fingerprint).close()


def test_a_study_of_another_search_is_refused_and_says_what_differs(tmp_path, fingerprint):
    path = tmp_path / "study.db"
    open_file(path, fingerprint).close()
    with pytest.raises(ConfigError, match="it differs in market data, seed; choose another --study"):
        open_file(path, fingerprint | {"seed": 8, "market data": {"bars": "other"}})


def test_a_study_of_another_program_is_refused(tmp_path, fingerprint):
    path = tmp_path / "study.db"
    storage = optuna.storages.RDBStorage(f"sqlite:///{path}")
    study = optuna.create_study(storage=storage, study_name="mine", direction="maximize")
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=1)
    storage.engine.dispose()
    with pytest.raises(ConfigError, match="must be a study of this bot, but another program made it"):
        open_file(path, fingerprint)


def test_a_file_that_is_no_database_is_refused(tmp_path, fingerprint):
    path = tmp_path / "study.db"
    path.write_text("these are not the trials you are looking for" * 50)
    with pytest.raises(ConfigError, match=r"must be an SQLite database of Optuna .*, .* is not"):
        open_file(path, fingerprint)


def test_a_database_of_another_optuna_is_refused(tmp_path, fingerprint):
    path = tmp_path / "study.db"
    open_file(path, fingerprint).close()
    db = sqlite3.connect(path)
    db.execute("UPDATE version_info SET schema_version = 3")
    db.execute("UPDATE alembic_version SET version_num = 'v0.9.0.a'")
    db.commit()
    db.close()
    with pytest.raises(ConfigError, match="must be an SQLite database of Optuna"):
        open_file(path, fingerprint)


def test_a_study_of_another_number_of_metrics_is_refused(tmp_path, fingerprint):
    path = tmp_path / "study.db"
    open_file(path, fingerprint).close()
    with pytest.raises(ConfigError, match="must maximise 2 metrics"):
        StudyFile(path, "mine", ("rmd", "sharpe"), fingerprint)
