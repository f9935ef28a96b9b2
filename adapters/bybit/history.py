"""Download closed candles into the data catalog, page by page; what is stored is never asked for again."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
from nautilus_trader.model.data import BarType
from nautilus_trader.model.instruments import CryptoPerpetual

from adapters.bybit.patience import Patience
from adapters.bybit.rest import BybitRest, Kline, ListedInstrument
from nautilus_bot.core.clocks import NS_PER_SEC
from nautilus_bot.core.errors import DataError, NotFound
from nautilus_bot.market.candles import Candles, IntArray, snap_to_grid, validate
from nautilus_bot.market.data_catalog import load_candles, series_files, write_bars
from nautilus_bot.market.instruments import instrument_from_facts, load_facts
from nautilus_bot.market.intervals import bar_type, interval_ns
from nautilus_bot.market.staging import recover
from nautilus_bot.market.synthetic_store import remove_synthetic, synthetic_origin

BYBIT_INTERVALS: Final = {60: "1", 300: "5", 900: "15", 1_800: "30", 3_600: "60", 14_400: "240", 86_400: "D"}
"""Bybit's word for a length in seconds."""

PAGE_BARS: Final = 1_000
PAGES_PER_WRITE: Final = 10
"""How much is fetched before it is stored: a kill loses at most this much."""

NS_PER_MS: Final = 1_000_000
DAY_NS: Final = 86_400 * NS_PER_SEC


class DownloadedBars(msgspec.Struct, frozen=True, kw_only=True):
    """
    What the data catalog holds of one series after a download, within the range that was asked for.

    Parameters
    ----------
    series, symbol, interval : str
        E.g. ``BTCUSDT-LINEAR.BYBIT-5-MINUTE-LAST-EXTERNAL``, ``BTCUSDT``, ``5m``.
    rows, new_rows : int
        Bars that are stored, and how many of them were not before.
    first_ts, last_ts : int
        Closing times of the first and last stored bar, ns UTC.
    gaps, missing_bars : int
        Holes after the first bar up to the end of the range, and how many bars would fill them: the venue
        was asked for them twice and has none.
    first_missing_ts : int
        Closing time of the first missing bar, ns UTC; zero without gaps.
    displaced : tuple[str, ...]
        Series of a synthetic market that made room for history.
    """

    series: str
    symbol: str
    interval: str
    rows: int
    new_rows: int
    first_ts: int
    last_ts: int
    gaps: int
    missing_bars: int
    first_missing_ts: int
    displaced: tuple[str, ...]


