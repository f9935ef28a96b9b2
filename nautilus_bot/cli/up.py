"""``nautilus-bot up`` and ``down``: a demo bot and all that watches it, in one command, without Docker."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated, Final, Literal, Never

import msgspec
import typer
from rich.console import Group, RenderableType
from rich.text import Text

from nautilus_bot.cli.author import cli_author
from nautilus_bot.cli.config import CONFIG_FOLDER, ConfigOption
from nautilus_bot.cli.output import JsonFlag, emit, note, table
from nautilus_bot.config.loader import load_config
from nautilus_bot.core.errors import ProcessError
from nautilus_bot.process.loopback import LOOPBACK, PORTS, take_port
from nautilus_bot.process.start import Started
from nautilus_bot.process.up.down import DOWN_TIMEOUT_SECS, Ended, take_down
from nautilus_bot.process.up.leash import open_leash
from nautilus_bot.process.up.part import LeftOut, Plan
from nautilus_bot.process.up.parts import PARTS, build_parts
from nautilus_bot.process.up.supervisor import Supervisor

END_SIGNALS: Final = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
BOT_NAME: Final = "paper"


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One running thing: its name, address, process, log, and whether it answers."""

    name: str
    url: str
    pid: int
    state: str
    log: str


class Up(msgspec.Struct, frozen=True, kw_only=True):
    """All that runs, and what does not."""

    name: str
    run_id: str
    lines: tuple[Line, ...]
    left_out: tuple[LeftOut, ...]


def up(
    config: ConfigOption = CONFIG_FOLDER,
    speed: Annotated[float, typer.Option(min=0.1, help="Market seconds per wall second.")] = 1.0,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the synthetic market.")] = 1,
    state: Annotated[Path, typer.Option(help="File that keeps the account over restarts.")] = Path(
        "var/paper/exchange.sqlite"
    ),
    duration: Annotated[float, typer.Option(min=0, help="End after so many seconds; 0 never.")] = 0.0,
    name: Annotated[str, typer.Option("--name", help="What the bot is called.")] = BOT_NAME,
    no_panel: Annotated[bool, typer.Option("--no-panel", help="Without the control panel.")] = False,
    without: Annotated[
        list[str] | None, typer.Option(help=f"Leave out one of: {', '.join(part for part, _ in PARTS)}.")
    ] = None,
    require: Annotated[
        bool, typer.Option("--require", help="Refuse to start when a part is missing.")
    ] = False,
    policy: Annotated[
        Literal["alert", "restart", "flatten"], typer.Option(help="What the watchdog does.")
    ] = "alert",
    scrape: Annotated[float, typer.Option(min=0.1, help="Seconds between two looks of Prometheus.")] = 15.0,
    any_ports: Annotated[
        bool, typer.Option("--any-ports", help="Take free ports instead of the usual ones.")
    ] = False,
    folder: Annotated[Path, typer.Option(help="Where Prometheus and Alertmanager keep their data.")] = Path(
        "var/up"
    ),
    as_json: JsonFlag = False,
) -> None:
    """Run a paper bot, Prometheus, Alertmanager, control panel, Telegram and watchdog, until told to end."""
    ports: dict[str, int] = {}
    for part, port in PORTS.items():
        ports[part] = take_port(0 if any_ports else port, ports.values())
    bot_words = (
        *("--config", str(config), f"--speed={speed:g}", f"--seed={seed}", f"--state={state}"),
        *(f"--metrics-port={ports['metrics']}", f"--control-port={ports['control']}"),
    )
    plan = Plan(
        name=name,
        config=load_config(config),
        config_path=config,
        folder=folder.absolute() / name,
        ports=ports,
        metrics_url=f"http://{LOOPBACK}:{ports['metrics']}/metrics",
        bot_words=bot_words,
        scrape_secs=scrape,
        policy=policy,
        without=_unwanted(without or [], no_panel),
    )
    parts, left_out = build_parts(plan)
    _tell_left_out(left_out, require)
    with open_leash() as leash, _interrupted_by_signals():
        held = Supervisor(plan, parts, leash, note, cli_author())
        try:
            started = held.start()
            answered = held.await_ready()
            emit(_describe(plan, started, held, answered, left_out), as_json, _render)
            held.watch(duration)
        except KeyboardInterrupt:
            note("ending everything")
        finally:
            _ignore_signals()
            held.stop()
    note("all is down")


def down(
    name: Annotated[str, typer.Option("--name", help="Of the bot.")] = BOT_NAME,
    timeout: Annotated[
        float, typer.Option(min=1, help="Seconds until all must be gone.")
    ] = DOWN_TIMEOUT_SECS,
    as_json: JsonFlag = False,
) -> None:
    """End what ``up`` started: the bot gracefully, and everything beside it."""
    emit(take_down(name, timeout), as_json, _render_ended)


def _unwanted(words: list[str], no_panel: bool) -> frozenset[str]:
    known = {part for part, _ in PARTS}
    if strangers := set(words) - known:
        raise typer.BadParameter(f"--without {min(strangers)}: must be one of {', '.join(sorted(known))}")
    return frozenset(words) | ({"panel"} if no_panel else frozenset())


def _tell_left_out(left_out: list[LeftOut], require: bool) -> None:
    for one in left_out:
        if require and one.wanted:
            raise ProcessError(f"with --require everything must be there, but {one.name}: {one.reason}")
        if one.wanted:
            note(f"without {one.name}: {one.reason}")


@contextmanager
def _interrupted_by_signals() -> Iterator[None]:
    """Let every signal that asks for an end, and a terminal that is closed, do what Ctrl-C does."""
    known = [getattr(signal, word) for word in END_SIGNALS if hasattr(signal, word)]
    before = {number: signal.signal(number, _interrupt) for number in known}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(_signal: int, _frame: FrameType | None) -> Never:
    raise KeyboardInterrupt


def _ignore_signals() -> None:
    """Let nothing break off the end, whose time is bounded."""
    for word in END_SIGNALS:
        if hasattr(signal, word):
            signal.signal(getattr(signal, word), signal.SIG_IGN)


def _describe(
    plan: Plan, started: Started, held: Supervisor, answered: dict[str, bool], left_out: list[LeftOut]
) -> Up:
    bot = (
        Line(name="bot", url=started.control_url, pid=started.pid, state="trades", log=started.log),
        Line(name="metrics", url=plan.metrics_url, pid=started.pid, state="", log=""),
    )
    parts = tuple(
        Line(
            name=child.part.name,
            url=child.part.url + child.part.secret,
            pid=child.pid,
            state={None: "runs", True: "ready", False: "does not answer yet"}[answered.get(child.part.name)],
            log=str(child.log),
        )
        for child in held.children
    )
    return Up(name=started.name, run_id=started.run_id, lines=bot + parts, left_out=tuple(left_out))


def _render(shown: Up) -> RenderableType:
    rows = [(line.name, line.url, line.pid, line.state, line.log) for line in shown.lines]
    title = f"bot {shown.name!r}, run {shown.run_id}"
    end = f"Ctrl-C or `nautilus-bot down --name {shown.name}` ends all of it"
    return Group(table(title, ("part", "address", "process>", "state", "log"), rows), Text(end))


def _render_ended(ended: Ended) -> str:
    parts = ", ".join(ended.parts) or "nothing"
    return f"bot {ended.name!r} is down after {ended.secs:.1f} s, and beside it {parts}"
