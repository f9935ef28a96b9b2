"""
The synthetic market in the data catalog: the embedded default where there is no history.

A data catalog holds either history or a synthetic market, so that no result ever mixes the two.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec
from nautilus_trader.model.data import BarType

from nautilus_bot.core.clocks import NS_PER_DAY
from nautilus_bot.core.errors import ConfigError, DataError
from nautilus_bot.market.data_catalog import bar_types, series_files, stage_bars
from nautilus_bot.market.funding import funding_files, stage_funding
from nautilus_bot.market.instruments import build_instrument, instrument_id
from nautilus_bot.market.intervals import bar_type, interval_ns
from nautilus_bot.market.staging import Staging
from nautilus_bot.market.synthetic import synthetic_candles
from nautilus_bot.market.synthetic_funding import synthetic_funding

DEFAULT_SYMBOLS: Final = ("BTCUSDT", "ETHUSDT", "SOLUSDT")
_MARKERS: Final = "synthetic"
DEFAULT_START_NS: Final = 1_735_689_600 * 10**9
"""2025-01-01 00:00 UTC: fixed, so that a seed means the same market on every day."""


class SyntheticSeries(msgspec.Struct, frozen=True):
    """What a synthetic series was made from; stands beside the bars, so they are never taken for history."""

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
    Put a synthetic market with its funding rates into a data catalog unless it is there already.

    A market that is there but shorter is made longer; one that is longer stays as it is.

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
        Bars that were new; zero when all were there.

    Raises
    ------
    DataError
        If the data catalog holds real candles, or the series another synthetic market.
    """
    if days < 1:
        raise ConfigError(f"a synthetic market must have at least one day, {days} were asked for")
    n_bars = days * NS_PER_DAY // interval_ns(interval)
    wanted = SyntheticSeries(seed, start_ns, n_bars)
    _refuse_history(root)
    missing = [symbol for symbol in symbols if _is_missing(root, bar_type(symbol, interval), wanted)]
    if not missing:
        return 0
    market = synthetic_candles(seed, missing, interval_ns(interval), start_ns, n_bars)
    added = 0
    with Staging(root) as staging:
        for symbol, candles in market.items():
            kind = bar_type(symbol, interval)
            added += stage_bars(staging, build_instrument(symbol), kind, candles, "synthetic candles")
            rates = synthetic_funding(candles, interval_ns(interval))
            stage_funding(staging, instrument_id(symbol), rates, "synthetic funding")
            marker = _marker(staging.directory, str(kind))
            marker.parent.mkdir(exist_ok=True)
            marker.write_bytes(msgspec.json.encode(wanted))
        staging.commit()
    return added


def synthetic_origin(root: Path, bar_type_name: str) -> SyntheticSeries | None:
    """Return what a series was made from, or None if it is history."""
    path = _marker(root, bar_type_name)
    return msgspec.json.decode(path.read_bytes(), type=SyntheticSeries) if path.exists() else None


def remove_synthetic(root: Path) -> tuple[str, ...]:
    """
    Remove the synthetic market from a data catalog, to make room for history.

    Returns
    -------
    tuple[str, ...]
        Bar types that were removed; ``make-data`` draws them again from their seed.
    """
    markers = sorted((root / _MARKERS).glob("*.json"))
    for marker in markers:
        kind = BarType.from_str(marker.stem)
        for path in (*series_files(root, kind), *funding_files(root, kind.instrument_id)):
            path.unlink()
        marker.unlink()  # last: a crash before it leaves the rest to the next import
    return tuple(marker.stem for marker in markers)


def _marker(root: Path, bar_type_name: str) -> Path:
    return root / _MARKERS / f"{bar_type_name}.json"


def _is_missing(root: Path, kind: BarType, wanted: SyntheticSeries) -> bool:
    found = synthetic_origin(root, str(kind))
    if found is None:
        return True
    if (found.seed, found.start_ns) == (wanted.seed, wanted.start_ns):
        return found.n_bars < wanted.n_bars
    raise DataError(
        f"{kind} in {root} must be the synthetic market of seed {wanted.seed}, it holds that of seed "
        f"{found.seed}, {found.n_bars} bars; choose another directory with BOT_DATA_CATALOG or --data-catalog"
    )


def _refuse_history(root: Path) -> None:
    history = [str(kind) for kind in bar_types(root) if synthetic_origin(root, str(kind)) is None]
    if history:
        raise DataError(
            f"a data catalog must hold either history or a synthetic market, {root} has real candles of "
            f"{history[0]}; choose another directory with BOT_DATA_CATALOG or --data-catalog"
        )
