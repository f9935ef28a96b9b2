"""A recorded run shown as a bot, and the command that shows it."""

import json
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from catalog import codec
from catalog.queries import EventQueries
from catalog.store import EventStore
from monitoring.history import earlier_runs, recorded_messages
from monitoring.recorded import RecordedRun
from nautilus_bot.cli.main import main
from nautilus_bot.core.messages import EquityMarked

MARK = EquityMarked(
    ts_event=1,
    equity_usdt=10_250.0,
    balance_usdt=10_200.0,
    unrealized_usdt=50.0,
    drawdown_pct=1.5,
    gross_exposure_usdt=3_000.0,
    net_exposure_usdt=-1_000.0,
)


def record(store: EventStore, run_id: str, messages: list[Any], **manifest: Any) -> Path:
    run = store.new_run(manifest.pop("mode", "backtest"), "{}", durable=False, run_id=run_id, **manifest)
    for message in messages:
        name, version, payload = codec.encode(message)
        run.journal.append(
            ts_init=1,
            ts_market=1,
            ts_publish=1,
            topic="t",
            type=name,
            version=version,
            payload=payload,
            strategy_id=str(getattr(message, "strategy_id", "")),
            instrument_id=str(getattr(message, "instrument_id", "")),
            client_order_id=str(getattr(message, "client_order_id", "")),
        )
    run.end()
    return run.folder


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> EventStore:
    monkeypatch.setenv("BOT_EVENTS_ROOT", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    return EventStore(tmp_path)


@pytest.fixture
def session(events: Any) -> list[Any]:
    """Three signals: one filled, one refused, one rejected."""
    return [
        events.signal(1),
        events.verdict(1),
        events.submitted("S-1-E"),
        events.accepted("S-1-E"),
        events.filled("S-1-E", fee="0.75"),
        events.signal(2),
        events.verdict(2, rule="exposure"),
        events.denied("S-2-E"),
        events.signal(3),
        events.verdict(3),
        events.rejected("S-3-E"),
        MARK,
    ]


def test_a_recorded_run_shows_what_the_event_catalog_counts(
    store: EventStore, session: list[Any], events: Any
) -> None:
    run = RecordedRun(record(store, "backtest-1", session))
    run.count()
    book = run.exporter.book
    catalog = EventQueries(store)
    (signals,) = catalog.sql("SELECT count(*) FROM signals").rows[0]
    (refused,) = catalog.sql("SELECT count(*) FROM verdicts WHERE NOT approved").rows[0]
    (fees,) = catalog.sql("SELECT sum(fee) FROM fills").rows[0]
    catalog.close()
    assert book.value("paper_signals_generated_total", *events.series) == signals == 3
    assert book.value("paper_signals_rejected_total", *events.series, "refused", "exposure") == refused == 1
    assert book.value("paper_signals_rejected_total", *events.series, "rejected", "venue") == 1
    assert book.value("paper_signals_executed_total", *events.series) == 1
    assert book.value("bot_fees_usdt", *events.series) == float(fees) == 0.75
    assert book.value("bt_portfolio_value", "crypto") == 10_250.0
    assert book.value("bt_drawdown_percent") == 1.5


def test_playing_a_run_ends_where_counting_it_does(
    store: EventStore, session: list[Any], events: Any
) -> None:
    run = RecordedRun(record(store, "backtest-1", session))
    seen = []
    run.play(
        1.0,
        lambda _secs: seen.append(run.exporter.book.value("paper_signals_generated_total", *events.series)),
    )
    assert seen == [1, 2, 3, 3]


def test_earlier_runs_are_those_of_the_same_mode_and_account(store: EventStore) -> None:
    for name, mode, account, started in (
        ("paper-1", "paper", "a", 1),
        ("paper-2", "paper", "b", 2),
        ("live-1", "live", "a", 3),
        ("paper-3", "paper", "a", 4),
        ("paper-4", "paper", "a", 5),
        ("paper-5", "paper", "a", 6),
    ):
        record(store, name, [], mode=mode, account=account, started_ns=started)
    found = earlier_runs(store, store.runs()[4])
    assert [run.run_id for run in found] == ["paper-1", "paper-3"]


def test_only_what_was_recorded_up_to_an_entry_is_read(store: EventStore, session: list[Any]) -> None:
    folder = record(store, "paper-1", session)
    assert len(list(recorded_messages(folder))) == len(session)
    assert len(list(recorded_messages(folder, until_seq=5))) == 5


def test_the_command_prints_a_recorded_run(
    store: EventStore, session: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    record(store, "backtest-1", session)
    assert main(["metrics", "--run", "latest", "--name", "signals", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert {
        one["name"]: one["value"] for one in printed if one["name"] != "paper_signals_rejected_total"
    } == {
        "paper_signals_generated_total": 3.0,
        "paper_signals_executed_total": 1.0,
    }
    assert main(["metrics", "--run", "latest"]) == 0
    assert "bt_portfolio_value" in capsys.readouterr().out


def test_the_command_lists_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["metrics", "--describe", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["name"] == "bt_portfolio_value"


def test_no_bot_is_exit_code_three_and_a_hint(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["metrics", "--metrics-port", "1"]) == 3
    assert "http://127.0.0.1:1/metrics" in capsys.readouterr().err


def test_serving_needs_a_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["metrics", "--serve"]) == 4
    assert "--run" in capsys.readouterr().err


def test_a_recorded_run_is_served_until_it_is_interrupted(store: EventStore, session: list[Any]) -> None:
    record(store, "backtest-1", session)
    command = [sys.executable, "-m", "nautilus_bot.cli.main", "metrics", "--run=latest", "--serve"]
    process = subprocess.Popen([*command, "--metrics-port=0"], stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        url = process.stderr.readline().split()[3].rstrip(",")
        text = _read_until(url, "paper_signals_generated_total{")
        assert 'portfolio="backtest-1"' in text
        assert "bt_portfolio_value{" in text
    finally:
        process.terminate()
        process.communicate(timeout=120)


def _read_until(url: str, wanted: str) -> str:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:
                text = str(answer.read().decode())
        except OSError:  # it does not answer yet
            time.sleep(0.1)
            continue
        if wanted in text:
            return text
        time.sleep(0.1)
    raise AssertionError(f"{wanted} never appeared at {url}")
