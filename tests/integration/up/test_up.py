"""One command brings up bot, Prometheus, Alertmanager and panel; figures are those of the event catalog."""

import os
import re
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from monitoring.metrics import METRICS
from nautilus_bot.process.identity import is_alive, process_birth

if sys.platform == "win32":
    pytest.skip("signals are asked about", allow_module_level=True)

pytestmark = pytest.mark.service

PARTS = {"bot", "metrics", "prometheus", "alertmanager", "panel", "telegram", "watchdog"}
HALTED = ("bot_halts_total", "bot_breaker", "bot_trading_state")
CONSTANT = {"bot_up", "bot_build_info", "bot_start_time_seconds", "bot_risk_limit"}
"""What stays the same for as long as the bot runs."""
TROUBLE = {
    "bot_position_unprotected",
    "bot_market_gaps_total",
    "bot_reconnects_total",
    "bot_funding_usdt",
    "bot_journal_halted",
    "bot_events_dropped_total",
    "bot_reduce_only_symbols",
    "bot_correlation",
    "bot_value_at_risk_percent",
}
"""What only moves when something is wrong, or after hours."""


def values_by_metric(text: str) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = defaultdict(list)
    for name, value in re.findall(r"^(\w+)\{.*\} (\S+)$", text, re.MULTILINE):
        found[re.sub(r"_(count|sum|bucket)$", "", name)].append(value)
    return {name: tuple(values) for name, values in found.items()}


def well(status: dict[str, Any]) -> dict[str, Any]:
    """Return the status of a bot that answered and was well, which a busy machine may keep it from."""
    return status if status["bot"] and status["bot"]["health"]["ok"] else {}


def test_everything_answers_and_status_knows_where(together: Any) -> None:
    assert set(together.parts) == PARTS
    assert {
        name: line["state"] for name, line in together.parts.items() if line["state"] not in ("", "runs")
    } == {
        "bot": "trades",
        "prometheus": "ready",
        "alertmanager": "ready",
        "panel": "ready",
    }
    status = together.until("a bot that is well", lambda: well(together.call("status")))
    up = {service["name"]: service["up"] for service in status["services"]}
    assert {name for name, is_up in up.items() if is_up} == {"metrics", "prometheus", "alertmanager", "panel"}
    assert "?token=" in together.parts["panel"]["url"]


def test_a_second_one_is_refused_and_the_first_does_not_notice(together: Any) -> None:
    pid = together.bot_file["pid"]
    refused = together.start_another("up", f"--name={together.bot_file['name']}", "--any-ports")
    assert refused.returncode == 1
    assert "may run once" in refused.stderr
    assert together.held["watchdog"]["pid"]
    assert (together.bot_file["pid"], together.call("status")["running"]) == (pid, True)


def test_the_metrics_of_all_tables_move_while_signals_are_injected(together: Any) -> None:
    expected = {metric.name for metric in METRICS} - CONSTANT - TROUBLE
    seen: dict[str, set[tuple[str, ...]]] = {name: set() for name in expected}

    def look() -> None:
        values = values_by_metric(together.metrics())
        for name in expected:
            # one that appears has moved, too
            seen[name].add(values.get(name, ()))

    look()
    report = together.call("inject-signals", "--scenario=qa6")
    assert len(report["signals"]) == 6
    look()
    together.call("control", "pause", "BollingerReversionStrategy")
    together.until("a pause", lambda: look() or len(seen["bot_strategies_paused"]) > 1)
    together.call("control", "halt", "--reason=a test")
    together.until("a halt", lambda: look() or min(len(seen[name]) for name in HALTED) > 1)
    together.call("control", "resume-trading")
    together.call("control", "resume", "BollingerReversionStrategy")

    def all_moved() -> bool:
        look()
        return all(len(seen[name]) > 1 for name in expected)

    try:
        together.until("every metric has moved", all_moved)
    finally:
        still = sorted(name for name in expected if len(seen[name]) < 2)
        print(f"{len(expected) - len(still)} of {len(METRICS)} metrics moved; still: {still}")


