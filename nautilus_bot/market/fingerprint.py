"""A content hash of what a backtest read: the same rows give the same hash, however files are laid out."""

import hashlib
from pathlib import Path

import msgspec
from nautilus_trader.model.data import BarType

from nautilus_bot.core.errors import NotFound
from nautilus_bot.market.candles import Candles
from nautilus_bot.market.data_catalog import load_candles
from nautilus_bot.market.intervals import bar_length_ns


class Fingerprint(msgspec.Struct, frozen=True):
    """
    Identity of the rows of one query.

    Parameters
    ----------
    rows : int
        Number of bars.
    first_ts, last_ts : int
        Closing times of the first and last bar, ns UTC.
    blake2b : str
        32 hexadecimal digits over the bar type, the times and every price and volume.
    """

    rows: int
    first_ts: int
    last_ts: int
    blake2b: str


def query_fingerprint(
    root: Path, bar_type: BarType, start_ns: int | None = None, end_ns: int | None = None
) -> Fingerprint:
    """
    Return the identity of the bars of a query.

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
        If the series does not exist or has no bar in the range.
    """
    candles = load_candles(root, bar_type, start_ns, end_ns)
    if not len(candles):
        raise NotFound(f"no bars of {bar_type} in {root} between {start_ns} and {end_ns} (ns UTC)")
    return fingerprint(bar_type, candles)


def fingerprint(bar_type: BarType, candles: Candles) -> Fingerprint:
    """Return the identity of at least one candle of a series."""
    closed = candles.ts_open + bar_length_ns(bar_type)
    digest = hashlib.blake2b(str(bar_type).encode(), digest_size=16)
    digest.update(closed.astype("<i8").tobytes())
    for column in list(candles.columns())[1:]:
        digest.update(column.astype("<f8").tobytes())
    return Fingerprint(len(candles), int(closed[0]), int(closed[-1]), digest.hexdigest())
