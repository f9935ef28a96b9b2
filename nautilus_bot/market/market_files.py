"""Files of candles, funding rates and mark prices: what each one is, and its columns as arrays."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from nautilus_bot.core.errors import ConfigError, DataError, NotFound
from nautilus_bot.market.candles import COLUMNS, PRICE_COLUMNS
from nautilus_bot.market.intervals import INTERVAL_SECS

type Kind = Literal["candles", "funding", "mark"]

SUFFIXES: Final = (".parquet", ".csv")
_NAME: Final = re.compile(r"(?P<venue>[a-z]+)_(?P<market>[a-z]+)_(?P<symbol>[A-Z0-9]+)_(?P<rest>.+)")
_KINDS: Final[dict[Kind, tuple[str, ...]]] = {
    "candles": COLUMNS,
    "funding": ("ts", "funding_rate"),
    "mark": ("ts", *PRICE_COLUMNS),
}


class MarketFile(msgspec.Struct, frozen=True):
    """
    A file, what it holds and of what.

    Parameters
    ----------
    path : Path
        The file.
    kind : Kind
        ``candles``, ``funding`` or ``mark``, told by the columns.
    symbol : str
        E.g. ``BTCUSDT``.
    interval : str
        E.g. ``15m``; empty for funding.
    """

    path: Path
    kind: Kind
    symbol: str
    interval: str


def find_files(paths: Sequence[str]) -> list[Path]:
    """
    Return the files that paths, globs and directories name, each once, in the order given.

    Raises
    ------
    NotFound
        If one of them names no Parquet or CSV file.
    """
    found: dict[Path, None] = {}
    for text in paths:
        matches = _expand(text)
        if not matches:
            raise NotFound(
                f"a path must name Parquet or CSV files, a glob or a directory of them; none at {text}"
            )
        found.update(dict.fromkeys(matches))
    return list(found)


def _expand(text: str) -> list[Path]:
    path = Path(text)
    if path.is_file():
        return [path]
    if path.is_dir():
        return sorted(one for one in path.iterdir() if one.suffix in SUFFIXES)
    anchor = Path(path.anchor)
    if any(sign in text for sign in "*?["):
        return sorted(one for one in anchor.glob(str(path.relative_to(anchor))) if one.is_file())
    return []


def identify(path: Path, symbol: str = "", interval: str = "") -> MarketFile | None:
    """
    Return what a file holds, or None if its columns are of no kind we import.

    Parameters
    ----------
    path : Path
        E.g. ``bybit_linear_BTCUSDT_15m.parquet``.
    symbol, interval : str
        Override what the name says; a symbol also declares a file of another venue as Bybit's.

    Raises
    ------
    ConfigError
        If neither the name nor the arguments say the symbol and the interval, or the venue is another.
    DataError
        If the file cannot be read.
    """
    kind = _kind(_column_names(path))
    if kind is None:
        return None
    name = _NAME.fullmatch(path.stem)
    if not symbol and name and (name["venue"], name["market"]) != ("bybit", "linear"):
        raise ConfigError(
            f"{path}: candles must be of Bybit's linear perpetuals, the name says {name['venue']} "
            f"{name['market']}; give --symbol {name['symbol']} to import them as Bybit's all the same"
        )
    symbol = symbol or (name["symbol"] if name else "")
    words = name["rest"].split("_") if name else []
    interval = interval or next((word for word in words if word in INTERVAL_SECS), "")
    if not symbol or (kind != "funding" and not interval):
        raise ConfigError(
            f"{path}: the name must be <venue>_<market>_<symbol>_<interval>, e.g. "
            "bybit_linear_BTCUSDT_15m.parquet; rename the file or give --symbol and --interval"
        )
    return MarketFile(path, kind, symbol, "" if kind == "funding" else interval)


def read_columns(file: MarketFile) -> dict[str, Any]:
    """
    Return the columns of a file as arrays: times int64, numbers float64.

    Raises
    ------
    DataError
        If the file is damaged, empty, or a cell is missing or of another type.
    """
    names = _KINDS[file.kind]
    table = _read_table(file.path, names)
    if not table.num_rows:
        raise DataError(f"{file.path}: must have at least one row, has none")
    return {name: _to_numpy(file.path, name, table[name]) for name in names}


def _kind(names: Sequence[str]) -> Kind | None:
    for kind, wanted in _KINDS.items():
        exact = kind != "candles"
        if set(names) == set(wanted) or (not exact and set(wanted) <= set(names)):
            return kind
    return None


def _column_names(path: Path) -> list[str]:
    if not path.stat().st_size:
        raise DataError(f"{path}: must have at least one row, the file is empty")
    try:
        if path.suffix == ".csv":
            with path.open(encoding="utf-8") as lines:
                return [name.strip(' "\r\n') for name in lines.readline().split(",")]
        return list(pq.read_schema(path).names)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as e:
        raise _unreadable(path, e) from e


def _read_table(path: Path, names: Sequence[str]) -> pa.Table:
    try:
        if path.suffix == ".csv":
            types = {name: pa.int64() if name.startswith("ts") else pa.float64() for name in names}
            options = pa.csv.ConvertOptions(column_types=types, include_columns=list(names))
            return pa.csv.read_csv(path, pa.csv.ReadOptions(use_threads=False), convert_options=options)
        return pq.read_table(path, columns=list(names))
    except (pa.ArrowException, OSError) as e:
        raise _unreadable(path, e) from e


def _to_numpy(path: Path, name: str, column: Any) -> Any:
    if column.null_count:
        row = column.is_null().to_pylist().index(True) + 1
        raise DataError(f"{path}: row {row}: {name} must be a number, is missing; nothing was imported")
    wanted = pa.int64() if name.startswith("ts") else pa.float64()
    try:
        return column.cast(wanted).to_numpy().copy()
    except pa.ArrowException as e:
        raise DataError(f"{path}: column {name} must be {wanted}, is {column.type}: {e}") from e


def _unreadable(path: Path, error: Exception) -> DataError:
    reason = str(error).splitlines()[0]
    return DataError(
        f"{path}: must be a readable {path.suffix.removeprefix('.') or 'Parquet'} file: {reason}"
    )
