"""
Our bars in Nautilus's market-data catalog: open it, write candles, read them back as arrays.

Bars carry the time they close (``ts_event = ts_init = open + interval``): a strategy never sees a bar before
it is finished. Everything is stored by Nautilus's own ``ParquetDataCatalog``, so its nodes read it as it is.
"""

import os
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from nautilus_trader.model.data import Bar, BarType
from nautilus_trader.model.enums import PriceType
from nautilus_trader.model.instruments import CryptoPerpetual
from nautilus_trader.persistence.catalog import ParquetDataCatalog
from numpy.typing import NDArray

from nautilus_bot.core.errors import DataError, NotFound, did_you_mean
from nautilus_bot.market.candles import PRICE_COLUMNS, Candles, concatenate
from nautilus_bot.market.intervals import bar_length_ns
from nautilus_bot.market.raw_values import to_units
from nautilus_bot.market.staging import Staging, recover

ROOT_VARIABLE: Final = "BOT_DATA_CATALOG"
DEFAULT_ROOT: Final = Path("data_catalog")
MARK_EXTRA_DECIMALS: Final = 2


def data_catalog_root() -> Path:
    """Return the data catalog's directory: ``BOT_DATA_CATALOG``, else ``data_catalog``."""
    return Path(os.environ.get(ROOT_VARIABLE) or DEFAULT_ROOT)


def chosen_root(option: str) -> str:
    """
    Return the folder to read bars from that a person named, empty where nobody named one.

    Parameters
    ----------
    option : str
        What stood behind ``--data-catalog``; empty asks ``BOT_DATA_CATALOG``.

    Raises
    ------
    NotFound
        If it was named on the command line and is not there: a slip of the hand must not end in a backtest on
        a synthetic market.
    """
    if option and not Path(option).is_dir():
        raise NotFound(
            f"--data-catalog must be a folder that exists, there is none at {option}; "
            "`import-data`, `download-data` or `make-data` fills one"
        )
    return option or os.environ.get(ROOT_VARIABLE, "")


def open_data_catalog(root: Path) -> ParquetDataCatalog:
    """
    Return Nautilus's catalog over a directory.

    Raises
    ------
    NotFound
        If the directory does not exist.
    """
    if not root.is_dir():
        raise NotFound(
            f"a data catalog must be a directory, {root} does not exist; "
            "run `nautilus-bot import-data` for real candles or `nautilus-bot make-data` for synthetic ones"
        )
    recover(root)
    return ParquetDataCatalog(root.absolute())


def bar_types(root: Path) -> tuple[BarType, ...]:
    """Return the bar types that have bars in the data catalog, sorted by name."""
    directory = root / "data" / "bar"
    names = sorted(path.parent.name for path in directory.glob("*/*.parquet"))
    return tuple(BarType.from_str(name) for name in dict.fromkeys(names))


def series_files(root: Path, bar_type: BarType) -> list[Path]:
    """Return the Parquet files of a bar type, oldest first; their time ranges do not overlap."""
    return sorted((root / "data" / "bar" / str(bar_type)).glob("*.parquet"))


def load_candles(
    root: Path, bar_type: BarType, start_ns: int | None = None, end_ns: int | None = None
) -> Candles:
    """
    Return stored bars as arrays; a hundred times faster than building a Bar for each.

    Parameters
    ----------
    root : Path
        The data catalog.
    bar_type : BarType
        The series.
    start_ns, end_ns : int | None
        First and last closing time, ns UTC, both included; None for no limit.

    Raises
    ------
    NotFound
        If the series does not exist.
    DataError
        If a file is damaged.
    """
    files = series_files(root, bar_type)
    if not files:
        known = [str(one) for one in bar_types(root)]
        hint = did_you_mean(str(bar_type), known) if known else "the data catalog is empty"
        raise NotFound(f"no bars of {bar_type} in {root}; {hint}")
    length = bar_length_ns(bar_type)
    candles = concatenate([_read_file(path, length) for path in files])
    first = 0 if start_ns is None else np.searchsorted(candles.ts_open, start_ns - length, side="left")
    last = len(candles) if end_ns is None else np.searchsorted(candles.ts_open, end_ns - length, side="right")
    return candles[int(first) : int(last)]


