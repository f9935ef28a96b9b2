"""``nautilus-bot import-data``, ``list-data`` and ``make-data``."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Group, RenderableType

from nautilus_bot.cli.output import JsonFlag, emit, progress, table
from nautilus_bot.market.data_catalog import data_catalog_root
from nautilus_bot.market.importer import ImportReport, import_files
from nautilus_bot.market.listing import SeriesReport, describe
from nautilus_bot.market.synthetic_store import DEFAULT_START_NS, DEFAULT_SYMBOLS, ensure_synthetic

RootOption = Annotated[
    Path | None,
    typer.Option(
        "--data-catalog", help="Directory of the data catalog [default: BOT_DATA_CATALOG or data_catalog]."
    ),
]


class MadeMarket(msgspec.Struct, frozen=True):
    """What ``make-data`` did."""

    seed: int
    days: int
    interval: str
    symbols: tuple[str, ...]
    new_bars: int
    data_catalog: str


def import_data(
    paths: Annotated[list[str], typer.Argument(help="Parquet or CSV files, globs, or directories of them.")],
    symbol: Annotated[
        str, typer.Option("--symbol", "-p", help="Symbol, where the file name does not say it.")
    ] = "",
    interval: Annotated[str, typer.Option("--interval", "-i", help="Interval, e.g. 15m, likewise.")] = "",
    data_catalog: RootOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Import candles, funding rates and mark prices; all files or none."""
    root = data_catalog or data_catalog_root()
    with progress("importing") as job:
        report = import_files(
            root,
            paths,
            symbol=symbol,
            interval=interval,
            on_file=lambda path: job.describe(f"checked {path.name}"),
        )
    emit(report, as_json, lambda found: _render_import(found, root))


def list_data(data_catalog: RootOption = None, as_json: JsonFlag = False) -> None:
    """Show what the data catalog holds: ranges, gaps, bars without volume, funding, content hashes."""
    root = data_catalog or data_catalog_root()
    with progress("reading"):
        reports = describe(root)
    emit(reports, as_json, lambda found: _render_list(found, root))


def make_data(
    seed: Annotated[int, typer.Option(help="The same seed makes the same market.")] = 7,
    days: Annotated[int, typer.Option(help="Length in days.")] = 90,
    symbols: Annotated[str, typer.Option("--symbols", "-p", help="Separated by commas.")] = ",".join(
        DEFAULT_SYMBOLS
    ),
    interval: Annotated[str, typer.Option("--interval", "-i", help="1m, 5m, 15m or 1h.")] = "15m",
    data_catalog: RootOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Write a realistic synthetic market, for use without any history."""
    root = data_catalog or data_catalog_root()
    names = tuple(symbol.strip().upper() for symbol in symbols.split(",") if symbol.strip())
    with progress("drawing the market"):
        new_bars = ensure_synthetic(root, seed, days, names, interval=interval, start_ns=DEFAULT_START_NS)
    made = MadeMarket(seed, days, interval, names, new_bars, str(root))
    emit(made, as_json, _render_made)


def _render_import(report: ImportReport, root: Path) -> RenderableType:
    rows = [(one.series, len(one.files), f"{one.rows:,}", f"{one.new_rows:,}") for one in report.series]
    grid = table(f"imported into {root}", ("series", "files>", "rows>", "new>"), rows)
    notes = [f"left alone, its columns are of no kind we import: {path}" for path in report.skipped]
    notes += [f"a synthetic market made room: {name}" for name in report.displaced]
    return Group(grid, *notes)


def _render_list(reports: Sequence[SeriesReport], root: Path) -> RenderableType:
    columns = ("series", "bars>", "from", "to", "gaps", "no volume>", "funding", "origin", "blake2b")
    rows = [
        (
            f"{one.symbol} {one.interval}{' mark' if one.price == 'MARK' else ''}",
            f"{one.rows:,}",
            _utc(one.first_ts),
            _utc(one.last_ts),
            f"{one.gaps}: {one.missing_bars:,} bars, first {_utc(one.first_missing_ts)}" if one.gaps else "",
            one.zero_volume_bars or "",
            f"{one.funding.rows:,} to {_utc(one.funding.last_ts)}" if one.funding else "none",
            "history" if one.seed is None else f"seed {one.seed}",
            one.blake2b[:8],
        )
        for one in reports
    ]
    if not rows:
        return f"{root} holds no bars; run `nautilus-bot import-data` or `nautilus-bot make-data`"
    return table(f"{root}; closing times, UTC", columns, rows)


def _render_made(made: MadeMarket) -> RenderableType:
    what = f"{', '.join(made.symbols)} {made.interval}, {made.days} days of seed {made.seed}"
    done = f"{made.new_bars:,} new bars" if made.new_bars else "all bars were there already"
    return f"{what} in {made.data_catalog}: {done}"


def _utc(ts_ns: int) -> str:
    return datetime.fromtimestamp(ts_ns // 10**9, UTC).strftime("%Y-%m-%d %H:%M")
