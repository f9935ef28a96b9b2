"""``nautilus-bot download-data``: Bybit's candles and funding rates into the data catalog."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import typer
from rich.console import Group, RenderableType

from adapters.bybit.addresses import resolve_rest_url
from adapters.bybit.funding_history import DownloadedFunding, download_funding
from adapters.bybit.history import BarDownload, DownloadedBars
from adapters.bybit.patience import Patience
from adapters.bybit.rest import BybitRest
from nautilus_bot.cli.output import Job, JsonFlag, emit, progress, table
from nautilus_bot.config.loader import load_config
from nautilus_bot.config.timerange import TimeRange, parse_timerange
from nautilus_bot.market.data_catalog import data_catalog_root
from nautilus_bot.market.intervals import interval_ns

CONFIG_FOLDER = Path("configs")


class Downloaded(msgspec.Struct, frozen=True):
    """
    What ``download-data`` did.

    Parameters
    ----------
    venue : str
        The address that was asked.
    data_catalog : str
        Where it was stored.
    bars : tuple[DownloadedBars, ...]
        One for each symbol and interval.
    funding : tuple[DownloadedFunding, ...]
        One for each symbol, if funding was asked for.
    """

    venue: str
    data_catalog: str
    bars: tuple[DownloadedBars, ...]
    funding: tuple[DownloadedFunding, ...]


def download_data(
    symbol: Annotated[
        list[str] | None,
        typer.Option("--symbol", "-p", help="E.g. ETHUSDT; repeatable [default: the file's]."),
    ] = None,
    interval: Annotated[
        list[str] | None, typer.Option("--interval", "-i", help="E.g. 5m; repeatable [default: 15m].")
    ] = None,
    timerange: Annotated[
        str, typer.Option(help="First and last UTC day, YYYYMMDD-YYYYMMDD; either may be left out.")
    ] = "",
    funding: Annotated[bool, typer.Option("--funding", help="Funding rates too.")] = False,
    environment: Annotated[
        Literal["mainnet", "testnet", "demo", "simulated"] | None,
        typer.Option(help="Whose history [default: the file's]."),
    ] = None,
    url: Annotated[str, typer.Option(help="REST address instead of the environment's.")] = "",
    give_up_after: Annotated[
        float, typer.Option(min=0.1, help="Seconds that one rate-limited request may wait.")
    ] = 60.0,
    config: Annotated[
        Path, typer.Option("--config", "-c", help="Session file, or the folder of backtest.json.")
    ] = CONFIG_FOLDER,
    data_catalog: Annotated[
        Path | None,
        typer.Option(help="Directory of the data catalog [default: BOT_DATA_CATALOG or data_catalog]."),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Download closed candles; what is stored already is not asked for again, so a cut-off run goes on."""
    symbols = _symbols(symbol, config)
    intervals = tuple(dict.fromkeys(interval or ("15m",)))
    for one in intervals:
        interval_ns(one)
    rest = BybitRest.public(_address(environment, url, config))
    try:
        rest.server_time_ns()  # a dead host is told at once, without the patience of a download
        job = _Download(rest, give_up_after, data_catalog or data_catalog_root(), parse_timerange(timerange))
        emit(job.run(symbols, intervals, with_funding=funding), as_json, _render)
    finally:
        rest.close()


class _Download:
    """All series of one command, one after the other."""

    def __init__(self, rest: BybitRest, give_up_secs: float, root: Path, span: TimeRange) -> None:
        self._rest = rest
        self._patience = Patience(rest, give_up_secs=give_up_secs)
        self._root = root
        self._span = span

    def run(self, symbols: Sequence[str], intervals: Sequence[str], *, with_funding: bool) -> Downloaded:
        with progress("downloading", total=len(symbols) * len(intervals)) as job:
            bars = tuple(self._bars(job, symbol, one) for symbol in symbols for one in intervals)
            funding = tuple(self._funding(job, symbol) for symbol in symbols if with_funding)
        return Downloaded(self._rest.url, str(self._root), bars, funding)

    def _bars(self, job: Job, symbol: str, interval: str) -> DownloadedBars:
        job.describe(f"{symbol} {interval}")
        shown = 0.0

        def advance(done: float) -> None:
            nonlocal shown
            job.advance(done - shown)
            shown = done

        download = BarDownload(self._rest, self._patience, self._root, symbol, interval)
        return download.run(*self._span, advance)

    def _funding(self, job: Job, symbol: str) -> DownloadedFunding:
        job.describe(f"{symbol} funding")
        return download_funding(self._rest, self._patience, self._root, symbol, *self._span)


def _symbols(given: Sequence[str] | None, config: Path) -> tuple[str, ...]:
    if not given:
        return load_config(config).venue.symbols
    return tuple(dict.fromkeys(word.strip().upper() for word in given))


def _address(
    environment: Literal["mainnet", "testnet", "demo", "simulated"] | None, url: str, config: Path
) -> str:
    """Return the address: a flag counts more than the file, and an address alone is taken as it is."""
    if environment is not None:
        return resolve_rest_url(environment, url)
    if url:
        return resolve_rest_url("mainnet", url)
    venue = load_config(config).venue
    return resolve_rest_url(venue.environment, venue.addresses.rest_url)


def _render(done: Downloaded) -> RenderableType:
    rows = [
        (
            f"{one.symbol} {one.interval}",
            f"{one.rows:,}",
            f"{one.new_rows:,}",
            _utc(one.first_ts),
            _utc(one.last_ts),
            f"{one.gaps}: {one.missing_bars:,} bars, first {_utc(one.first_missing_ts)}" if one.gaps else "",
        )
        for one in done.bars
    ]
    rows += [
        (
            f"{one.symbol} funding",
            f"{one.rows:,}",
            f"{one.new_rows:,}",
            _utc(one.first_ts),
            _utc(one.last_ts),
            "",
        )
        for one in done.funding
    ]
    title = f"from {done.venue} into {done.data_catalog}; closing times, UTC"
    grid = table(title, ("series", "rows>", "new>", "from", "to", "gaps at the venue"), rows)
    return Group(
        grid, *(f"a synthetic market made room: {name}" for one in done.bars for name in one.displaced)
    )


def _utc(ts_ns: int) -> str:
    if not ts_ns:
        return "none"
    return datetime.fromtimestamp(ts_ns // 10**9, UTC).strftime("%Y-%m-%d %H:%M")
