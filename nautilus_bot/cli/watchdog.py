"""``nautilus-bot watchdog``: watch a bot from outside until interrupted."""

from datetime import UTC, datetime
from typing import Annotated, Literal

import typer

from nautilus_bot.cli.output import JsonFlag, emit, note
from nautilus_bot.process.log_file import LogFile, LogLine, log_path
from nautilus_bot.process.redaction import Redactor
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
    once: Annotated[bool, typer.Option("--once", help="Look once; exit 1 when something is wrong.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Watch heartbeat, journal and stops of a bot, and act when something is wrong."""
    log = LogFile(log_path("watchdog"), Redactor.of_environment())

    def alert(severity: Severity, text: str) -> None:
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        log.write_line(LogLine(now, severity.upper(), "watchdog", text))
        note(f"{now} {severity}: {text}")

    dog = Watchdog(name, policy, alert, Limits(stall_secs=stall))
    try:
        if once:
            troubles = dog.look()
            emit(troubles, as_json, lambda found: "; ".join(found.values()) or "all is well")
            raise typer.Exit(TROUBLED if troubles else WELL)
        note(f"watching bot {name!r} every {every:g} s, policy {policy}; stop with Ctrl-C")
        dog.watch(every)
    finally:
        log.close()
