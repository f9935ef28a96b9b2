"""``start``, ``stop``, ``force-stop`` and ``restart``: the bot as a process of its own."""

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from nautilus_bot.cli.author import cli_author
from nautilus_bot.cli.output import JsonFlag, emit, note
from nautilus_bot.core.errors import NotRunning
from nautilus_bot.process.pidfile import find_run_file
from nautilus_bot.process.start import START_TIMEOUT_SECS, Started, start_bot
from nautilus_bot.process.stop import STOP_TIMEOUT_SECS, Stopped, force_stop_bot, stop_bot

WhichOption = Annotated[str, typer.Option("--name", help="Which bot; the only one that runs by default.")]
StartTimeout = Annotated[float, typer.Option("--start-timeout", min=1, help="Seconds until it must trade.")]
StopTimeoutOption = Annotated[
    float, typer.Option("--timeout", min=0.1, help="Seconds until it must be gone.")
]
PASSED_ON = {"ignore_unknown_options": True, "allow_extra_args": True}


class PaperByDefault(TyperGroup):
    """``start`` and its options without a mode are those of ``start paper``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the mode in where there is none."""
        has_mode = bool(args) and not args[0].startswith("-")
        asks_for_help = bool(args) and args[0] in ctx.help_option_names
        return super().parse_args(ctx, args if has_mode or asks_for_help else ["paper", *args])


app = typer.Typer(cls=PaperByDefault)


@app.callback()
def start() -> None:
    """Start a bot in the background: paper by default, with the options of that mode."""


@app.command("paper", context_settings=PASSED_ON)
def start_paper(
    context: typer.Context,
    name: Annotated[str, typer.Option("--name", help="What the bot is called.")] = "",
    start_timeout: StartTimeout = START_TIMEOUT_SECS,
    as_json: JsonFlag = False,
) -> None:
    """Start a paper bot; all other options are those of `nautilus-bot paper`."""
    _start("paper", context.args, name, start_timeout, as_json)


@app.command("live", context_settings=PASSED_ON)
def start_live(
    context: typer.Context,
    name: Annotated[str, typer.Option("--name", help="What the bot is called.")] = "",
    start_timeout: StartTimeout = START_TIMEOUT_SECS,
    as_json: JsonFlag = False,
) -> None:
    """Start a live bot; all other options are those of `nautilus-bot live` (it needs --confirm-live)."""
    _start("live", context.args, name, start_timeout, as_json)


def stop(
    name: WhichOption = "", timeout: StopTimeoutOption = STOP_TIMEOUT_SECS, as_json: JsonFlag = False
) -> None:
    """Stop the bot gracefully; protective orders stay at the venue."""
    emit(stop_bot(find_run_file(name), cli_author(), timeout), as_json, render_stopped)


def force_stop(name: WhichOption = "", as_json: JsonFlag = False) -> None:
    """Kill the bot and all that it started."""
    emit(force_stop_bot(find_run_file(name)), as_json, render_stopped)


def restart(
    name: WhichOption = "",
    timeout: StopTimeoutOption = STOP_TIMEOUT_SECS,
    start_timeout: StartTimeout = START_TIMEOUT_SECS,
    as_json: JsonFlag = False,
) -> None:
    """Stop the bot if it runs, and start it again with the words it was started with."""
    found = find_run_file(name)
    try:
        note(render_stopped(stop_bot(found, cli_author(), timeout)))
    except NotRunning as error:
        note(str(error))
    _start(found.mode, list(found.arguments), found.name, start_timeout, as_json)


def _start(mode: str, arguments: list[str], name: str, timeout: float, as_json: bool) -> None:
    emit(start_bot(mode, arguments, name, timeout), as_json, render_started)


def render_started(started: Started) -> str:
    """Return what a person wants to know of a bot that was started."""
    return (
        f"bot {started.name!r} trades: process {started.pid}, run {started.run_id}, "
        f"started in {started.start_secs:.1f} s\n"
        f"log {started.log}, control {started.control_url}"
    )


def render_stopped(stopped: Stopped) -> str:
    """Return what a person wants to know of a bot that was stopped."""
    return (
        f"bot {stopped.name!r} (process {stopped.pid}) is gone after {stopped.stop_secs:.1f} s, "
        f"{stopped.how}: "
        f"{stopped.reason or 'it left no word'}"
    )
