"""The command: killed and resumed, recorded trial by trial, and one clear line for bad input."""

import json
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import optuna
import pytest

from catalog.codec import decode
from catalog.manifest import RunStatus
from catalog.reader import entries
from catalog.store import EventStore
from nautilus_bot.cli.main import main

ROOT = Path(__file__).parents[4]
TIMEOUT_SECS = 180
STRATEGY = "VolatilityBreakoutStrategy"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder with configuration and a synthetic market."""
    folder = tmp_path_factory.mktemp("home")
    shutil.copytree(ROOT / "configs", folder / "configs")
    return folder


@pytest.fixture
def inside(home, monkeypatch):
    monkeypatch.chdir(home)
    return home


def words(n_trials, study, *more):
    return [
        *("optimize", "-s", STRATEGY, "-p", "BTCUSDT", "--n-trials", str(n_trials), "--study", study),
        *("--no-confirm", "--no-prune", "--json", *more),
    ]


def run(capsys, *arguments):
    code = main(list(arguments))
    return code, json.loads(capsys.readouterr().out)


def count(path):
    if not path.exists():
        return 0
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
            return db.execute("SELECT count(*) FROM trials").fetchone()[0]
    except sqlite3.OperationalError:
        return 0


def recorded(folder, run_id):
    found = entries(folder / "var" / "events" / "runs" / run_id)
    return [decode(one.type, one.version, one.payload) for one in found]


def test_a_search_that_is_killed_ends_after_resuming_with_exactly_its_trials(inside, capsys):
    code, whole = run(capsys, *words(120, "whole"))
    assert code == 0
    study = inside / "var" / "studies" / "killed" / "study.db"
    process = subprocess.Popen(
        [sys.executable, "-m", "nautilus_bot.cli.main", *words(120, "killed")],
        stdout=subprocess.DEVNULL,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
    )
    while count(study) < 24 and process.poll() is None:
        time.sleep(0.02)
    process.kill()
    process.wait(TIMEOUT_SECS)
    kept = count(study)
    assert 24 <= kept < 120
    assert kept % 8 == 0, "a batch is kept whole or not at all"

    code, resumed = run(capsys, *words(120, "killed"))
    assert code == 0
    assert (resumed["trials"], resumed["new_trials"]) == (120, 120 - kept)
    assert resumed["best"] == whole["best"]
    stored = optuna.storages.RDBStorage(f"sqlite:///{study}")
    assert len(optuna.load_study(study_name="killed", storage=stored).trials) == 120
    stored.engine.dispose()

    # one run remembers both halves, every trial once
    facts = recorded(inside, resumed["run_id"])
    assert [fact.number for fact in facts if type(fact).__name__ == "TrialFinished"] == list(range(120))
    names = [type(fact).__name__ for fact in facts]
    assert names.count("StudyStarted") == 2
    assert names[-1] == "StudyEnded"
    store = EventStore(inside / "var" / "events")
    (manifest,) = [one for one in store.runs() if one.run_id == resumed["run_id"]]
    assert (manifest.mode, manifest.status) == ("research", RunStatus.ENDED)


def test_the_summary_and_the_report_say_what_was_found(inside, capsys):
    code, summary = run(capsys, *words(32, "shown", "--min-trades", "5"))
    assert code == 0
    assert json.loads((inside / summary["file"]).read_text()) == summary
    assert summary["best"]["in_sample"]["trades"] >= 5
    assert summary["best"]["values"]["rmd"] == summary["best"]["in_sample"]["rmd"]
    assert summary["best"]["out_of_sample"] is not None
    assert summary["content_hashes"]
    assert summary["code_hash"]
    page = (inside / summary["report"]).read_text()
    for heading in ("Finalists", "History", "Importance", "Slices of time", "Searched against held out"):
        assert f"<h2>{heading}</h2>" in page
    assert "<script src=" not in page


def test_finalists_are_confirmed_on_the_node_to_the_cent(inside, capsys):
    arguments = [one for one in words(16, "confirmed", "--finalists", "1") if one != "--no-confirm"]
    code, summary = run(capsys, *arguments)
    assert code == 0
    (confirmation,) = summary["confirmation"]
    assert confirmation["node_trades"] == confirmation["fast_trades"] > 0
    assert confirmation["node_equity_usdt"] == pytest.approx(confirmation["fast_equity_usdt"], abs=0.01)
    assert (inside / "var" / "events" / "runs" / confirmation["run_id"]).is_dir()


def test_more_trials_go_on_with_the_same_study_in_a_new_run(inside, capsys):
    _, first = run(capsys, *words(16, "longer"))
    _, second = run(capsys, *words(24, "longer"))
    assert (second["trials"], second["new_trials"]) == (24, 8)
    assert second["run_id"] != first["run_id"]
    numbers = [one.number for one in recorded(inside, second["run_id"]) if hasattr(one, "number")]
    assert numbers == list(range(16, 24))


def test_several_strategies_are_searched_as_one_portfolio(inside, capsys):
    code, summary = run(
        capsys,
        *("optimize", "--strategies", "all", "-p", "BTCUSDT", "--n-trials", "16", "--study", "all"),
        *("--no-confirm", "--json"),
    )
    assert code == 0
    assert len(summary["strategies"]) == 6
    assert len(summary["best"]["parameters"]) == 5 + 9 + 8 + 8 + 8 + 7 + 6


def test_apply_writes_after_a_diff_and_asks_first(inside, capsys):
    path = inside / "configs" / "strategies_config_72h.json"
    before = path.read_text()
    try:
        assert main(words(16, "applied", "--apply", "--yes")) == 0
        said = capsys.readouterr().err
        assert path.read_text() != before
        assert "+++" in said
        assert "the file as it was is configs/strategies_config_72h.json." in said
    finally:
        path.write_text(before)


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["-s", "VolatilityBreakout"], 2, "did you mean 'VolatilityBreakoutStrategy'?"),
        (["-s", STRATEGY, "--metric", "sharp"], 4, "no metric 'sharp'; did you mean 'sharpe'?"),
        (["-s", STRATEGY, "--n-trials", "0"], 4, "n_trials must be >= 1, was 0"),
        (["-s", STRATEGY, "--strategies", "all"], 4, "a search needs one strategy (-s NAME) or several"),
        (["-s", STRATEGY, "--held-out", "95"], 4, "the held-out part must be 0 to 90 %, was 95"),
        (["-s", STRATEGY, "--storage", "mysql://x"], 4, "a storage must be postgresql://..."),
        (["-s", STRATEGY, "-p", "BTCUSDT", "--held-out", "80"], 0, ""),
        (["-s", STRATEGY, "-p", "BTCUSDT", "--held-out", "89"], 4, "needs at least 500 bars of BTCUSDT"),
    ],
)
def test_bad_input_is_one_clear_line_and_the_right_exit_code(inside, capsys, arguments, code, text):
    more = [] if "--n-trials" in arguments else ["--n-trials", "1"]
    assert main(["optimize", *arguments, *more, "--no-confirm"]) == code
    said = capsys.readouterr().err
    assert text in said
    assert code == 0 or (said.startswith("error: ") and said.count("\n") == 1)


def test_a_wrong_search_space_names_file_and_path(inside, capsys):
    path = inside / "configs" / "search_spaces" / f"{STRATEGY}.json"
    before = path.read_text()
    path.write_text(before.replace('"high": 96', '"high": 960'))
    try:
        assert main(words(1, "wrong")) == 4
        assert (
            "$.parameters.lookback.high: must be within the strategy's own bounds" in capsys.readouterr().out
        )
    finally:
        path.write_text(before)


def test_a_study_of_another_search_is_refused(inside, capsys):
    assert main(words(8, "foreign")) == 0
    assert main(words(8, "foreign", "--seed", "9")) == 4
    assert "differs in seed" in capsys.readouterr().out


def test_the_schedule_proposes_once_a_month_and_applies_nothing(inside, capsys):
    path = inside / "configs" / "strategies_config_72h.json"
    before = path.read_text()
    # a synthetic market is not history: a monthly search on it would propose for a market that never was
    assert main(["optimize", "schedule", "-s", STRATEGY, "-p", "BTCUSDT", "--n-trials", "8"]) == 4
    assert "needs real candles" in capsys.readouterr().err
    assert path.read_text() == before
