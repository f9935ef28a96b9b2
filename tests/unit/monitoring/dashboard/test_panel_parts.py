"""The panel's parts without a browser: access, run files, words, markup, command lines, reports, services."""

import base64
import os
import time
from pathlib import Path

import msgspec
import pytest

from monitoring.dashboard import words
from monitoring.dashboard.access import keeping_script, may_enter
from monitoring.dashboard.bot_file import BotFile, load_bot_file
from monitoring.dashboard.lifecycle import start_words, stop_words
from monitoring.dashboard.markup import Cell, bar, table
from monitoring.dashboard.report_files import report_address, report_files
from monitoring.dashboard.services import services_of
from monitoring.dashboard.settings import VARIABLE, PanelSettings, load_settings
from monitoring.dashboard.sight import Watch, look
from monitoring.dashboard.silence import silence_box
from monitoring.dashboard.trace import EquityTrace
from nautilus_bot.core.errors import ConfigError, NotFound, ProcessError

NOBODY = 2**22 + 1
"""No process has this id: it is above the highest that Linux gives."""


def bot(**changes: object) -> BotFile:
    values: dict[str, object] = {
        "name": "paper",
        "mode": "paper",
        "pid": os.getpid(),
        "state": "trading",
        "started_ns": time.time_ns(),
        "arguments": ("--speed", "60"),
    }
    return BotFile(**(values | changes))  # type: ignore[arg-type]


def settings(**changes: object) -> PanelSettings:
    values: dict[str, object] = {"token": "secret", "run_dir": "run", "event_root": "events"}
    return PanelSettings(**(values | changes))  # type: ignore[arg-type]


def save(folder: Path, one: BotFile) -> None:
    (folder / f"{one.name}.json").write_bytes(msgspec.json.encode(one))


@pytest.mark.parametrize(("shown", "token"), [("", ""), ("", "secret"), ("secre", "secret"), ("é", "secret")])
def test_nobody_enters_without_the_token(shown: str, token: str) -> None:
    assert not may_enter(shown, token)
    assert may_enter("secret", "secret")


def test_a_token_cannot_leave_its_script() -> None:
    assert "</script><b>" not in keeping_script("</script><b>")


def test_the_panel_does_not_start_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(ConfigError, match="nautilus-bot dashboard"):
        load_settings()
    monkeypatch.setenv(VARIABLE, msgspec.json.encode(settings(name="x")).decode())
    assert load_settings().name == "x"


def test_without_a_name_the_bot_that_lives_is_meant_else_the_last(tmp_path: Path) -> None:
    assert load_bot_file(tmp_path) is None
    save(tmp_path, bot(name="old", state="ended", started_ns=1))
    save(tmp_path, bot(name="last", state="ended", started_ns=9))
    found = load_bot_file(tmp_path)
    assert found is not None
    assert found.name == "last"
    save(tmp_path, bot(name="lives", started_ns=5))
    found = load_bot_file(tmp_path)
    assert found is not None
    assert found.name == "lives"
    assert load_bot_file(tmp_path, "another") is None


def test_a_run_file_that_is_none_is_an_error_with_its_path(tmp_path: Path) -> None:
    (tmp_path / "paper.json").write_text("{}")
    with pytest.raises(ProcessError, match=r"paper\.json must be a run file"):
        load_bot_file(tmp_path, "paper")
    assert look(tmp_path, "paper").trouble


@pytest.mark.parametrize(
    ("state", "pid", "seen"),
    [("trading", NOBODY, "crashed"), ("ended", NOBODY, "ended"), ("starting", os.getpid(), "starting")],
    ids=["crashed", "ended", "starting"],
)
def test_a_bot_that_cannot_be_asked_is_seen_by_its_file(
    tmp_path: Path, state: str, pid: int, seen: str
) -> None:
    save(tmp_path, bot(state=state, pid=pid))
    found = look(tmp_path, "paper")
    assert (found.state, found.snapshot) == (seen, None)


def test_a_bot_that_never_was_is_no_trouble(tmp_path: Path) -> None:
    found = look(tmp_path, "paper")
    assert (found.state, found.trouble, found.run_id) == ("never started", "", "")


