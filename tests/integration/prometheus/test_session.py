"""Metrics beside a running session: they survive a restart, and never disturb trading."""

import re
import socket
import time
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.service

GENERATED = "SELECT count(*) FROM signals"


def total(text: str, name: str) -> float:
    return sum(float(value) for value in re.findall(rf"^{name}{{.*}} (\S+)$", text, re.MULTILINE))


def entries(bot: Any) -> int:
    catalog = bot.catalog()
    count = catalog.sql("SELECT count(*) FROM entries").rows[0][0]
    catalog.close()
    return int(count)


def test_counters_go_on_after_a_restart(
    start_bot: Any, stop: Any, wait_for: Any, free_port: Any, tmp_path: Path
) -> None:
    first = start_bot(tmp_path, free_port())
    wait_for("signals", lambda: total(first.metrics(), "paper_signals_generated_total") >= 2)
    before = wait_for("metrics", first.metrics)
    stop(first.process)
    second = start_bot(tmp_path, free_port())
    after = wait_for("metrics of the second session", second.metrics)
    for name in ("paper_signals_generated_total", "paper_signals_executed_total", "bot_fees_usdt"):
        assert total(after, name) >= total(before, name), name
    asked: list[tuple[int, float, int]] = []

    def is_counted() -> bool:
        # what is recorded is heard, and so counted, a moment later
        catalog = second.catalog()
        recorded = catalog.sql(GENERATED).rows[0][0]
        served = total(second.metrics(), "paper_signals_generated_total")
        asked.append((recorded, served, catalog.sql(GENERATED).rows[0][0]))
        catalog.close()
        return len({*asked[-1]}) == 1

    try:
        wait_for("the same number in both", is_counted)
    finally:
        print(f"recorded, served, recorded: {asked[-10:]}")


def test_a_port_in_use_is_told_and_trading_goes_on(start_bot: Any, wait_for: Any, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        bot = start_bot(tmp_path, port)
        wait_for("a run", lambda: bot.is_running and (tmp_path / "events/runs").exists())
        said = wait_for("the warning", lambda: f"127.0.0.1:{port} is not" in bot.log.read_text())
        assert said
        count = entries(bot)
        wait_for("more entries", lambda: bot.is_running and entries(bot) > count + 100)
        assert "Traceback" not in bot.log.read_text()


CRASH = """
import nautilus_bot.node.metrics as companion
def broken(*_, **__): raise ZeroDivisionError("broken on purpose")
companion.take_sample = broken
"""
FAILS_TWICE = """
import nautilus_bot.node.metrics as companion
take, calls = companion.take_sample, []
def broken(*args, **options):
    calls.append(1)
    if len(calls) in (3, 4):
        raise ZeroDivisionError("broken on purpose")
    return take(*args, **options)
companion.take_sample = broken
"""
HANG = """
import threading
from monitoring.exporter import Exporter
Exporter.recount = lambda *_: threading.Event().wait()
"""
THREAD = """
from monitoring.fold import EventFold
def broken(*_, **__): raise ZeroDivisionError("broken on purpose")
EventFold.apply = broken
"""


@pytest.mark.parametrize(
    ("sabotage", "told"),
    [(CRASH, "broken on purpose"), (HANG, ""), (THREAD, "")],
    ids=("crash", "hang", "thread"),
)
def test_a_part_that_crashes_or_hangs_does_not_disturb_trading(
    start_bot: Any, stop: Any, wait_for: Any, free_port: Any, tmp_path: Path, sabotage: str, told: str
) -> None:
    bot = start_bot(tmp_path, free_port(), sabotage)
    wait_for("a run", lambda: bot.is_running and (tmp_path / "events/runs").exists())
    wait_for("a session", lambda: bot.is_running and entries(bot) > 100)
    catalog = bot.catalog()
    if told:
        notices = "SELECT payload FROM entries WHERE type = 'Notice'"
        wait_for("the notice", lambda: any(told in row[0] for row in catalog.sql(notices).rows))
    before = catalog.sql(GENERATED).rows[0][0]
    wait_for("another signal", lambda: bot.is_running and catalog.sql(GENERATED).rows[0][0] > before)
    catalog.close()
    assert bot.metrics() == ""
    stop(bot.process)
    assert bot.process.returncode == 0


def test_metrics_that_failed_come_back_and_have_missed_nothing(
    start_bot: Any, wait_for: Any, free_port: Any, tmp_path: Path
) -> None:
    bot = start_bot(tmp_path, free_port(), FAILS_TWICE)
    wait_for("a run", lambda: bot.is_running and (tmp_path / "events/runs").exists())
    wait_for("both failures", lambda: bot.is_running and bot.log.read_text().count("broken on purpose") == 2)
    both = re.compile(r'^bot_notices_total{[^}]*severity="error"[^}]*} 2\.0$', re.MULTILINE)
    wait_for("both failures in the metrics", lambda: both.search(bot.metrics()))


def test_readers_that_hang_do_not_disturb_trading(
    start_bot: Any, wait_for: Any, free_port: Any, tmp_path: Path
) -> None:
    bot = start_bot(tmp_path, free_port())
    wait_for("metrics", bot.metrics)
    hanging = [socket.create_connection(("127.0.0.1", bot.metrics_port)) for _ in range(50)]
    for connection in hanging:
        connection.sendall(b"GET /metrics HTTP/1.1\r\n")
    count = entries(bot)
    time.sleep(5)
    wait_for("more entries", lambda: entries(bot) > count + 100)

    def is_undisturbed() -> bool:
        # a busy machine holds the loop up for a moment, hanging readers would for as long as they hang
        text = wait_for("metrics", bot.metrics)
        assert total(text, "bot_events_dropped_total") == 0
        return "bot_loop_lag_seconds" in text and total(text, "bot_loop_lag_seconds") < 1

    wait_for("a loop on time", is_undisturbed)
    for connection in hanging:
        connection.close()
