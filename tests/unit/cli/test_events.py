"""``nautilus-bot events``: the same answers as the Python API, in tables and in JSON."""

import json
import sqlite3
import subprocess
import sys
from decimal import Decimal
from signal import SIGINT

import pytest

from catalog import codec
from catalog.store import EventStore
from nautilus_bot.cli.events import parse_since
from nautilus_bot.cli.main import main
from nautilus_bot.core.errors import ConfigError
from nautilus_bot.core.messages import EquityMarked, Notice, RiskVerdict, RuleCheck, Signal

SECOND = 1_000_000_000
NEW_YEAR_2025 = 1_735_689_600 * SECOND


def signal(number, symbol):
    return Signal(
        ts_event=NEW_YEAR_2025 + number * SECOND, signal_id=f"S-{number}", strategy="RSIEMAMomentumStrategy",
        strategy_id="RSIEMAMomentumStrategy-000", instrument_id=f"{symbol}-LINEAR.BYBIT", side="BUY",
        confidence=0.75, price="100.50", stop="99", target="102", reason="rsi crossed up",
    )  # fmt: skip


VERDICT = RiskVerdict(
    ts_event=NEW_YEAR_2025, client_order_id="S-1-E", signal_id="S-1", strategy="RSIEMAMomentumStrategy",
    strategy_id="RSIEMAMomentumStrategy-000", instrument_id="BTCUSDT-LINEAR.BYBIT", approved=False, role="E",
    rule="throttle", reason="12 s after the last", checks=(RuleCheck("throttle", False, 30.0, 12.0, "secs"),),
)  # fmt: skip
MARK = EquityMarked(
    ts_event=NEW_YEAR_2025, equity_usdt=10_000.5, balance_usdt=10_000.0, unrealized_usdt=0.5,
    drawdown_pct=0.0, gross_exposure_usdt=0.0, net_exposure_usdt=0.0,
)  # fmt: skip
MESSAGES = [
    signal(1, "BTCUSDT"),
    signal(2, "ETHUSDT"),
    VERDICT,
    MARK,
    Notice(ts_event=NEW_YEAR_2025, severity="info", component="test", text="[bold]square[/bold]"),
]


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("BOT_EVENTS_ROOT", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    run = EventStore(tmp_path).new_run("backtest", "{}", durable=False, run_id="backtest-1")
    for message in MESSAGES:
        name, version, payload = codec.encode(message)
        run.journal.append(
            ts_init=message.ts_event, ts_market=0, ts_publish=0, topic="t", type=name, version=version,
            payload=payload, strategy_id=getattr(message, "strategy_id", ""),
            instrument_id=getattr(message, "instrument_id", ""),
        )  # fmt: skip
    run.end()
    return run


def ask(capsys, *words):
    assert main(["events", *words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_runs_lists_the_runs_with_their_state(run, capsys):
    (row,) = ask(capsys, "runs")
    assert (row["run_id"], row["status"], row["entries"]) == ("backtest-1", "ENDED", len(MESSAGES))


def test_tail_shows_the_last_entries_with_their_content(run, capsys):
    rows = ask(capsys, "tail", "--limit", "2")
    assert [row["type"] for row in rows] == ["EquityMarked", "Notice"]
    assert rows[-1]["payload"]["text"] == "[bold]square[/bold]"
    assert len(ask(capsys, "tail", "--limit", "0")) == len(MESSAGES)
    assert [row["seq"] for row in ask(capsys, "tail", "--type", "Signal", "-p", "ETHUSDT")] == [2]


def test_signals_can_be_narrowed_by_strategy_symbol_and_time(run, capsys):
    assert [row["signal_id"] for row in ask(capsys, "signals")] == ["S-1", "S-2"]
    assert [row["signal_id"] for row in ask(capsys, "signals", "-p", "ETHUSDT")] == ["S-2"]
    assert [row["signal_id"] for row in ask(capsys, "signals", "--since", "2025-01-01T00:00:02")] == ["S-2"]
    assert ask(capsys, "signals", "-s", "Other") == []
    assert Decimal(ask(capsys, "signals", "--limit", "1")[0]["price"]) == Decimal("100.5")


def test_verdicts_name_rule_limit_and_observed_value(run, capsys):
    (row,) = ask(capsys, "verdicts")
    assert (row["rule"], row["rule_limit"], row["observed"], row["approved"]) == (
        "throttle",
        30.0,
        12.0,
        False,
    )


def test_equity_orders_and_fills_answer_even_when_there_are_none(run, capsys):
    assert ask(capsys, "equity")[0]["equity_usdt"] == 10_000.5
    assert ask(capsys, "orders") == ask(capsys, "fills") == []
    assert main(["events", "fills"]) == 0
    assert capsys.readouterr().out.strip() == "no fills"


def test_sql_answers_any_question(run, capsys):
    assert ask(capsys, "sql", "SELECT rule, count(*) AS refused FROM verdicts GROUP BY 1") == [
        {"rule": "throttle", "refused": 1}
    ]


@pytest.mark.parametrize("command", ["runs", "tail", "signals", "verdicts", "equity"])
def test_a_table_shows_the_same_rows_for_a_person(run, capsys, command):
    assert main(["events", command]) == 0
    assert len(capsys.readouterr().out.splitlines()) >= 5


def test_verify_confirms_a_sound_run_and_fails_with_the_bad_entry(run, capsys):
    assert ask(capsys, "verify")["ok"] is True
    db = sqlite3.connect(run.folder / "journal.sqlite")
    with db:
        db.execute("UPDATE entries SET topic = 'changed' WHERE seq = 3")
    db.close()
    assert main(["events", "verify", "--run", "backtest"]) == 1
    assert "entry 3 (RiskVerdict) was altered" in capsys.readouterr().err
    assert main(["events", "verify", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["first_bad_seq"] == 3


def test_export_writes_a_file_and_says_how_many_rows(run, capsys, tmp_path):
    target = tmp_path / "signals.csv"
    done = ask(capsys, "export", "signals", str(target))
    assert done == {"view": "signals", "file": str(target), "rows": 2}
    assert len(target.read_text().splitlines()) == 3
    assert main(["events", "export", "signal", str(target)]) == 2
    assert "did you mean 'signals'" in capsys.readouterr().err


def test_an_unknown_run_is_exit_code_2_with_the_closest_name(run, capsys):
    assert main(["events", "fills", "--run", "bactest-1"]) == 2
    assert "did you mean 'backtest-1'" in capsys.readouterr().err


def test_a_store_of_many_runs_names_only_some_of_them(run, capsys):
    for number in range(30):
        EventStore(run.folder.parents[1]).new_run("paper", "{}", durable=False, run_id=f"p-{number}").end()
    assert main(["events", "tail", "--run", "zzz"]) == 2
    error = capsys.readouterr().err
    assert "and 11 more; see `events runs`" in error
    assert error.count("p-") < 25


def test_bad_sql_is_one_error_that_names_the_views(run, capsys):
    assert main(["events", "sql", "SELECT * FROM nothing"]) == 1
    assert "runs, orders, positions" in " ".join(capsys.readouterr().err.split())


def test_a_bad_time_is_a_usage_error(run, capsys):
    assert main(["events", "fills", "--since", "yesterday"]) == 4
    assert "--since must be" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 0),
        ("20250101", NEW_YEAR_2025),
        ("2025-01-01", NEW_YEAR_2025),
        ("2025-01-01T01:00:00+01:00", NEW_YEAR_2025),
        ("2025-01-01T00:00:00.5", NEW_YEAR_2025 + SECOND // 2),
        (str(NEW_YEAR_2025), NEW_YEAR_2025),
    ],
)
def test_since_is_a_utc_time(text, expected):
    assert parse_since(text) == expected


@pytest.mark.parametrize(
    ("words", "option"),
    [
        (("events", "tail", "--since", "now"), "--since"),
        (("why-not", "-s", "RSI", "-p", "BTCUSDT", "--at", "now"), "--at"),
        (("replay", "--until", "now", "--fork"), "--until"),
    ],
)
def test_a_wrong_time_is_told_with_the_option_that_it_was_given_to(run, capsys, words, option):
    assert main([*words]) == 4
    assert capsys.readouterr().err.startswith(f"error: {option} must be 20250131")


def test_a_run_that_did_not_trade_cannot_be_replayed(run, capsys):
    EventStore(run.folder.parents[1]).new_run("research", "{}", durable=False, run_id="research-1").end()
    assert main(["replay", "research-1"]) == 4
    assert "only what traded can be run again, research-1 is of mode 'research'" in capsys.readouterr().err


def test_a_run_of_another_version_cannot_be_replayed_and_says_what_differs(run, capsys):
    assert main(["replay", "backtest-1"]) == 4
    assert "missing required field" in capsys.readouterr().err


def test_since_refuses_what_is_no_time():
    with pytest.raises(ConfigError, match="'12:99'"):
        parse_since("12:99")


def test_follow_prints_an_entry_as_soon_as_it_is_written_and_ends_well_with_ctrl_c(tmp_path):
    run = EventStore(tmp_path).new_run("paper", "{}", durable=True)
    name, version, payload = codec.encode(MESSAGES[-1])
    words = ["events", "tail", "--follow", "--json", "--root", str(tmp_path)]
    # a shell's background jobs ignore Ctrl-C, and so would this test's
    code = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler);"
        f"from nautilus_bot.cli.main import main; sys.exit(main({words!r}))"
    )
    run.journal.append(
        ts_init=1, ts_market=0, ts_publish=0, topic="t", type=name, version=version, payload=payload
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["seq"] == 1
        run.journal.append(
            ts_init=2, ts_market=0, ts_publish=0, topic="t", type=name, version=version, payload=payload
        )
        assert json.loads(process.stdout.readline())["seq"] == 2
        process.send_signal(SIGINT)
        assert process.stdout.read() == ""
    assert process.returncode == 0
    run.end()
