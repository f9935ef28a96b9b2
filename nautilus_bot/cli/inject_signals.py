"""``nautilus-bot inject-signals``: send a scenario of test signals through a running bot."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import RenderableType
from rich.markdown import Markdown

from catalog.store import EventStore
from nautilus_bot.cli.author import cli_author
from nautilus_bot.cli.backtest import CONFIG_FOLDER, ConfigOption
from nautilus_bot.cli.control import client_of
from nautilus_bot.cli.lifecycle import WhichOption
from nautilus_bot.cli.output import JsonFlag, emit, note, progress
from nautilus_bot.config.loader import load_config
from nautilus_bot.core.control import InjectSignal
from nautilus_bot.process.pidfile import find_run_file
from nautilus_bot.qa.injector import play
from nautilus_bot.qa.report import QaReport, build_report, render_markdown, write_report
from nautilus_bot.qa.scenario import Injection, scenario

UNEXPLAINED = 1
PATIENCE_SECS = 30.0
"""Longest wait for the orders of the last signals."""
POLL_SECS = 0.5


def inject_signals(
    scenario_name: Annotated[str, typer.Option("--scenario", help="qa6 or limits.")] = "qa6",
    config: ConfigOption = CONFIG_FOLDER,
    name: WhichOption = "",
    as_json: JsonFlag = False,
) -> None:
    """Inject signals into a running paper or live-on-simulator bot; exits 1 when one stays unexplained."""
    chosen = scenario(scenario_name)
    bot = load_config(config).backtest
    client = client_of(find_run_file(name))
    before = client.status()

    async def inject(injection: Injection) -> None:
        command = InjectSignal(symbol=injection.symbol, side=injection.side, confidence=injection.confidence)
        outcome = await asyncio.to_thread(client.send, command, cli_author())
        job.advance()
        if not outcome.done:
            note(f"{injection.side} {injection.symbol}: {outcome.text}")

    with progress(f"injecting {chosen.name}", total=len(chosen.injections)) as job:
        asyncio.run(play(chosen, inject))
    folder = EventStore(Path(bot.event_store_path)).folder(before.run_id)
    report = _read_settled(
        lambda: build_report(folder, before.run_id, chosen.name, since_seq=before.journal.seq)
    )
    paths = write_report(report, Path(bot.report_path) / before.run_id)
    emit(report, as_json, _render)
    note(f"written: {', '.join(str(path) for path in paths)}")
    if report.explained < len(report.signals) or len(report.signals) < len(chosen.injections):
        raise typer.Exit(UNEXPLAINED)


def _read_settled(read: Callable[[], QaReport]) -> QaReport:
    """Read what became of the signals once no order is under way any more; a slow venue has its time."""
    deadline = time.monotonic() + PATIENCE_SECS
    report = read()
    while any(one.outcome == "working" for one in report.signals) and time.monotonic() < deadline:
        time.sleep(POLL_SECS)
        report = read()
    return report


def _render(report: QaReport) -> RenderableType:
    return Markdown(render_markdown(report))
