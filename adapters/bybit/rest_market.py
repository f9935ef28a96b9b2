"""What anyone may ask of Bybit: its clock, instruments, candles and funding rates."""

from decimal import Decimal
from typing import Final

import msgspec

from adapters.bybit.pybit_session import PybitSession, reads
from nautilus_bot.core.errors import NotFound
from nautilus_bot.market.funding import FundingRate
from nautilus_bot.market.instruments import InstrumentFacts, read_instruments_info

NS_PER_MS: Final = 1_000_000
MAX_KLINES: Final = 1_000
MAX_FUNDING: Final = 200


class Kline(msgspec.Struct, frozen=True):
    """
    One closed candle.

    Parameters
    ----------
    ts_open : int
        Opening time, ns UTC.
    open, high, low, close, volume : str
        Decimal strings as the venue gives them; volume in base currency.
    """

    ts_open: int
    open: str
    high: str
    low: str
    close: str
    volume: str


class ListedInstrument(msgspec.Struct, frozen=True):
    """A perpetual as the venue describes it, and when trading in it began (ns UTC)."""

    facts: InstrumentFacts
    launched_ns: int


class MarketRequests(PybitSession):
    """Public questions."""

    @reads
    def server_time_ns(self) -> int:
        """Return the venue's wall clock, ns UTC."""
        return int(self._ask(self._session.get_server_time)["timeNano"])

    @reads
    def instrument(self, symbol: str) -> ListedInstrument:
        """
        Return a linear USDT perpetual.

        Raises
        ------
        NotFound
            If the venue does not list it.

        Notes
        -----
        ``priceScale`` is the precision of the venue's prices; older ones may use all of it even where
        today's tick is coarser, so it becomes the history's tick.
        """
        result = self._ask(self._session.get_instruments_info, category="linear", symbol=symbol)
        found = read_instruments_info({"result": result})
        if not found:
            raise NotFound(f"{self.url} must list {symbol!r} as a linear USDT perpetual, it does not")
        row = result["list"][0]
        finest = Decimal(1).scaleb(-int(row["priceScale"]))
        facts = found[0]
        if finest < Decimal(facts.tick):
            facts = msgspec.structs.replace(facts, history_tick=str(finest))
        return ListedInstrument(facts, int(row["launchTime"]) * NS_PER_MS)

    @reads
    def klines(
        self, symbol: str, interval: str, *, limit: int = MAX_KLINES, start_ms: int = 0, end_ms: int = 0
    ) -> list[Kline]:
        """
        Return up to ``limit`` candles, oldest first; the last one may still be forming.

        Parameters
        ----------
        symbol : str
            E.g. ``BTCUSDT``.
        interval : str
            Bybit's word: ``1 3 5 15 30 60 120 240 D``.
        limit : int, default 1000
            At most 1000.
        start_ms, end_ms : int
            First and last opening time, ms UTC; 0 for the latest candles.
        """
        bounds: dict[str, int] = {}
        if start_ms:
            bounds["start"] = start_ms
        if end_ms:
            bounds["end"] = end_ms
        result = self._ask(
            self._session.get_kline,
            category="linear",
            symbol=symbol,
            interval=interval,
            limit=limit,
            **bounds,
        )
        return [Kline(int(row[0]) * NS_PER_MS, *row[1:6]) for row in reversed(result["list"])]

    @reads
    def funding_rates(self, symbol: str, start_ms: int, end_ms: int) -> list[FundingRate]:
        """Return the latest 200 settlements between two times (ms UTC, both included), oldest first."""
        result = self._ask(
            self._session.get_funding_rate_history,
            category="linear",
            symbol=symbol,
            startTime=start_ms,
            endTime=end_ms,
            limit=MAX_FUNDING,
        )
        rows = [
            FundingRate(int(row["fundingRateTimestamp"]) * NS_PER_MS, Decimal(row["fundingRate"]))
            for row in result["list"]
        ]
        return sorted(rows, key=lambda one: one.ts_ns)
