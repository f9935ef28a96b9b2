"""``nautilus-bot events``: runs, tail, sql, verify, export and the views by name."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer
from rich.console import RenderableType

from catalog.codec import decode_plain
from catalog.digest import DEFAULT_KEY, check_digests, has_digests, public_path
from catalog.entry import Entry
from catalog.export import export_view
from catalog.queries import EventQueries, Result
from catalog.reader import EntryFilter, follow, last_seq, tail
from catalog.store import DEFAULT_ROOT, EventStore
from catalog.verify import VerifyReport, verify_in_process
from nautilus_bot.cli import events_sealing
from nautilus_bot.cli.events_sealing import KeyOption
from nautilus_bot.cli.output import JsonFlag, emit, progress, table
from nautilus_bot.core.errors import ConfigError

RootOption = Annotated[
    Path, typer.Option("--root", envvar="BOT_EVENTS_ROOT", help="Folder of the event catalog.")
]
RunOption = Annotated[str, typer.Option("--run", "-r", help="Run id, its beginning, 'latest' or 'all'.")]
NAUTILUS: Final = "nautilus"
OneRunOption = Annotated[str, typer.Option("--run", "-r", help="Run id, its beginning, or 'latest'.")]
StrategyOption = Annotated[str, typer.Option("--strategy", "-s", help="Strategy id, or its beginning.")]
SymbolOption = Annotated[str, typer.Option("--symbol", "-p", help="Instrument id, or its beginning.")]
SinceOption = Annotated[
    str, typer.Option("--since", help="First event time, UTC: 20250131, 2025-01-31T12:00 or ns.")
]
LimitOption = Annotated[int, typer.Option("--limit", "-n", min=0, help="Last rows to show; 0 for all.")]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SHOWN: Final[dict[str, tuple[str, ...]]] = {
    "runs": ("run_id", "status", "started", "entries"),
    "orders": ("seq", "time", "client_order_id", "order_side", "order_type", "quantity", "status", "avg_px"),
    "fills": ("seq", "time", "strategy_id", "instrument_id", "order_side", "quantity", "price", "fee"),
    "signals": ("seq", "time", "strategy_id", "instrument_id", "side", "confidence", "price", "reason"),
    "verdicts": ("seq", "time", "strategy_id", "instrument_id", "role", "approved", "rule", "reason"),
    "equity": ("time", "equity_usdt", "balance_usdt", "drawdown_pct", "gross_exposure_usdt"),
}
"""Columns of the tables, by title; ``--json`` has all."""

app = typer.Typer(rich_markup_mode="rich", no_args_is_help=True)


@app.command("runs", epilog="Example:\n\n$ nautilus-bot events runs --limit 5")
def runs(root: RootOption = DEFAULT_ROOT, limit: LimitOption = 20, as_json: JsonFlag = False) -> None:
    """List the runs, the newest first."""
    store = EventStore(root)
    with _queries(store, "all") as queries:
        _show("runs", queries.runs(limit=limit), as_json)


@app.command("tail", epilog="Example:\n\n$ nautilus-bot events tail -f -s RSIEMAMomentumStrategy")
def tail_entries(
    root: RootOption = DEFAULT_ROOT,
    run: OneRunOption = "latest",
    strategy: StrategyOption = "",
    symbol: SymbolOption = "",
    since: SinceOption = "",
    message_type: Annotated[
        list[str] | None, typer.Option("--type", "-t", help="Message type, e.g. OrderFilled; repeatable.")
    ] = None,
    limit: LimitOption = 20,
    following: Annotated[bool, typer.Option("--follow", "-f", help="Wait for more, until Ctrl-C.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Show the last entries of a run, finished or running."""
    folder = EventStore(root).folder(run)
    wanted = EntryFilter(
        types=tuple(message_type or ()), strategy=strategy, symbol=symbol, since_ns=parse_since(since)
    )
    end = last_seq(folder)
    found = [_entry_row(entry) for entry in tail(folder, where=wanted, count=limit or -1)]
    if not following:
        emit(found, as_json, _entries_table)
        return
    for row in found:
        _print_row(row, as_json)
    # Ctrl-C is how this ends: nothing may follow the last entry, least of all in JSON lines
    with suppress(KeyboardInterrupt):
        for entry in follow(folder, where=wanted, after_seq=end):
            _print_row(_entry_row(entry), as_json)


