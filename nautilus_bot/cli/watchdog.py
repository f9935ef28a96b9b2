"""``nautilus-bot watchdog``: watch a bot from outside until interrupted."""

import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from nautilus_bot.cli.output import JsonFlag, emit, note
from nautilus_bot.config.loader import load_config
from nautilus_bot.core.errors import BotError
from nautilus_bot.process.log_file import LogFile, LogLine, log_path
from nautilus_bot.process.redaction import Redactor
from nautilus_bot.process.telegram import queue_alert
from nautilus_bot.process.watchdog import Limits, Severity, Watchdog

WELL, TROUBLED = 0, 1


def watchdog(
    name: Annotated[str, typer.Option("--name", help="Which bot.")] = "paper",
    policy: Annotated[
        Literal["alert", "restart", "flatten"],
        typer.Option(help="Only tell; or restart a dead bot; or also halt and close everything."),
    ] = "alert",
    every: Annotated[float, typer.Option(min=0.1, help="Seconds between two looks.")] = 5.0,
    stall: Annotated[float, typer.Option(min=1, help="Seconds the journal may stand still.")] = 60.0,
    config: Annotated[
        Path, typer.Option("-c", "--config", help="Where alerts.enabled says whether Telegram is told.")
    ] = Path("configs/backtest.json"),
    once: Annotated[bool, typer.Option("--once", help="Look once; exit 1 when something is wrong.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Watch heartbeat, journal and stops of a bot, and act when something is wrong."""
    log = LogFile(log_path("watchdog"), Redactor.of_environment())

    def write(severity: str, text: str) -> None:
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        log.write_line(LogLine(now, severity.upper(), "watchdog", text))
        note(f"{now} {severity}: {text}")

    def alert(severity: Severity, text: str) -> None:
        write(severity, text)
        try:
            _tell_telegram(name, config, severity, text)
        except BotError as e:
            # a watchdog must watch, whatever else is wrong
            write("error", f"Telegram is not told: {e}")

    dog = Watchdog(name, policy, alert, Limits(stall_secs=stall))
    try:
        if once:
            troubles = dog.look()
            emit(troubles, as_json, lambda found: "; ".join(found.values()) or "all is well")
            raise typer.Exit(TROUBLED if troubles else WELL)
        note(f"watching bot {name!r} every {every:g} s, policy {policy}; stop with Ctrl-C")
        with suppress(KeyboardInterrupt):
            dog.watch(every)
    finally:
        log.close()


def _tell_telegram(name: str, config: Path, severity: Severity, text: str) -> None:
    """Queue an alert for `nautilus-bot telegram`, where alerts are switched on."""
    if load_config(config).alerts.enabled:
        queue_alert(name, severity, text, time.time_ns())
