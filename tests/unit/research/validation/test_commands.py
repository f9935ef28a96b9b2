"""The commands on a made-up market of 31 days: documents, files, one clear line where it is too short."""

import shutil
from pathlib import Path

import msgspec
import pytest

from nautilus_bot.cli.main import main
from nautilus_bot.risk.calibration import load_calibration

CONFIGS = Path(__file__).parents[4] / "configs"
TREND = "TrendFollowingADXEMAStrategy"


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """A folder with a configuration and a synthetic market of 3,000 bars of BTCUSDT."""
    folder = tmp_path_factory.mktemp("session")
    shutil.copytree(CONFIGS, folder / "configs")
    return folder


@pytest.fixture
def run(here, monkeypatch, capsys):
    def call(*words):
        monkeypatch.chdir(here)
        monkeypatch.delenv("BOT_DATA_CATALOG", raising=False)
        code = main([*words, "-p", "BTCUSDT"])
        return code, capsys.readouterr()

    return call


def test_a_walk_forward_gives_one_document_and_a_report(run, here):
    code, shown = run(
        "walk-forward", "-s", TREND, "--train-days", "12", "--test-days", "5", "--n-trials", "6",
        "--min-trades", "1", "--json",
    )  # fmt: skip
    assert code == 0
    (document,) = msgspec.json.decode(shown.out)
    assert document["strategy"] == TREND
    assert document["market"] == "synthetic, seed 1"
    assert len(document["result"]["windows"]) == 4
    page = (here / document["report"]).read_text()
    assert "Stitched out-of-sample equity" in page
    assert "http" not in page.partition("</script>")[2]


def test_the_table_names_windows_and_parameters(run):
    code, shown = run(
        "walk-forward", "-s", TREND, "--train-days", "12", "--test-days", "5", "--n-trials", "6",
        "--min-trades", "1", "--mode", "anchored",
    )  # fmt: skip
    assert code == 0
    assert "anchored, 12 days in-sample, 5 out-of-sample" in shown.out
    assert "efficiency" in shown.out


def test_too_little_data_for_the_windows_is_one_line_and_exit_code_4(run):
    code, shown = run("walk-forward", "-s", TREND)
    assert code == 4
    (line,) = shown.err.splitlines()
    assert "needs 240 days for 2 windows, found 3" in line


def test_too_little_data_for_a_verdict_is_one_line_and_exit_code_4(run):
    code, shown = run("validate", "-s", TREND, "--json")
    assert code == 4
    assert "a validation needs 120 days" in msgspec.json.decode(shown.out)["error"]


def test_an_unknown_strategy_is_not_found(run):
    code, shown = run("walk-forward", "-s", "TrendFollowing")
    assert code == 2
    assert f"did you mean '{TREND}'" in shown.err


def test_the_lookahead_analysis_passes_and_says_so(run):
    code, shown = run("lookahead-analysis", "-s", TREND, "--bars", "1500", "--cuts", "4", "--json")
    assert code == 0
    (document,) = msgspec.json.decode(shown.out)
    assert document["result"]["passed"]
    assert [proof["name"] for proof in document["result"]["proofs"]][:3] == [
        "repeatable",
        "future cut off",
        "future altered",
    ]


def test_a_calibration_is_a_file_that_the_rule_can_read(run, here):
    (here / "two").mkdir()
    code, shown = run(
        "calibrate",
        "-s",
        "RSIEMAMomentumStrategy",
        "-p",
        "ETHUSDT",
        "--data-catalog",
        "two",
        "--method",
        "platt",
        "--json",
    )
    assert code == 0, shown.out
    document = msgspec.json.decode(shown.out)
    mapping = load_calibration(here / document["file"]).strategies["RSIEMAMomentumStrategy"]
    assert mapping.method == "platt"
    assert mapping.signals == document["strategies"][0]["fitted"]
    assert "Calibration of confidence" in (here / document["report"]).read_text()


@pytest.mark.parametrize(
    "command", ["backtest", "optimize", "walk-forward", "validate", "lookahead-analysis", "calibrate"]
)
def test_a_data_catalog_that_is_not_there_is_an_error_not_a_made_up_market(run, here, command):
    code, shown = run(command, "-s", TREND, "--data-catalog", "mistyped", "--json")
    assert code == 2
    assert "there is none at mistyped" in msgspec.json.decode(shown.out)["error"]
    assert not (here / "mistyped").exists()