@app.command(
    "sql", epilog='Example:\n\n$ nautilus-bot events sql "select strategy, count(*) from signals group by 1"'
)
def sql(
    statement: Annotated[str, typer.Argument(help="DuckDB SQL over orders, fills, signals, verdicts ...")],
    root: RootOption = DEFAULT_ROOT,
    run: RunOption = "latest",
    as_json: JsonFlag = False,
) -> None:
    """Ask a question in SQL; docs/event-catalog.md lists the views and their columns."""
    with _queries(EventStore(root), run) as queries, progress("reading the journal"):
        result = queries.sql(statement)
    _show("", result, as_json)


@app.command("verify", epilog="Example:\n\n$ nautilus-bot events verify --run latest")
def verify(
    root: RootOption = DEFAULT_ROOT,
    run: OneRunOption = "latest",
    key: KeyOption = DEFAULT_KEY,
    as_json: JsonFlag = False,
) -> None:
    """
    Prove in a separate process that a run's journal is gap-free and unaltered, or name the bad entry.

    Signed digests that name the run are checked as well, and the seal of a run whose journal was pruned.
    """
    store = EventStore(root)
    folder = store.folder(run)
    with progress(f"verifying {folder.name}"):
        report = verify_in_process(folder)
        if report.ok and has_digests(store):
            check_digests(store, folder.name, public_path(key))
    if report.ok or as_json:
        emit(report, as_json, _verdict_line)
    if not report.ok and as_json:
        raise typer.Exit(1)
    report.raise_if_bad()


def _listing(view: str, ask: Callable[..., Result]) -> Callable[..., None]:
    """Return the command that lists a view; ``ask`` is the question of ``EventQueries`` by the same name."""

    def listing(
        root: RootOption = DEFAULT_ROOT,
        run: RunOption = "latest",
        strategy: StrategyOption = "",
        symbol: SymbolOption = "",
        since: SinceOption = "",
        limit: LimitOption = 50,
        as_json: JsonFlag = False,
    ) -> None:
        with _queries(EventStore(root), run) as queries:
            since_ns = parse_since(since)
            result = ask(queries, strategy=strategy, symbol=symbol, since_ns=since_ns, limit=limit)
        _show(view, result, as_json)

    return listing


for _view, _ask, _help, _example in (
    ("orders", EventQueries.orders, "List orders with their present state.", "-p BTCUSDT --since 20250101"),
    ("fills", EventQueries.fills, "List fills with price, quantity and fee.", "--run latest --limit 10"),
    ("signals", EventQueries.signals, "List signals with confidence and reason.", "-s TrendFollowing --json"),
    (
        "verdicts",
        EventQueries.verdicts,
        "List what risk approved and refused, by which rule, with limit and observed value.",
        "-p ETHUSDT --limit 20",
    ),
):
    _epilog = f"Example:\n\n$ nautilus-bot events {_view} {_example}"
    app.command(_view, help=_help, epilog=_epilog)(_listing(_view, _ask))


@app.command("equity", epilog="Example:\n\n$ nautilus-bot events equity --limit 0 --json")
def equity(
    root: RootOption = DEFAULT_ROOT,
    run: RunOption = "latest",
    since: SinceOption = "",
    limit: LimitOption = 50,
    as_json: JsonFlag = False,
) -> None:
    """List the marks of the equity curve."""
    with _queries(EventStore(root), run) as queries:
        result = queries.equity(since_ns=parse_since(since), limit=limit)
    _show("equity", result, as_json)


@app.command("export", epilog="Example:\n\n$ nautilus-bot events export fills fills.csv --run latest")
def export(
    view: Annotated[
        str, typer.Argument(help="fills, orders, positions, signals, verdicts, equity ... or entries.")
    ],
    target: Annotated[Path, typer.Argument(help="File to write: .parquet, .csv or .json; else a folder.")],
    root: RootOption = DEFAULT_ROOT,
    run: RunOption = "latest",
    file_format: Annotated[
        str,
        typer.Option(
            "--format", help="parquet, csv, json, or nautilus: its data catalog [default: the suffix]."
        ),
    ] = "",
    as_json: JsonFlag = False,
) -> None:
    """Write all rows of a view into a file, or a run's entries into a data catalog of Nautilus."""
    if file_format == NAUTILUS:
        _export_nautilus(EventStore(root), run, view, target, as_json)
        return
    with _queries(EventStore(root), run) as queries, progress("reading the journal"):
        rows = export_view(queries, view, target, file_format)
    result = {"view": view, "file": str(target), "rows": rows}
    emit(result, as_json, lambda done: f"{done['rows']} rows of {done['view']} in {done['file']}")


