"""The bars that a run saw: recorded ones, or those of the data catalog that its manifest names."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
from nautilus_trader.model.data import BarType

from catalog.codec import decode
from catalog.manifest import DataQuery, RunManifest, load_manifest
from catalog.reader import EntryFilter, entries
from nautilus_bot.core.errors import DataError, NotFound
from nautilus_bot.market.bar_values import bar_values
from nautilus_bot.market.data_catalog import load_candles
from nautilus_bot.market.intervals import INTERVAL_SECS, bar_length_ns, bar_type

_MINUTE_SECS: Final = 60


class SeenBar(msgspec.Struct, frozen=True):
    """
    One closed bar, as the strategies saw it.

    Parameters
    ----------
    ts : int
        Closing time, ns UTC.
    open, high, low, close : float
        Prices, USDT.
    volume : float
        Base currency.
    warmup : bool, default False
        It belongs to the history that was read before trading began.
    """

    ts: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    warmup: bool = False

    def ohlcv(self) -> tuple[float, float, float, float, float]:
        """Return what a kernel reads."""
        return self.open, self.high, self.low, self.close, self.volume


def series_of(strategy_id: str) -> BarType:
    """
    Return the bar type that a strategy instance trades.

    Parameters
    ----------
    strategy_id : str
        E.g. ``RSIEMAMomentumStrategy-RE_SOLUSDT_15m``.

    Raises
    ------
    NotFound
        If the id names no symbol and interval: the orders of no strategy of ours.
    """
    words = strategy_id.rpartition("-")[2].split("_")
    minutes = words[-1].removesuffix("m")
    if len(words) != len(("tag", "symbol", "minutes")) or not minutes.isdecimal():
        raise NotFound(f"a strategy id must end with <tag>_<symbol>_<minutes>m, {strategy_id!r} does not")
    by_secs = {secs: name for name, secs in INTERVAL_SECS.items()}
    return bar_type(words[1], by_secs[int(minutes) * _MINUTE_SECS])


def seen_bars(folder: Path, series: BarType) -> list[SeenBar]:
    """
    Return the bars of one series that a run saw, in the order in which its strategies took them.

    Parameters
    ----------
    folder : Path
        The run's folder.
    series : BarType
        Which bars.

    Returns
    -------
    list[SeenBar]
        History first, no bar twice.

    Raises
    ------
    NotFound
        If the run saw none of it.
    DataError
        If the data catalog no longer holds what the run read.
    """
    manifest = load_manifest(folder)
    found = list(_referenced(manifest, series) if manifest.data_queries else _recorded(folder, series))
    if not found:
        raise NotFound(f"run {manifest.run_id} saw no bars of {series}")
    return found


def _referenced(manifest: RunManifest, series: BarType) -> Iterator[SeenBar]:
    query = _query_of(manifest, series)
    root = Path(manifest.config["backtest"]["data_catalog_path"])
    candles = load_candles(root, series, query.start_ns, query.end_ns)
    if len(candles) != query.rows:
        raise DataError(
            f"{root} must hold the {query.rows} bars of {series} that run {manifest.run_id} read, "
            f"it holds {len(candles)}: the history was changed since"
        )
    length = bar_length_ns(series)
    columns = (column.tolist() for column in candles.columns())
    for ts_open, *ohlcv in zip(*columns, strict=True):
        yield SeenBar(ts_open + length, *ohlcv)


def _query_of(manifest: RunManifest, series: BarType) -> DataQuery:
    name = str(series)
    for query in manifest.data_queries:
        if query.identifier == name:
            return query
    known = ", ".join(query.identifier for query in manifest.data_queries)
    raise NotFound(f"run {manifest.run_id} read no bars of {series}; it read {known}")


def _recorded(folder: Path, series: BarType) -> Iterator[SeenBar]:
    """Put the history first: bars that came before it waited for it."""
    name = str(series)
    history: list[SeenBar] = []
    live: list[SeenBar] = []
    wanted = EntryFilter(types=("WarmupBars", "Bar"), symbol=series.instrument_id.value)
    for entry in entries(folder, where=wanted):
        message = decode(entry.type, entry.version, entry.payload)
        if str(message.bar_type) != name:
            continue
        if entry.type == "Bar":
            live.append(SeenBar(message.ts_event, *bar_values(message)))
        elif not history:
            history.extend(_of_history(row) for row in message.rows)
    last = 0
    for bar in (*history, *live):
        if bar.ts > last:
            last = bar.ts
            yield bar


def _of_history(row: tuple[int, float, float, float, float, float]) -> SeenBar:
    ts, opening, high, low, close, volume = row
    return SeenBar(ts, opening, high, low, close, volume, warmup=True)
