"""``status`` and ``logs``: what the bot does, and what it says."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from nautilus_bot.cli.lifecycle import WhichOption
from nautilus_bot.cli.output import JsonFlag, emit, table, write_json
from nautilus_bot.core.control import BotStatus
from nautilus_bot.core.errors import NotFound, NotRunning, Unresponsive
from nautilus_bot.process.log_file import LogLine
from nautilus_bot.process.log_reader import follow_lines, last_lines
from nautilus_bot.process.pidfile import find_run_file
from nautilus_bot.process.status import StatusReport, read_status

LEVEL_STYLES = {"WARNING": "yellow", "ERROR": "red", "CRITICAL": "bold red"}


def status(name: WhichOption = "", as_json: JsonFlag = False) -> None:
    """Show process, services, portfolio, signals and the last log lines; 0 when it runs, 3 when not."""
    report = read_status(find_run_file(name))
    emit(report, as_json, render_status)
    if not report.running:
        raise typer.Exit(NotRunning.exit_code)
    if report.bot is None and report.state == "trading":
        raise typer.Exit(Unresponsive.exit_code)


def logs(
    name: WhichOption = "",
    count: Annotated[int, typer.Option("-n", min=1, help="How many of the last lines.")] = 50,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on until the bot ends.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Show the log of the bot, and with -f what it goes on to write."""
    found = find_run_file(name)
    path = Path(found.log)
    if not found.log or not path.exists():
        raise NotFound(
            f"bot {found.name!r} keeps no log: it was not started in the background nor with --log-file"
        )
    lines = last_lines(path, count)
    if as_json and not follow:
        write_json(lines)
        return
    for line in lines:
        typer.echo(render_line(line))
    if follow:
        for line in follow_lines(path, lambda: not found.is_running):
            typer.echo(render_line(line))


def render_line(line: LogLine) -> str:
    """Return a log line for a terminal."""
    return f"{line.ts} {line.level:8} {line.logger}: {line.text}"


def render_status(report: StatusReport) -> RenderableType:
    """Return everything that ``status`` shows, for a terminal."""
    parts: list[RenderableType] = [Text(_headline(report), style="bold")]
    if report.error:
        parts.append(Text(report.error, style="red"))
    if report.bot is not None:
        parts += _bot(report.bot)
    if report.signals:
        rows = [
            (_time(s.ts_event), s.strategy, s.instrument_id, s.side, f"{s.confidence:.2f}", s.state, s.rule)
            for s in report.signals
        ]
        parts.append(
            table("last signals", ("time", "strategy", "on", "side", "conf>", "state", "rule"), rows)
        )
    up = [f"{s.name} {'up' if s.up else 'down'} ({s.port})" for s in report.services]
    parts.append(Text(f"services: {', '.join(up)}; {len(report.children)} child processes"))
    parts += [Text(render_line(line), style=LEVEL_STYLES.get(line.level, "dim")) for line in report.log]
    return Group(*parts)


def _headline(report: StatusReport) -> str:
    if report.running:
        return (
            f"bot {report.name!r} runs: {report.state}, process {report.pid}, {report.mode}, "
            f"up {_length(report.uptime_secs)}, run {report.run_id or 'not yet'}"
        )
    how = f": {report.reason}" if report.reason else ""
    after = f" after {_length(report.uptime_secs)}" if report.uptime_secs else ""
    return f"bot {report.name!r} does not run: {report.state}{after}{how}"


def _bot(bot: BotStatus) -> list[RenderableType]:
    account, refused = bot.account, sum(bot.signals_refused.values())
    rules = ", ".join(f"{rule} {number}" for rule, number in sorted(bot.signals_refused.items()))
    wrong = [f"{check.name}: {check.text}" for check in bot.health.checks if not check.ok]
    parts: list[RenderableType] = [
        Text(
            f"equity {account.equity_usdt:.2f} USDT, balance {account.balance_usdt:.2f}, open profit "
            f"{account.unrealized_usdt:+.2f}, realised {account.realized_usdt:+.2f}, "
            f"fees {account.fees_usdt:.2f}, drawdown {account.drawdown_pct:.2f} %, "
            f"day {-account.daily_loss_pct:+.2f} %"
        ),
        Text(
            f"signals {bot.signals_generated}: {bot.signals_executed} executed, {refused} refused"
            + (f" ({rules})" if rules else "")
            + f"; {bot.trades} trades closed, {bot.orders} orders open"
        ),
        Text(
            f"risk {bot.breakers.state}"
            + (
                f" by {bot.breakers.rule or bot.breakers.author}: {bot.breakers.reason}"
                if bot.breakers.reason
                else ""
            )
            + (f"; paused: {', '.join(bot.breakers.paused)}" if bot.breakers.paused else "")
            + f"; market clock {_time(bot.market_ns)}, journal at {bot.journal.seq}"
        ),
        Text(
            "healthy" if bot.health.ok else "NOT HEALTHY: " + "; ".join(wrong),
            style="green" if bot.health.ok else "bold red",
        ),
    ]
    if bot.positions:
        rows = [
            (
                p.strategy,
                p.instrument_id,
                p.quantity,
                p.average_price,
                f"{p.mark:g}",
                f"{p.unrealized_usdt:+.2f}",
                ", ".join(stop.trigger for stop in p.stops) if p.covered else "MISSING",
            )
            for p in bot.positions
        ]
        columns = ("strategy", "on", "quantity>", "entry>", "mark>", "profit>", "stop>")
        parts.append(table("positions", columns, rows))
    return parts


def _time(ts_ns: int) -> str:
    return datetime.fromtimestamp(ts_ns / 1e9, UTC).strftime("%Y-%m-%d %H:%M:%S") if ts_ns else "-"


def _length(secs: float) -> str:
    whole = int(secs)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"
