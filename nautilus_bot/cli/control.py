"""``nautilus-bot control``: ask a running bot for something; it is recorded with who asked."""

from typing import Annotated

import typer

from nautilus_bot.cli.author import cli_author
from nautilus_bot.cli.lifecycle import WhichOption
from nautilus_bot.cli.output import JsonFlag, emit
from nautilus_bot.control.client import ControlClient
from nautilus_bot.core.control import (
    AnyCommand,
    AssignExternal,
    CloseAll,
    CloseSymbol,
    HaltTrading,
    Outcome,
    PauseStrategy,
    ReduceOnly,
    ResumeStrategy,
    ResumeTrading,
)
from nautilus_bot.core.errors import NotRunning
from nautilus_bot.process.pidfile import RunFile, find_run_file

REFUSED = 1
ReasonOption = Annotated[str, typer.Option("--reason", help="Recorded with the command.")]
DEFAULT_REASON = "the operator asked for it"

app = typer.Typer(no_args_is_help=True)


@app.command()
def halt(reason: ReasonOption = DEFAULT_REASON, name: WhichOption = "", as_json: JsonFlag = False) -> None:
    """Let no order pass that opens risk."""
    _send(HaltTrading(reason=reason), name, as_json)


@app.command("reduce-only")
def reduce_only(
    symbol: Annotated[str, typer.Argument(help="E.g. BTCUSDT; everything by default.")] = "",
    reason: ReasonOption = DEFAULT_REASON,
    name: WhichOption = "",
    as_json: JsonFlag = False,
) -> None:
    """Let only reducing orders pass."""
    _send(ReduceOnly(symbol=symbol, reason=reason), name, as_json)


@app.command("resume-trading")
def resume_trading(
    reason: ReasonOption = DEFAULT_REASON, name: WhichOption = "", as_json: JsonFlag = False
) -> None:
    """Lift a halt and all reduce-only marks."""
    _send(ResumeTrading(reason=reason), name, as_json)


@app.command()
def pause(
    strategy: Annotated[str, typer.Argument(help="Class name, or the id of one instance.")],
    reason: ReasonOption = DEFAULT_REASON,
    name: WhichOption = "",
    as_json: JsonFlag = False,
) -> None:
    """Let one strategy open no risk."""
    _send(PauseStrategy(strategy=strategy, reason=reason), name, as_json)


@app.command()
def resume(
    strategy: Annotated[str, typer.Argument(help="As it was paused.")],
    name: WhichOption = "",
    as_json: JsonFlag = False,
) -> None:
    """Lift the pause of a strategy."""
    _send(ResumeStrategy(strategy=strategy), name, as_json)


@app.command()
def assign(
    symbol: Annotated[str, typer.Argument(help="E.g. BTCUSDT.")],
    strategy: Annotated[
        str, typer.Argument(help="Who takes the outside position over; nobody by default.")
    ] = "",
    stop: Annotated[str, typer.Option(help="Price of its protective stop.")] = "",
    target: Annotated[str, typer.Option(help="Price of its take-profit.")] = "",
    name: WhichOption = "",
    as_json: JsonFlag = False,
) -> None:
    """Say whose an outside position is; its symbol is traded again."""
    _send(AssignExternal(symbol=symbol, strategy=strategy, stop=stop, target=target), name, as_json)


@app.command()
def close(
    symbol: Annotated[str, typer.Argument(help="E.g. BTCUSDT.")],
    name: WhichOption = "",
    as_json: JsonFlag = False,
) -> None:
    """Close every strategy's position in one symbol at market."""
    _send(CloseSymbol(symbol=symbol), name, as_json)


@app.command("close-all")
def close_all(name: WhichOption = "", as_json: JsonFlag = False) -> None:
    """Close every position at market."""
    _send(CloseAll(), name, as_json)


def client_of(found: RunFile) -> ControlClient:
    """
    Return a client of a running bot.

    Raises
    ------
    NotRunning
        If it does not run, or does not trade yet.
    """
    if not found.is_running:
        raise NotRunning(f"bot {found.name!r} does not run; `nautilus-bot start {found.mode}` starts one")
    if not found.control_url:
        raise NotRunning(f"bot {found.name!r} does not trade yet; try again in a moment")
    return ControlClient(found.control_url, found.token)


def _send(command: AnyCommand, name: str, as_json: bool) -> None:
    outcome = client_of(find_run_file(name)).send(command, cli_author())
    emit(outcome, as_json, _render)
    if not outcome.done:
        raise typer.Exit(REFUSED)


def _render(outcome: Outcome) -> str:
    return outcome.text if outcome.done else f"refused: {outcome.text}"
