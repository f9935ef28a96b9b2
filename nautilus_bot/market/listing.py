"""What the data catalog holds: ranges, gaps, bars without volume, funding, and what is missing."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
from nautilus_trader.model.data import BarType

from nautilus_bot.market.candles import Candles, IntArray
from nautilus_bot.market.data_catalog import bar_types, load_candles, open_data_catalog, series_files
from nautilus_bot.market.fingerprint import fingerprint
from nautilus_bot.market.funding import funding_files, load_funding
from nautilus_bot.market.instruments import instrument_id, symbol_of
from nautilus_bot.market.intervals import bar_length_ns, bar_type, interval_of
from nautilus_bot.market.synthetic_store import synthetic_origin


class Segment(msgspec.Struct, frozen=True):
    """
    Bars without a gap between them; no indicator and no position runs from one segment into the next.

    Parameters
    ----------
    first_ts, last_ts : int
        Closing times of the first and last bar, ns UTC.
    rows : int
        Number of bars.
    """

    first_ts: int
    last_ts: int
    rows: int


class FundingReport(msgspec.Struct, frozen=True):
    """Range of an instrument's funding rates: settlements and their first and last time, ns UTC."""

    rows: int
    first_ts: int
    last_ts: int


class SeriesReport(msgspec.Struct, frozen=True, kw_only=True):
    """
    One series of bars.

    Parameters
    ----------
    bar_type, symbol, interval : str
        E.g. ``BTCUSDT-LINEAR.BYBIT-15-MINUTE-LAST-EXTERNAL``, ``BTCUSDT``, ``15m``.
    price : str
        ``LAST`` for trade bars, ``MARK`` for mark prices.
    rows : int
        Number of bars.
    first_ts, last_ts : int
        Closing times of the first and last bar, ns UTC.
    gaps, missing_bars : int
        Holes, and how many bars would fill them.
    first_missing_ts : int
        Closing time of the first missing bar, ns UTC; zero without gaps.
    zero_volume_bars : int
        Trade bars without a trade; always zero for mark prices.
    funding : FundingReport | None
        The symbol's funding rates, None if there are none.
    seed : int | None
        Seed of a synthetic series, None for history.
    blake2b : str
        Content hash of all rows.
    """

    bar_type: str
    symbol: str
    interval: str
    price: str
    rows: int
    first_ts: int
    last_ts: int
    gaps: int
    missing_bars: int
    first_missing_ts: int
    zero_volume_bars: int
    funding: FundingReport | None
    seed: int | None
    blake2b: str


def describe(root: Path) -> list[SeriesReport]:
    """
    Return a report of every series in the data catalog.

    Raises
    ------
    NotFound
        If the data catalog does not exist.
    DataError
        If a file is damaged.
    """
    open_data_catalog(root)
    kinds = bar_types(root)
    symbols = dict.fromkeys(symbol_of(kind.instrument_id) for kind in kinds)
    funding = {symbol: _describe_funding(root, symbol) for symbol in symbols}
    return [_describe_series(root, kind, funding[symbol_of(kind.instrument_id)]) for kind in kinds]


def segments(
    root: Path, of: BarType, start_ns: int | None = None, end_ns: int | None = None
) -> list[Segment]:
    """
    Return the contiguous parts of a series, oldest first.

    Raises
    ------
    NotFound
        If the series does not exist.
    """
    candles = load_candles(root, of, start_ns, end_ns)
    length = bar_length_ns(of)
    breaks = _breaks(candles, length)
    firsts, lasts = [0, *(breaks + 1)], [*breaks, len(candles) - 1]
    return [
        Segment(int(candles.ts_open[a]) + length, int(candles.ts_open[b]) + length, int(b - a) + 1)
        for a, b in zip(firsts, lasts, strict=True)
        if len(candles)
    ]


def absences(root: Path, symbols: Sequence[str], interval: str) -> list[str]:
    """
    Return one sentence for each symbol without bars or without funding rates; they are never taken for zero.

    Parameters
    ----------
    root : Path
        The data catalog.
    symbols : Sequence[str]
        Symbols that are wanted.
    interval : str
        Interval of the bars that are wanted.
    """
    sentences = []
    for symbol in symbols:
        if not series_files(root, bar_type(symbol, interval)):
            sentences.append(f"{symbol} has no {interval} bars in {root}")
        if not funding_files(root, instrument_id(symbol)):
            sentences.append(f"{symbol} has no funding rates in {root}")
    return sentences


def _describe_series(root: Path, of: BarType, funding: FundingReport | None) -> SeriesReport:
    candles = load_candles(root, of)
    identity = fingerprint(of, candles)
    length = bar_length_ns(of)
    breaks = _breaks(candles, length)
    price = str(of).split("-")[-2]
    origin = synthetic_origin(root, str(of))
    return SeriesReport(
        bar_type=str(of),
        symbol=symbol_of(of.instrument_id),
        interval=interval_of(of),
        price=price,
        rows=identity.rows,
        first_ts=identity.first_ts,
        last_ts=identity.last_ts,
        gaps=len(breaks),
        missing_bars=(identity.last_ts - identity.first_ts) // length + 1 - identity.rows,
        first_missing_ts=int(candles.ts_open[breaks[0]]) + 2 * length if len(breaks) else 0,
        zero_volume_bars=int((candles.volume == 0).sum()) if price == "LAST" else 0,
        funding=funding,
        seed=origin.seed if origin else None,
        blake2b=identity.blake2b,
    )


def _describe_funding(root: Path, symbol: str) -> FundingReport | None:
    of = instrument_id(symbol)
    if not funding_files(root, of):
        return None
    rates = load_funding(root, of)
    return FundingReport(len(rates), rates[0].ts_ns, rates[-1].ts_ns)


def _breaks(candles: Candles, length_ns: int) -> IntArray:
    """Return the rows after which bars are missing."""
    return np.flatnonzero(np.diff(candles.ts_open) != length_ns)
