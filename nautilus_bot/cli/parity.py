"""``nautilus-bot parity``: a session against its own backtest, the gap in parts that sum to it."""

from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from catalog.store import DEFAULT_ROOT, EventStore
from nautilus_bot.cli.events import RootOption
from nautilus_bot.cli.output import JsonFlag, emit, progress, table
from nautilus_bot.cli.why import when
from nautilus_bot.replay.booked import Booked
from nautilus_bot.replay.parity import Pair, ParityReport, compare_with_backtest
from nautilus_bot.replay.parity_page import write_page

REPORTS = Path("var/reports")


def parity(
    run: Annotated[str, typer.Argument(help="Paper or live run: id, its beginning, or 'latest'.")] = "latest",
    html: Annotated[
        Path | None, typer.Option("--html", help="HTML file [default: var/reports/parity-<run>.html].")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=0, help="Trades to list; 0 for all.")] = 10,
    root: RootOption = DEFAULT_ROOT,
    as_json: JsonFlag = False,
) -> None:
    """Compare a session with its own backtest on the market it saw, and split the gap in profit."""
    with progress(f"backtesting {run}"):
        report = compare_with_backtest(EventStore(root), run)
    page = write_page(report, html or REPORTS / f"parity-{report.run_id}.html")
    emit(report, as_json, lambda found: render(found, page, limit))


def render(report: ParityReport, page: Path, limit: int) -> RenderableType:
    """Return the gap by cause, and the trades with the largest gaps."""
    rows: list[tuple[str, str, int | str]] = [
        (part.cause, _money(part.cents), part.trades) for part in report.parts
    ]
    rows.append(("gap", _money(report.gap_cents), ""))
    pairs = report.pairs[: limit or None]
    return Group(
        Text(f"{report.run_id} ({report.mode}) against its own backtest on the market it saw", style="bold"),
        Text(
            f"session {report.session_pnl:+,.2f} USDT, backtest {report.backtest_pnl:+,.2f} USDT; "
            f"{report.matched} trades on both sides, {report.only_session} only in the session, "
            f"{report.only_backtest} only in the backtest"
        ),
        table("where the gap comes from", ("cause", "USDT>", "trades>"), rows),
        table(
            "largest gaps",
            ("strategy", "decided", "session", "backtest", "gap>"),
            [_pair(pair) for pair in pairs],
        ),
        Text(f"all of it: {page}"),
    )


def _pair(pair: Pair) -> tuple[str, str, str, str, str]:
    trade = pair.session or pair.backtest
    assert trade is not None
    sides = _trade(pair.session), _trade(pair.backtest)
    return trade.strategy_id, when(trade.decided_ns), *sides, _money(pair.gap)


def _trade(trade: Booked | None) -> str:
    if trade is None:
        return "none"
    side = "long" if trade.sign > 0 else "short"
    return f"{side} {trade.quantity} {trade.entry:,.4f} -> {trade.exit:,.4f} ({trade.ended_by})"


def _money(value: Decimal) -> str:
    return f"{value:+,.2f}"