class BarDownload:
    """
    The download of one series.

    Parameters
    ----------
    rest : BybitRest
        Public questions are enough.
    patience : Patience
        How long refusals are waited for.
    root : Path
        The data catalog, made if it does not exist.
    symbol : str
        E.g. ``BTCUSDT``; one that is not in our table is described by the venue.
    interval : str
        E.g. ``5m``.
    """

    def __init__(self, rest: BybitRest, patience: Patience, root: Path, symbol: str, interval: str) -> None:
        self._rest = rest
        self._patience = patience
        self._root = root
        self._symbol = symbol
        self._interval = interval
        self._length = interval_ns(interval)
        self._word = BYBIT_INTERVALS[self._length // NS_PER_SEC]
        self._bar_type: BarType = bar_type(symbol, interval)
        self._displaced: tuple[str, ...] = ()

    def run(
        self,
        start_ns: int | None,
        end_ns: int | None,
        on_progress: Callable[[float], None] = lambda _: None,
    ) -> DownloadedBars:
        """
        Fetch what is missing and store it; run again, it goes on where it was cut off.

        Parameters
        ----------
        start_ns, end_ns : int | None
            First opening time and the end of the range, ns UTC; None for the listing and for now.
        on_progress : Callable[[float], None]
            Called with the share of the range that is done, 0-1.

        Raises
        ------
        NotFound
            If the venue does not list the symbol or has no candle in the range.
        DataError
            If the venue's candles must not be used; what was stored before stays.
        RateLimited, VenueError, VenueTimeout
            If the venue cannot be asked any more; likewise.
        """
        recover(self._root)
        listed = self._patience.ask(lambda: self._rest.instrument(self._symbol))
        wanted = self._wanted(listed, start_ns, end_ns)
        missing = np.setdiff1d(wanted, self._stored().ts_open, assume_unique=True)
        new_rows = 0
        for chunk in self._chunks(missing, on_progress):
            new_rows += self._store(listed, chunk)
        return self._report(wanted, new_rows)

    def _wanted(self, listed: ListedInstrument, start_ns: int | None, end_ns: int | None) -> IntArray:
        """Return the opening times of the closed bars of the range."""
        newest = self._patience.ask(lambda: self._rest.klines(self._symbol, self._word, limit=1))
        if not newest:
            raise NotFound(f"{self._rest.url} has no candles of {self._symbol}")
        # the newest candle is still forming, on whatever clock the venue's market runs
        end = min(newest[-1].ts_open, end_ns or newest[-1].ts_open)
        start = self._first_traded(max(listed.launched_ns, start_ns or 0), end)
        first, last = -(-start // self._length) * self._length, end - self._length
        wanted = np.arange(first, last + 1, self._length, dtype=np.int64)
        if not len(wanted):
            raise NotFound(
                f"a time range must hold closed candles of {self._symbol} {self._interval}, "
                f"{_utc(start)} to {_utc(end)} UTC holds none (it is listed since {_utc(listed.launched_ns)})"
            )
        return wanted

    def _first_traded(self, start: int, end: int) -> int:
        """Return ``start``, or the first day behind it with a candle: a venue may keep less than it lists."""
        for since in range(start - start % DAY_NS, end, PAGE_BARS * DAY_NS):
            first_ms, last_ms = since // NS_PER_MS, (since + (PAGE_BARS - 1) * DAY_NS) // NS_PER_MS
            ask = partial(self._rest.klines, self._symbol, "D", start_ms=first_ms, end_ms=last_ms)
            days = self._patience.ask(ask)
            if days:
                return max(start, min(day.ts_open for day in days))
        return start

    def _stored(self) -> Candles:
        is_synthetic = synthetic_origin(self._root, str(self._bar_type)) is not None
        if is_synthetic or not series_files(self._root, self._bar_type):
            return _to_candles([])
        return load_candles(self._root, self._bar_type)

    def _chunks(self, missing: IntArray, on_progress: Callable[[float], None]) -> Iterator[list[Kline]]:
        """Yield what is worth one write, oldest first."""
        chunk: list[Kline] = []
        has_begun = False
        for number, (first, last) in enumerate(_pages(missing, self._length), start=1):
            page = self._page(missing[first:last], has_begun=has_begun)
            has_begun = has_begun or bool(page)
            chunk += page
            on_progress(last / len(missing))
            if number % PAGES_PER_WRITE == 0 and chunk:
                yield chunk
                chunk = []
        if chunk:
            yield chunk
        on_progress(1.0)

    def _page(self, missing: IntArray, *, has_begun: bool) -> list[Kline]:
        """Return the candles of one page; a hole is asked for once more before it counts as a gap."""
        found = self._fetch(missing)
        if (found or has_begun) and len(found) < len(missing):
            found |= self._fetch(missing)
        return [found[ts] for ts in sorted(found)]

    def _fetch(self, missing: IntArray) -> dict[int, Kline]:
        first, last = int(missing[0]), int(missing[-1])
        page = self._patience.ask(
            lambda: self._rest.klines(
                self._symbol, self._word, start_ms=first // NS_PER_MS, end_ms=last // NS_PER_MS
            )
        )
        strangers = [kline.ts_open for kline in page if not first <= kline.ts_open <= last]
        if strangers:
            raise DataError(
                f"{self._rest.url} must answer with candles of {_utc(first)} to {_utc(last)}, "
                f"{self._symbol} {self._interval} came with one of {_utc(strangers[0])}; nothing was stored"
            )
        wanted = set(missing.tolist())
        return {kline.ts_open: kline for kline in page if kline.ts_open in wanted}

    def _store(self, listed: ListedInstrument, chunk: list[Kline]) -> int:
        facts = load_facts().get(self._symbol, listed.facts)
        instrument: CryptoPerpetual = instrument_from_facts(facts)
        source = f"{self._rest.url} {self._symbol} {self._interval}"
        candles = _to_candles(chunk)
        validate(candles, self._length, source)
        tick = float(facts.history_tick or facts.tick)
        candles = snap_to_grid(candles, tick, instrument.price_precision, source)
        self._displaced += remove_synthetic(self._root)
        return write_bars(self._root, instrument, self._bar_type, candles)

    def _report(self, wanted: IntArray, new_rows: int) -> DownloadedBars:
        held = np.intersect1d(self._stored().ts_open, wanted, assume_unique=True)
        if not len(held):
            raise NotFound(
                f"{self._rest.url} has no candles of {self._symbol} {self._interval} from "
                f"{_utc(int(wanted[0]))} to {_utc(int(wanted[-1]))} UTC"
            )
        holes = np.setdiff1d(wanted[wanted > held[0]], held, assume_unique=True)
        starts = np.flatnonzero(np.diff(holes, prepend=-self._length) != self._length)
        return DownloadedBars(
            series=str(self._bar_type),
            symbol=self._symbol,
            interval=self._interval,
            rows=len(held),
            new_rows=new_rows,
            first_ts=int(held[0]) + self._length,
            last_ts=int(held[-1]) + self._length,
            gaps=len(starts),
            missing_bars=len(holes),
            first_missing_ts=int(holes[0]) + self._length if len(holes) else 0,
            displaced=self._displaced,
        )


def _pages(missing: IntArray, length_ns: int) -> Iterator[tuple[int, int]]:
    """Yield the rows of ``missing`` that one request covers, from and to (excluded)."""
    first = 0
    while first < len(missing):
        last = int(np.searchsorted(missing, missing[first] + PAGE_BARS * length_ns, side="left"))
        yield first, last
        first = last


def _to_candles(klines: list[Kline]) -> Candles:
    ts_open = np.array([kline.ts_open for kline in klines], dtype=np.int64)
    names = ("open", "high", "low", "close", "volume")
    return Candles(ts_open, *(np.array([float(getattr(kline, name)) for kline in klines]) for name in names))


def _utc(ts_ns: int) -> str:
    return f"{np.datetime64(ts_ns // NS_PER_SEC, 's')}".replace("T", " ")
