"""Import market data files into the data catalog: everything is checked before anything is written."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from nautilus_trader.model.data import BarType

from nautilus_bot.core.errors import ConfigError, DataError
from nautilus_bot.market.candles import COLUMNS, Candles, concatenate, snap_to_grid, validate
from nautilus_bot.market.data_catalog import new_rows, price_decimals, stage_bars
from nautilus_bot.market.funding import FundingRate, rate_from_float, stage_funding
from nautilus_bot.market.instruments import build_instrument, history_tick, instrument_id
from nautilus_bot.market.intervals import bar_type, interval_ns, mark_bar_type
from nautilus_bot.market.market_files import MarketFile, find_files, identify, read_columns
from nautilus_bot.market.staging import Staging
from nautilus_bot.market.synthetic_store import remove_synthetic


class ImportedSeries(msgspec.Struct, frozen=True):
    """
    What an import did to one series.

    Parameters
    ----------
    series : str
        Bar type, or ``<instrument id> funding``.
    files : tuple[str, ...]
        Files that it came from.
    rows : int
        Rows in the files.
    new_rows : int
        Rows that were not in the data catalog before.
    """

    series: str
    files: tuple[str, ...]
    rows: int
    new_rows: int


class ImportReport(msgspec.Struct, frozen=True):
    """
    What an import did.

    Parameters
    ----------
    series : tuple[ImportedSeries, ...]
        The series that the files hold.
    skipped : tuple[str, ...]
        Files that were left alone because of their columns.
    displaced : tuple[str, ...]
        Series of a synthetic market that made room for history.
    """

    series: tuple[ImportedSeries, ...]
    skipped: tuple[str, ...]
    displaced: tuple[str, ...]


def import_files(
    root: Path,
    paths: Sequence[str],
    *,
    symbol: str = "",
    interval: str = "",
    on_file: Callable[[Path], None] = lambda _: None,
) -> ImportReport:
    """
    Import candles, funding rates and mark prices; nothing at all if anything is wrong.

    Parameters
    ----------
    root : Path
        The data catalog, made if it does not exist.
    paths : Sequence[str]
        Files, globs and directories.
    symbol, interval : str
        Override what the file names say.
    on_file : Callable[[Path], None]
        Called after each file that was read and checked.

    Raises
    ------
    NotFound
        If a path names no file, or a symbol is not known.
    ConfigError
        If a file's symbol or interval is not known, or no file has columns that we import.
    DataError
        If a file is damaged, a row is wrong or contradicts what is stored; names file and row.
    """
    found = [(path, identify(path, symbol, interval)) for path in find_files(paths)]
    skipped = tuple(str(path) for path, file in found if file is None)
    files = [file for _, file in found if file is not None]
    if not files:
        raise ConfigError(
            "a file must have the columns of candles (ts_open, open, high, low, close, volume), "
            "funding (ts, funding_rate) or mark prices (ts, open, high, low, close); "
            f"none of {', '.join(skipped)} has"
        )
    bars, funding = _BarsImport(), _FundingImport()
    for file in files:
        (funding if file.kind == "funding" else bars).read(file)
        on_file(file.path)
    displaced = remove_synthetic(root)
    with Staging(root) as staging:
        series = (*bars.stage(staging), *funding.stage(staging))
        staging.commit()
    return ImportReport(series, skipped, displaced)


class _BarsImport:
    """Candles and mark prices by series, merged over files."""

    def __init__(self) -> None:
        self._candles: dict[BarType, Candles] = {}
        self._files: dict[BarType, list[MarketFile]] = {}

    def read(self, file: MarketFile) -> None:
        kind = bar_type_of(file)
        candles = read_candles(file, kind)
        if before := self._candles.get(kind):
            fresh = new_rows(before, candles, f"{file.path} against {self._files[kind][-1].path}")
            merged = concatenate([before, candles[fresh]])
            candles = merged[np.argsort(merged.ts_open)]
        self._candles[kind] = candles
        self._files.setdefault(kind, []).append(file)

    def stage(self, staging: Staging) -> list[ImportedSeries]:
        done = []
        for kind, candles in self._candles.items():
            files = self._files[kind]
            names = tuple(str(file.path) for file in files)
            added = stage_bars(staging, build_instrument(files[0].symbol), kind, candles, ", ".join(names))
            done.append(ImportedSeries(str(kind), names, len(candles), added))
        return done


class _FundingImport:
    """Funding rates by symbol."""

    def __init__(self) -> None:
        self._rates: dict[str, dict[int, FundingRate]] = {}
        self._files: dict[str, list[str]] = {}

    def read(self, file: MarketFile) -> None:
        rates = self._rates.setdefault(file.symbol, {})
        for row, one in enumerate(read_funding(file), start=1):
            if rates.setdefault(one.ts_ns, one) != one:
                raise DataError(f"{file.path}: row {row}: ts={one.ts_ns} has another rate in another file")
        self._files.setdefault(file.symbol, []).append(str(file.path))

    def stage(self, staging: Staging) -> list[ImportedSeries]:
        done = []
        for symbol, by_time in self._rates.items():
            names = tuple(self._files[symbol])
            rates = [by_time[ts] for ts in sorted(by_time)]
            added = stage_funding(staging, instrument_id(symbol), rates, ", ".join(names))
            done.append(ImportedSeries(f"{instrument_id(symbol)} funding", names, len(rates), added))
        return done


def bar_type_of(file: MarketFile) -> BarType:
    """Return the series that a file of candles or mark prices belongs to."""
    return (mark_bar_type if file.kind == "mark" else bar_type)(file.symbol, file.interval)


def read_candles(file: MarketFile, kind: BarType) -> Candles:
    """
    Return the candles of a file, validated and exactly on the symbol's price grid.

    Raises
    ------
    DataError
        Naming file and row.
    NotFound
        If the symbol is not known.
    """
    instrument = build_instrument(file.symbol)
    columns = read_columns(file)
    if file.kind == "mark":
        columns |= {"ts_open": columns["ts"], "volume": np.zeros(len(columns["ts"]))}
    candles = Candles(*(columns[name] for name in COLUMNS))
    validate(candles, interval_ns(file.interval), str(file.path))
    decimals = price_decimals(instrument, kind)
    tick = 10.0**-decimals if file.kind == "mark" else float(history_tick(file.symbol))
    return snap_to_grid(candles, tick, decimals, str(file.path))


def read_funding(file: MarketFile) -> list[FundingRate]:
    """
    Return the funding rates of a file, validated.

    Raises
    ------
    DataError
        If a rate is not a number or not below 1, or the times are not strictly increasing; names the row.
    """
    build_instrument(file.symbol)
    columns: dict[str, Any] = read_columns(file)
    rows = list(zip(columns["ts"].tolist(), columns["funding_rate"].tolist(), strict=True))
    before = 0
    for row, (ts, rate) in enumerate(rows, start=1):
        if not abs(rate) < 1:  # NaN compares false, so it is refused too
            raise DataError(f"{file.path}: row {row}: funding_rate must lie between -1 and 1, was {rate}")
        if ts <= before:
            raise DataError(f"{file.path}: row {row}: ts must be later than the row before, was {ts}")
        before = ts
    return [FundingRate(ts, rate_from_float(rate)) for ts, rate in rows]