def test_a_bot_starts_as_it_was_told_here_else_as_last_time() -> None:
    assert start_words(None, settings()) == ["start", "paper", "--name", "paper"]
    assert start_words(bot(), settings()) == ["start", "paper", "--name", "paper", "--speed", "60"]
    told = settings(name="x", start_words=("--speed", "5"))
    assert start_words(None, told) == ["start", "paper", "--name", "x", "--speed", "5"]
    assert start_words(bot(name="x", mode="live"), told) == ["start", "live", "--name", "x", "--speed", "5"]
    assert stop_words(bot(), told) == ["stop", "--name", "paper"]


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        (words.usdt(-1234.5), "-1,234.50"),
        (words.usdt(0.5, signed=True), "+0.50"),
        (words.usdt(None), "-"),
        (words.pct(1.234), "1.23 %"),
        (words.price("59000.50"), "59,000.50"),
        (words.price(0.00012), "0.00012"),
        (words.price(""), "-"),
        (words.symbol("BTCUSDT-LINEAR.BYBIT"), "BTCUSDT"),
        (words.strategy("RSIEMAMomentumStrategy"), "RSIEMAMomentum"),
        (words.length(59.4), "59 s"),
        (words.length(3_725), "1 h 2 min"),
        (words.length(200_000), "2 d 7 h"),
        (words.moment(0), "-"),
        (words.size(2_500_000), "2.5 MB"),
    ],
)
def test_figures_read_well(shown: str, said: str) -> None:
    assert shown == said


def test_every_text_is_escaped() -> None:
    evil = "<img src=x onerror=alert(1)>"
    shown = table(evil, ("A", "B>"), [[evil, Cell(evil, "badge ok")]], evil) + bar(
        evil, evil, evil, 0.5, evil
    )
    assert "<img" not in shown


def test_an_empty_table_says_so() -> None:
    assert "No position." in table("Positions", ("A",), [], "No position.")


def test_reports_are_found_latest_first_and_shown_in_an_origin_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "study").mkdir()
    for number, name in enumerate(("backtest-1.html", "study/report.html", "parity-x.html")):
        (tmp_path / name).write_text(f"<p>{name}</p>")
        os.utime(tmp_path / name, (number, number))
    found = report_files((str(tmp_path), str(tmp_path / "absent")))
    assert [(one.name, one.kind) for one in found] == [
        ("parity-x.html", "parity"),
        ("study/report.html", "optimize"),
        ("backtest-1.html", "backtest"),
    ]
    head, _, body = report_address(found[0]).partition("base64,")
    assert head.startswith("data:text/html")
    assert base64.b64decode(body) == b"<p>parity-x.html</p>"
    found[0].path.unlink()
    with pytest.raises(NotFound, match=r"parity-x\.html must be readable"):
        report_address(found[0])


def test_services_are_where_the_bot_and_up_say_they_are(tmp_path: Path) -> None:
    (tmp_path / "paper.up").write_text('{"parts": [{"name": "prometheus", "url": "http://127.0.0.1:9999"}]}')
    found = services_of(bot(metrics_url="http://127.0.0.1:7777/metrics"), tmp_path)
    assert [(one.name, one.port) for one in found] == [
        ("Bot metrics", 7777),
        ("Prometheus", 9999),
        ("Grafana", 3000),
        ("Alertmanager", 9093),
    ]
    assert [one.port for one in services_of(None, tmp_path)] == [8080, 9090, 3000, 9093]


def test_samples_of_equity_come_between_and_behind_the_marks() -> None:
    trace = EquityTrace("run")
    for second, equity in ((10, 1.0), (20, 2.0), (20, 3.0), (15, 4.0)):
        trace.add(second * 1_000_000_000, equity)
    marks = [{"time": trace.behind([])[0][0].replace(second=15), "equity_usdt": 9.0}]
    assert [equity for _, equity in trace.behind(marks)] == [1.0, 9.0, 2.0]


def test_a_silence_shows_the_margins_of_both_directions() -> None:
    margins = [{"name": "RSI beyond", "margin": -25.3, "unit": "points"}]
    found = {
        "answer": "conditions",
        "sentence": "nearest to a BUY",
        "sides": [{"side": "BUY", "margins": margins}, {"side": "SELL", "margins": margins}],
    }
    shown = silence_box(found)
    assert "missed by 25.3" in shown
    assert "For a SELL" in shown
    assert "Conditions" not in silence_box(found | {"sides": []})


def test_a_bot_is_asked_once_a_second_and_less_often_while_it_is_in_trouble(tmp_path: Path) -> None:
    now = [0.0]
    watch = Watch(tmp_path, "paper", lambda: now[0])
    assert watch.now().state == "never started"
    save(tmp_path, bot(state="trading", pid=NOBODY))
    assert watch.now().state == "never started"
    now[0] = 1.0
    assert watch.now().state == "crashed"
    save(tmp_path, bot(state="ended", pid=NOBODY))
    now[0] = 5.9
    assert watch.now().state == "crashed"
    watch.forget()
    assert watch.now().state == "ended"