def _export_nautilus(store: EventStore, run: str, view: str, target: Path, as_json: bool) -> None:
    from catalog.nautilus_catalog import export_nautilus  # noqa: PLC0415  half a second of pandas

    if view != "entries":
        raise ConfigError(f"Nautilus knows its own events, not views: export entries, not {view!r}")
    with progress("writing"):
        counts = export_nautilus(store.folder(run), target)
    emit(counts, as_json, lambda found: table(f"in {target}", ("type", "messages>"), [*found.items()]))


for _name, _command in (
    ("seal", events_sealing.seal),
    ("prune", events_sealing.prune_journals),
    ("keygen", events_sealing.keygen),
    ("digest", events_sealing.digest),
    ("publish", events_sealing.publish),
    ("taxes", events_sealing.taxes),
):
    app.command(_name)(_command)


def parse_since(text: str, option: str = "--since") -> int:
    """
    Return a UTC time as nanoseconds since the epoch; 0 for an empty text.

    Parameters
    ----------
    text : str
        ``20250131``, ISO 8601 with or without a time (UTC unless it says otherwise), or nanoseconds.
    option : str, default "--since"
        What the user wrote it behind, for the error.

    Raises
    ------
    ConfigError
        If it is none of these.
    """
    if not text:
        return 0
    if text.isdigit() and len(text) > len("20250131"):
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as e:
        raise ConfigError(f"{option} must be 20250131, 2025-01-31T12:00 or nanoseconds, was {text!r}") from e
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    # exact to the microsecond, which a float is not
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1_000


@contextmanager
def _queries(store: EventStore, run: str) -> Iterator[EventQueries]:
    queries = EventQueries(store, run)
    try:
        yield queries
    finally:
        queries.close()


def _show(title: str, result: Result, as_json: bool) -> None:
    """Print an answer: all columns as JSON, those worth a person's time in the table."""

    def render(rows: list[dict[str, Any]]) -> RenderableType:
        if not rows:
            return f"no {title or 'rows'}"
        shown = _SHOWN.get(title, result.columns)
        headings = [
            column.removesuffix("_id").replace("_", " ") + _align(rows[0][column]) for column in shown
        ]
        return table(title, headings, ([_text(row[column]) for column in shown] for row in rows))

    emit([{name: _plain(value) for name, value in row.items()} for row in result.dicts()], as_json, render)


def _align(value: Any) -> str:
    numeric = isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)
    return ">" if numeric else ""


def _plain(value: Any) -> Any:
    """Drop a decimal's idle zeros; leave everything else as it is."""
    if not isinstance(value, Decimal):
        return value
    return Decimal(f"{value.normalize():f}")


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds" if not value.microsecond else "milliseconds")
    return str(value)


def _entry_row(entry: Entry) -> dict[str, Any]:
    return {
        "seq": entry.seq,
        "time": (_EPOCH + timedelta(microseconds=entry.ts_init // 1_000)).isoformat(timespec="milliseconds"),
        "ts_init": entry.ts_init,
        "type": entry.type,
        "instrument_id": entry.instrument_id,
        "strategy_id": entry.strategy_id,
        "client_order_id": entry.client_order_id,
        "correlation_id": entry.correlation_id,
        "payload": decode_plain(entry.type, entry.version, entry.payload),
    }


_COLUMNS = ("seq", "time", "type", "instrument_id", "strategy_id", "client_order_id")


def _entries_table(rows: list[dict[str, Any]]) -> RenderableType:
    if not rows:
        return "no entries"
    return table(
        "entries",
        ("seq>", "time", "type", "instrument", "strategy", "client order"),
        ([row[name] for name in _COLUMNS] for row in rows),
    )


def _print_row(row: dict[str, Any], as_json: bool) -> None:
    """Print one entry at once, for ``--follow``."""
    typer.echo(
        msgspec.json.encode(row, enc_hook=str).decode()
        if as_json
        else "  ".join(str(row[name]) for name in _COLUMNS)
    )


def _verdict_line(report: VerifyReport) -> RenderableType:
    return f"{report.run_id}: {report.message} ({report.secs:.1f} s)"
