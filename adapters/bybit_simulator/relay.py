"""Prices relayed from the public streams of another exchange with Bybit's V5: Bybit, or a simulator."""

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any, Final

import aiohttp
import msgspec

from adapters.bybit_simulator.klines import Kline
from adapters.bybit_simulator.prices import BookTick, FundingTick, Level, MarketTick, MarkTick, TradeTick
from nautilus_bot.core.errors import VenueError

PING_SECS: Final = 20.0
SILENCE_SECS: Final = 30.0
RECONNECT_SECS: Final = 1.0
PAGE_BARS: Final = 1_000
DEPTH: Final = 50

_decode: Final = msgspec.json.Decoder().decode

type Sink = Callable[[MarketTick], None]


class RelayedBook:
    """One symbol's book, rebuilt from a snapshot and its deltas."""

    def __init__(self) -> None:
        self._bids: dict[str, str] = {}
        self._asks: dict[str, str] = {}

    def apply(self, kind: str, data: dict[str, Any]) -> None:
        """Take a frame; a snapshot begins anew."""
        if kind == "snapshot":
            self._bids.clear()
            self._asks.clear()
        for side, changes in ((self._bids, data["b"]), (self._asks, data["a"])):
            for price, qty in changes:
                if Decimal(qty):
                    side[price] = qty
                else:
                    side.pop(price, None)

    def tick(self, symbol: str, ts_ms: int) -> BookTick:
        """Return the book as it is now."""
        bids = sorted(_levels(self._bids), reverse=True)
        return BookTick(symbol, ts_ms, tuple(bids), tuple(sorted(_levels(self._asks))))


class Relay:
    """
    A client of public streams that hands every change on as a tick.

    Parameters
    ----------
    ws_url : str
        Public stream, for example ``wss://stream.bybit.com/v5/public/linear``.
    symbols : Iterable[str]
        What to relay.
    sink : Sink
        Takes each tick as it arrives.
    """

    def __init__(self, ws_url: str, symbols: Iterable[str], sink: Sink) -> None:
        self._url = ws_url
        self._symbols = tuple(symbols)
        self._sink = sink
        self._books = {symbol: RelayedBook() for symbol in self._symbols}
        self._funding: dict[str, tuple[str, str]] = {}

    async def run(self) -> None:
        """Relay until cancelled; a connection that breaks or falls silent is made again."""
        async with aiohttp.ClientSession() as http:
            while True:
                with contextlib.suppress(aiohttp.ClientError, TimeoutError, OSError):
                    await self._relay(http)
                await asyncio.sleep(RECONNECT_SECS)

    async def _relay(self, http: aiohttp.ClientSession) -> None:
        async with http.ws_connect(self._url) as socket:
            topics = [
                topic
                for symbol in self._symbols
                for topic in (f"orderbook.{DEPTH}.{symbol}", f"publicTrade.{symbol}", f"tickers.{symbol}")
            ]
            await socket.send_json({"op": "subscribe", "args": topics})
            ping = asyncio.create_task(_keep_alive(socket))
            try:
                while (message := await socket.receive(timeout=SILENCE_SECS)).type is aiohttp.WSMsgType.TEXT:
                    self._on_frame(_decode(message.data))
            finally:
                ping.cancel()

    def _on_frame(self, frame: dict[str, Any]) -> None:
        kind, _, rest = str(frame.get("topic", "")).partition(".")
        symbol = rest.rpartition(".")[2]
        if symbol not in self._books:
            return
        data = frame["data"]
        match kind:
            case "orderbook":
                self._books[symbol].apply(frame["type"], data)
                self._sink(self._books[symbol].tick(symbol, frame["ts"]))
            case "publicTrade":
                for trade in data:
                    self._sink(
                        TradeTick(symbol, trade["T"], Decimal(trade["p"]), Decimal(trade["v"]), trade["S"])
                    )
            case "tickers":
                self._on_ticker(symbol, data, frame["ts"])

    def _on_ticker(self, symbol: str, data: dict[str, Any], ts_ms: int) -> None:
        if data.get("markPrice"):
            mark = Decimal(data["markPrice"])
            self._sink(MarkTick(symbol, ts_ms, mark, Decimal(data.get("indexPrice") or mark)))
        rate, due = self._funding.get(symbol, ("", ""))
        next_due = data.get("nextFundingTime") or due
        if due and next_due != due and rate:
            # The next settlement moved on: the one before has just happened, at the rate shown until then.
            self._sink(FundingTick(symbol, int(due), Decimal(rate)))
        self._funding[symbol] = (data.get("fundingRate") or rate, next_due)


async def fetch_history(http_url: str, symbols: Iterable[str], n_bars: int) -> dict[str, list[Kline]]:
    """
    Read the newest minute bars of another exchange.

    Parameters
    ----------
    http_url : str
        REST address, for example ``https://api.bybit.com``.
    symbols : Iterable[str]
        What to read.
    n_bars : int
        Bars of each symbol.

    Returns
    -------
    dict[str, list[Kline]]
        Oldest first.

    Raises
    ------
    VenueError
        If the exchange cannot be reached or refuses.
    """
    async with aiohttp.ClientSession() as http:
        return {symbol: await _fetch_symbol(http, http_url, symbol, n_bars) for symbol in symbols}


async def _fetch_symbol(http: aiohttp.ClientSession, url: str, symbol: str, n_bars: int) -> list[Kline]:
    bars: list[Kline] = []
    end: int | None = None
    while len(bars) < n_bars:
        params = {
            "category": "linear",
            "symbol": symbol,
            "interval": "1",
            "limit": str(min(PAGE_BARS, n_bars - len(bars))),
        }
        if end is not None:
            params["end"] = str(end)
        rows = await _fetch_page(http, f"{url}/v5/market/kline", params)
        if not rows:
            break
        bars += [_kline(row) for row in rows]
        end = bars[-1][0] - 1
    return bars[::-1]


async def _fetch_page(http: aiohttp.ClientSession, url: str, params: dict[str, str]) -> list[list[str]]:
    try:
        async with http.get(url, params=params) as answer:
            envelope = _decode(await answer.read())
    except (aiohttp.ClientError, OSError, msgspec.DecodeError) as e:
        raise VenueError(f"{url} must answer with klines to relay from, but: {e}") from e
    if envelope["retCode"]:
        raise VenueError(f"{url} must answer with klines to relay from, but refused: {envelope['retMsg']}")
    rows: list[list[str]] = envelope["result"]["list"]
    return rows


async def _keep_alive(socket: aiohttp.ClientWebSocketResponse) -> None:
    while True:
        await asyncio.sleep(PING_SECS)
        await socket.send_json({"op": "ping"})


def _kline(row: list[str]) -> Kline:
    start, *rest = row
    open_, high, low, close, volume, turnover = map(float, rest)
    return int(start), open_, high, low, close, volume, turnover


def _levels(side: dict[str, str]) -> list[Level]:
    return [(Decimal(price), Decimal(qty)) for price, qty in side.items()]
