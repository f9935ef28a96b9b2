"""A running bot in the terminal: prices, positions, signals with their verdicts, profit and loss."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from nautilus_bot.core.snapshot import SignalLine, Snapshot

REFRESH_SECS = 0.5
PLAIN_SECS = 5.0
SIGNALS_SHOWN = 10
STATE_STYLES = {
    "executed": "green",
    "refused": "yellow",
    "approved": "cyan",
    "pending": "dim",
    "unfilled": "red",
}


async def watch(snapshot: Callable[[], Snapshot], title: str, console: Console) -> None:
    """
    Show a bot until cancelled: a live screen on a terminal, else a line every few seconds.

    Parameters
    ----------
    snapshot : Callable[[], Snapshot]
        Returns the bot at this moment; called on the event loop's thread.
    title : str
        Heading of the screen.
    console : Console
        Where to show it.
    """
    if not console.is_terminal:
        while True:
            await asyncio.sleep(PLAIN_SECS)
            console.print(render_line(snapshot()), soft_wrap=True)
    with Live(console=console, auto_refresh=False, transient=True) as screen:
        while True:
            screen.update(render_screen(snapshot(), title), refresh=True)
            await asyncio.sleep(REFRESH_SECS)


def render_line(now: Snapshot) -> str:
    """Return the bot in one line."""
    account = now.account
    refused = sum(now.signals_refused.values())
    prices = "  ".join(f"{_symbol(p.instrument_id)} {p.price:,.6g}" for p in now.prices)
    return (
        f"{_clock(now.market_ns)}  equity {account.equity_usdt:,.2f}  open {account.unrealized_usdt:+,.2f}  "
        f"signals {now.signals_generated} (executed {now.signals_executed}, refused {refused})  "
        f"positions {len(now.positions)}  {prices}"
    )


def render_screen(now: Snapshot, title: str) -> RenderableType:
    """Return the bot as a screen."""
    top = Table.grid(expand=True, padding=(0, 2))
    top.add_row(_account(now), _prices(now))
    return Panel(
        Group(top, _positions(now), _signals(now)),
        title=f"[bold]{title}[/]  market time {_clock(now.market_ns)}",
        border_style="blue",
    )


def _account(now: Snapshot) -> RenderableType:
    account, grid = now.account, Table.grid(padding=(0, 2))
    refused = sum(now.signals_refused.values())
    for name, value in (
        ("equity", f"[bold]{account.equity_usdt:,.2f}[/] USDT"),
        ("closed, before fees", _signed(account.realized_usdt)),
        ("open", _signed(account.unrealized_usdt)),
        ("fees", f"{account.fees_usdt:,.2f}"),
        ("drawdown", f"{account.drawdown_pct:.2f} %"),
        ("signals", f"{now.signals_generated}: {now.signals_executed} executed, {refused} refused"),
        ("trading", now.breakers.state),
    ):
        grid.add_row(Text(name, style="dim"), Text.from_markup(value))
    return grid


def _prices(now: Snapshot) -> RenderableType:
    grid = Table.grid(padding=(0, 2))
    for price in now.prices:
        grid.add_row(Text(_symbol(price.instrument_id), style="bold"), f"{price.price:,.6g}")
    return grid


def _positions(now: Snapshot) -> RenderableType:
    table = Table(title="positions", title_justify="left", expand=True, box=None, header_style="dim")
    for column in ("strategy", "symbol", "quantity", "entry", "mark", "open PnL", "stop"):
        table.add_column(column, justify="left" if column in ("strategy", "symbol") else "right")
    for one in now.positions:
        stop = one.stops[0].trigger if one.stops else ""
        table.add_row(
            one.strategy,
            _symbol(one.instrument_id),
            one.quantity,
            one.average_price,
            f"{one.mark:,.6g}",
            Text.from_markup(_signed(one.unrealized_usdt)),
            stop if one.covered else Text("not covered", style="bold red"),
        )
    return table


def _signals(now: Snapshot) -> RenderableType:
    table = Table(title="signals", title_justify="left", expand=True, box=None, header_style="dim")
    for column in ("time", "strategy", "signal", "confidence", "verdict", "why"):
        table.add_column(column, no_wrap=column != "why")
    for line in _latest(now.signals):
        table.add_row(
            _clock(line.ts_event),
            line.strategy,
            f"{line.side} {_symbol(line.instrument_id)} {line.price}",
            f"{line.confidence:.2f}",
            Text(line.state, style=STATE_STYLES[line.state]),
            f"{line.rule}: {line.reason}" if line.rule else line.why,
        )
    return table


def _latest(signals: tuple[SignalLine, ...]) -> list[SignalLine]:
    return sorted(signals, key=lambda line: line.ts_event, reverse=True)[:SIGNALS_SHOWN]


def _signed(value: float) -> str:
    style = "green" if value > 0 else "red" if value < 0 else "dim"
    return f"[{style}]{value:+,.2f}[/]"


def _symbol(instrument_id: str) -> str:
    return instrument_id.partition("-")[0]


def _clock(ts_ns: int) -> str:
    return (
        datetime.fromtimestamp(ts_ns // 1_000_000_000, tz=UTC).strftime("%Y-%m-%d %H:%M:%S") if ts_ns else "-"
    )