def write_bars(root: Path, instrument: CryptoPerpetual, bar_type: BarType, candles: Candles) -> int:
    """
    Add candles to the data catalog, all or none; rows that are there already are left as they are.

    Parameters
    ----------
    root : Path
        The data catalog, made if it does not exist.
    instrument : CryptoPerpetual
        Gives the precision of prices and volumes; stored beside the bars.
    bar_type : BarType
        The series.
    candles : Candles
        Validated, on the tick grid.

    Returns
    -------
    int
        Rows that were new.

    Raises
    ------
    DataError
        If a row differs from the one that is stored for its time.
    """
    with Staging(root) as staging:
        added = stage_bars(staging, instrument, bar_type, candles, "candles")
        staging.commit()
    return added


def stage_bars(
    staging: Staging, instrument: CryptoPerpetual, bar_type: BarType, candles: Candles, source: str
) -> int:
    """Put the rows that are new into a staging directory and return how many there are."""
    root = staging.root
    files = series_files(root, bar_type)
    stored = load_candles(root, bar_type) if files else candles[:0]
    candles = msgspec.structs.replace(candles, volume=np.round(candles.volume, instrument.size_precision))
    fresh = candles[new_rows(stored, candles, f"{source} against {bar_type} in {root}")]
    catalog = ParquetDataCatalog(staging.directory.absolute())
    if not staging.holds(f"data/crypto_perpetual/{instrument.id}/*"):
        catalog.write_data([instrument])
    if not len(fresh):
        return 0
    if files and _overlaps(root, bar_type, fresh):
        merged = concatenate([stored, fresh])
        for path in files:
            staging.replace(path)
        catalog.write_data(to_bars(instrument, bar_type, merged[np.argsort(merged.ts_open)]))
    else:
        catalog.write_data(to_bars(instrument, bar_type, fresh))
    return len(fresh)


def new_rows(stored: Candles, candles: Candles, source: str) -> NDArray[np.bool_]:
    """
    Return which rows are not stored yet.

    Raises
    ------
    DataError
        If a row differs from the one that is stored for its time, naming the first.
    """
    _, of_stored, of_candles = np.intersect1d(
        stored.ts_open, candles.ts_open, assume_unique=True, return_indices=True
    )
    for name in (*PRICE_COLUMNS, "volume"):
        before, now = getattr(stored, name)[of_stored], getattr(candles, name)[of_candles]
        differs = np.flatnonzero(before != now)
        if len(differs):
            row = differs[0]
            raise DataError(
                f"{source}: row {of_candles[row] + 1}: a candle must equal the one that is there already; "
                f"ts_open={candles.ts_open[of_candles[row]]} has {name}={now[row]!s}, "
                f"stored is {before[row]!s}; "
                "nothing was imported"
            )
    fresh = np.ones(len(candles), dtype=np.bool_)
    fresh[of_candles] = False
    return fresh


def price_decimals(instrument: CryptoPerpetual, bar_type: BarType) -> int:
    """Return the decimals of a series' prices: a mark price is computed, so it is finer than the tick."""
    is_mark = bar_type.spec.price_type == PriceType.MARK
    return int(instrument.price_precision) + (MARK_EXTRA_DECIMALS if is_mark else 0)


def to_bars(instrument: CryptoPerpetual, bar_type: BarType, candles: Candles) -> list[Bar]:
    """Return Nautilus bars, stamped with the time they close."""
    closed = (candles.ts_open + bar_length_ns(bar_type)).astype(np.uint64)
    values = [np.ascontiguousarray(column) for column in list(candles.columns())[1:]]
    decimals = price_decimals(instrument, bar_type)
    bars: list[Bar] = Bar.from_raw_arrays_to_list(
        bar_type, decimals, instrument.size_precision, *values, closed, closed
    )
    return bars


def _overlaps(root: Path, bar_type: BarType, fresh: Candles) -> bool:
    """Return whether the new rows lie within the time range of a stored file."""
    length = bar_length_ns(bar_type)
    first, last = int(fresh.ts_open[0]) + length, int(fresh.ts_open[-1]) + length
    intervals = ParquetDataCatalog(root.absolute()).get_intervals(Bar, str(bar_type))
    return any(first <= end and start <= last for start, end in intervals)


def _read_file(path: Path, length_ns: int) -> Candles:
    try:
        table = pq.read_table(path)
    except (pa.ArrowException, OSError) as e:
        raise DataError(
            f"{path}: must be a readable Parquet file of bars: {e}; import its candles again"
        ) from e
    decimals = int(table.schema.metadata[b"price_precision"])
    volume_decimals = int(table.schema.metadata[b"size_precision"])
    ts_open = table["ts_event"].to_numpy().astype(np.int64) - length_ns
    columns = [to_units(table[name], decimals) / 10**decimals for name in PRICE_COLUMNS]
    columns.append(to_units(table["volume"], volume_decimals) / 10**volume_decimals)
    return Candles(ts_open, *columns)
