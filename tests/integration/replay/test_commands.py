"""The commands as a person types them."""

import csv
from pathlib import Path

import msgspec
import pytest

from catalog.reader import EntryFilter, entries
from nautilus_bot.cli.main import main
from tests.integration.replay.conftest import RecordedRun


def ask(capsys: pytest.CaptureFixture[str], run: RecordedRun, *words: str, code: int = 0) -> str:
    assert main([*words, "--root", str(run.store.root)]) == code
    return capsys.readouterr().out


def filled(run: RecordedRun) -> str:
    return next(entries(run.folder, where=EntryFilter(types=("OrderFilled",)))).client_order_id


def test_why_tells_the_whole_story(backtest: RecordedRun, capsys: pytest.CaptureFixture[str]) -> None:
    text = ask(capsys, backtest, "why", filled(backtest))

    for told in (
        "market: the 15m bar",
        "indicators:",
        "because: all",
        "risk approved it",
        "filled",
        "result:",
    ):
        assert told in text
    assert text.count("pass ") >= 10


def test_why_as_json_is_one_document(backtest: RecordedRun, capsys: pytest.CaptureFixture[str]) -> None:
    story = msgspec.json.decode(ask(capsys, backtest, "why", filled(backtest), "--json"))

    assert story["run_id"] == backtest.run_id
    assert story["orders"][0]["verdict"]["checks"]


def test_why_of_nothing_says_where_to_look(backtest: RecordedRun, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["why", "NONE-SUCH", "--root", str(backtest.store.root)]) == 2
    assert "events orders" in capsys.readouterr().err


def test_why_not_shows_all_margins(backtest: RecordedRun, capsys: pytest.CaptureFixture[str]) -> None:
    text = ask(
        capsys,
        backtest,
        "why-not",
        "-s",
        "RSIEMA",
        "-p",
        "BTCUSDT",
        "--at",
        "2025-01-03T12:00",
        "-r",
        "latest",
    )

    assert "RSI beyond its threshold" in text
    assert "missed by" in text


def test_a_replay_that_differs_ends_with_one(
    backtest: RecordedRun, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "100 %" in ask(capsys, backtest, "replay", "latest")
    ask(capsys, backtest, "replay", "latest", "--until", "5", code=4)


def test_parity_writes_its_page(
    session: RecordedRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "parity.html"
    text = ask(capsys, session, "parity", "latest", "--html", str(page))

    assert "where the gap comes from" in text
    assert "<h1>" in page.read_text()


def test_taxes_have_a_line_for_every_fill(
    backtest: RecordedRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "taxes.csv"
    ask(capsys, backtest, "events", "taxes", str(target), "--run", backtest.run_id)

    with target.open(newline="") as file:
        lines = list(csv.DictReader(file))
    fills = list(entries(backtest.folder, where=EntryFilter(types=("OrderFilled",))))
    assert len(lines) == len(fills)
    assert {line["Side"] for line in lines} == {"BUY", "SELL"}


def test_a_seal_is_listed(backtest: RecordedRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = ask(capsys, backtest, "events", "seal", "latest", "--to", str(tmp_path / "sealed"))
    (backtest.folder / "sealed.json").unlink()

    assert backtest.run_id in text
