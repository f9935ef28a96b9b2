"""The synthetic market in the data catalog: the embedded default where there is no history."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from nautilus_bot.core.clocks import NS_PER_DAY
from nautilus_bot.core.errors import ConfigError, DataError
from nautilus_bot.market.data_catalog import series_files, stage_bars
from nautilus_bot.market.instruments import build_instrument
from nautilus_bot.market.intervals import bar_type, interval_ns
from nautilus_bot.market.staging import Staging
from nautilus_bot.market.synthetic import synthetic_candles

DEFAULT_SYMBOLS: Final = ("BTCUSDT", "ETHUSDT", "SOLUSDT")
DEFAULT_START_NS: Final = 1_735_689_600 * 10**9
"""2025-01-01 00:00 UTC: fixed, so that a seed means the same market on every day."""


class SyntheticSeries(msgspec.Struct, frozen=True):
    """What a synthetic series was made from; stands beside the data, so it is never taken for history."""

    seed: int
    start_ns: int
    n_bars: int


def ensure_synthetic(
    root: Path,
    seed: int,
    days: int,
    symbols: Sequence[str] = DEFAULT_SYMBOLS,
    *,
    interval: str = "15m",
    start_ns: int = DEFAULT_START_NS,
) -> int:
    """
    Put a synthetic market into a data catalog unless it is there already.

    Parameters
    ----------
    root : Path
        The data catalog, made if it does not exist.
    seed : int
        Zero or more.
    days : int
        Length of the market, at least one.
    symbols : Sequence[str]
        Symbols of ``instruments.json``.
    interval : str, default "15m"
        E.g. ``1m``, ``5m``, ``15m``, ``1h``.
    start_ns : int
        Opening time of the first bar, ns UTC.

    Returns
    -------
    int
        Bars that were written; zero when all were there.

    Raises
    ------
    DataError
        If a series holds real candles or another synthetic market.
    """
    if days < 1:
        raise ConfigError(f"a synthetic market must have at least one day, {days} were asked for")
    n_bars = days * NS_PER_DAY // interval_ns(interval)
    wanted = SyntheticSeries(seed, start_ns, n_bars)
    missing = [symbol for symbol in symbols if _is_missing(root, symbol, interval, wanted)]
    if not missing:
        return 0
    market = synthetic_candles(seed, missing, interval_ns(interval), start_ns, n_bars)
    with Staging(root) as staging:
        for symbol, candles in market.items():
            kind = bar_type(symbol, interval)
            stage_bars(staging, build_instrument(symbol), kind, candles, "synthetic candles")
            marker = staging.directory / marker_path(Path(), str(kind))
            marker.parent.mkdir(exist_ok=True)
            marker.write_bytes(msgspec.json.encode(wanted))
        staging.commit()
    return n_bars * len(missing)


def synthetic_origin(root: Path, bar_type_name: str) -> SyntheticSeries | None:
    """Return what a series was made from, or None if it is history."""
    path = marker_path(root, bar_type_name)
    return msgspec.json.decode(path.read_bytes(), type=SyntheticSeries) if path.exists() else None


def marker_path(root: Path, bar_type_name: str) -> Path:
    """Return the file that marks a series as synthetic."""
    return root / "synthetic" / f"{bar_type_name}.json"


def _is_missing(root: Path, symbol: str, interval: str, wanted: SyntheticSeries) -> bool:
    kind = bar_type(symbol, interval)
    if not series_files(root, kind):
        return True
    found = synthetic_origin(root, str(kind))
    if found == wanted:
        return False
    what = f"the synthetic market of seed {found.seed}, {found.n_bars} bars" if found else "real candles"
    raise DataError(
        f"{kind} in {root} must be empty or the same synthetic market, it holds {what}; "
        "choose another directory with BOT_DATA_CATALOG or --data-catalog"
    )
