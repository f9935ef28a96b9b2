"""``nautilus-bot compare``."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Group, RenderableType
from rich.text import Text

from catalog.store import DEFAULT_ROOT, LATEST, EventStore
from nautilus_bot.cli.output import JsonFlag, emit, progress, table
from nautilus_bot.research.backtest.again import Counted, count_again
from nautilus_bot.research.backtest.rows import Row
from nautilus_bot.research.backtest.table import short_name


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Two backtests side by side; ``decided_alike`` is whether their digests are equal."""

    first: Counted
    second: Counted
    decided_alike: bool


def compare(
    first: Annotated[str, typer.Argument(help="Run id, or its beginning.")],
    second: Annotated[str, typer.Argument(help="Likewise.")] = LATEST,
    root: Annotated[
        Path, typer.Option("--root", envvar="BOT_EVENTS_ROOT", help="Folder of the event catalog.")
    ] = DEFAULT_ROOT,
    as_json: JsonFlag = False,
) -> None:
    """Count two recorded backtests again and show them side by side."""
    store = EventStore(root)
    with progress("reading two journals"):
        one, two = count_again(store, first), count_again(store, second)
    alike = one.decisions_digest == two.decisions_digest
    emit(Comparison(first=one, second=two, decided_alike=alike), as_json, _render)


def _render(found: Comparison) -> RenderableType:
    one, two = found.first, found.second
    columns = ("", "return % 1>", "2>", "trades 1>", "2>", "max DD % 1>", "2>", "Sharpe 1>", "2>")
    pairs = [(one.rows.overall, _row_like(one.rows.overall, (two.rows.overall,)))]
    pairs += [(row, _row_like(row, two.rows.by_strategy)) for row in one.rows.by_strategy]
    pairs += [(row, _row_like(row, two.rows.by_symbol)) for row in one.rows.by_symbol]
    verdict = "the same decisions, to the byte" if found.decided_alike else "different decisions"
    return Group(
        Text(f"1  {one.run_id}\n2  {two.run_id}"),
        table("", columns, [_cells(*pair) for pair in pairs]),
        Text(verdict, style="green" if found.decided_alike else "yellow"),
    )


def _row_like(row: Row, others: tuple[Row, ...]) -> Row | None:
    return next((one for one in others if (one.strategy, one.symbol) == (row.strategy, row.symbol)), None)


def _cells(one: Row, two: Row | None) -> tuple[str, ...]:
    name = (
        short_name(one.strategy)
        if one.strategy != "all"
        else one.symbol
        if one.symbol != "all"
        else "account"
    )
    figures = [_figures(row) if row else ("-",) * 4 for row in (one, two)]
    return (name, *(text for pair in zip(*figures, strict=True) for text in pair))


def _figures(row: Row) -> tuple[str, ...]:
    return (
        f"{row.return_pct:+.2f}",
        str(row.trades),
        f"{row.max_drawdown_pct:.2f}",
        f"{row.sharpe:.2f}",
    )