def test_every_panels_query_returns_data(together: Any, panels: Any, asking: Any) -> None:
    prometheus = together.prometheus()
    together.until(
        "a closed trade in Prometheus", lambda: prometheus.value("sum(portfolio:trades_closed:sum)") >= 1
    )
    together.until("rates", lambda: prometheus.query("rate(process_cpu_seconds_total[1m])"))
    panels.test_every_panel_returns_data(prometheus, asking.dashboards(), asking.as_asked_by_grafana)


def test_its_figures_are_those_of_the_event_catalog(together: Any, panels: Any) -> None:
    panels.test_figures_in_prometheus_equal_those_of_the_event_catalog(together, together.prometheus())


@pytest.mark.parametrize("name", ["prometheus", "panel"])
def test_a_part_that_is_killed_is_named_and_comes_back_and_the_bot_trades_on(
    together: Any, name: str
) -> None:
    before, bot, entries = together.held[name]["pid"], together.bot_file["pid"], together.entries()
    os.kill(before, 9)
    together.until("it comes back", lambda: together.held[name]["pid"] not in (0, before))
    assert f"{name} ended (signal 9)" in together.notes
    together.until("it answers again", lambda: together.call("status")["services"])
    assert together.bot_file["pid"] == bot
    together.until("more entries", lambda: together.entries() > entries)


def test_a_bot_that_is_stopped_and_started_again_is_found_again(together: Any) -> None:
    together.call("stop")
    together.until("the note", lambda: "the bot ended" in together.notes)
    assert together.process.poll() is None
    together.call("restart", "--name=together")
    together.until("the other note", lambda: "the bot trades again" in together.notes)
    prometheus = together.prometheus()
    run_id = together.bot_file["run_id"]
    together.until("the new run in Prometheus", lambda: prometheus.query(f'bot_build_info{{run="{run_id}"}}'))


def test_down_ends_all_of_it_and_leaves_neither_process_nor_secret(
    together: Any, secrets: dict[str, str]
) -> None:
    bot = (together.bot_file["pid"], process_birth(together.bot_file["pid"]))
    below = together.below()
    assert len(below) >= 6
    lines = [Path(f"/proc/{pid}/cmdline").read_bytes() for pid, _ in below]
    ended = together.call("down", "--name=together")
    assert set(ended["parts"]) == PARTS - {"bot", "metrics"}
    assert together.process.wait(120) == 0
    assert not [pid for pid, birth in (*below, bot) if is_alive(pid, birth)]
    assert together.bot_file["state"] == "ended"
    assert not (together.folder / "run" / "together.up").exists()
    together.call("down", "--name=together", expect=3)
    assert together.leaks() == []
    assert not [line for line in lines for value in secrets.values() if value.encode() in line]


def test_without_prometheus_it_goes_on_and_when_killed_nothing_is_left(start_up: Any) -> None:
    up = start_up(path="/nowhere")
    up.await_up()
    assert "without prometheus: it is not installed" in up.notes
    assert set(up.parts) == {"bot", "metrics", "panel", "telegram", "watchdog"}
    below = up.below()
    assert len(below) >= 6  # bot, its exchange, panel, its Streamlit, Telegram, watchdog
    up.process.kill()
    up.process.wait()
    up.await_gone(below)
    assert up.bot_file["state"] == "ended", "the bot stopped in order, not by force"


def test_who_insists_on_a_missing_part_gets_no_bot(start_up: Any, tmp_path: Any) -> None:
    up = start_up("--require", path="/nowhere")
    assert up.process.wait(120) == 1
    assert not (tmp_path / "run").exists()


def test_a_bot_that_was_started_alone_is_left_alone(start_up: Any) -> None:
    up = start_up("--require", path="/nowhere")
    up.process.wait(120)
    words = ("--name=together", "--control-port=0", "--metrics-port=0", "--speed=60")
    pid = up.call("start", "paper", *words, f"--state={up.folder / 'exchange.sqlite'}")["pid"]
    refused = up.start_another("up", "--name=together", "--any-ports")
    assert refused.returncode == 1
    assert "only one bot" in refused.stderr
    assert up.bot_file["pid"] == pid
    assert up.call("stop", "--name=together", "--timeout=120")["how"] == "asked"
    up.call("down", "--name=together", expect=3)
