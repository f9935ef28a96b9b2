"""Bybit's REST interface through pybit, for everything outside the hot path."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
import pybit.exceptions
import requests
from pybit.unified_trading import HTTP

from adapters.bybit.addresses import BybitAddresses
from nautilus_bot.core.errors import AuthFailed, NotFound, RateLimited, VenueError, VenueTimeout

AUTH_CODES = (10003, 10004, 10005, 33004)
RATE_CODES = (10006, 10018)
WRONG_SYMBOL_CODES = (10001,)


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


class VenuePosition(msgspec.Struct, frozen=True):
    """The net position that the venue holds in a symbol; quantity is signed."""

    symbol: str
    quantity: Decimal
    average_price: Decimal


class BybitRest:
    """
    Ask Bybit over REST.

    Parameters
    ----------
    addresses : BybitAddresses
        Where the venue is.
    api_key, api_secret : str
        Empty for public requests only.
    timeout_secs : int, default 10
        Of one request.
    """

    def __init__(
        self, addresses: BybitAddresses, api_key: str = "", api_secret: str = "", *, timeout_secs: int = 10
    ) -> None:
        self.url = addresses.rest_url
        self._session = HTTP(
            api_key=api_key or None,
            api_secret=api_secret or None,
            timeout=timeout_secs,
            max_retries=1,
            log_requests=False,
        )
        self._session.endpoint = addresses.rest_url

    def server_time_ns(self) -> int:
        """Return the venue's wall clock, ns UTC."""
        return int(self._ask(self._session.get_server_time)["timeNano"])

    def klines(
        self, symbol: str, interval: str, *, limit: int = 1000, start_ms: int = 0, end_ms: int = 0
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
        return [Kline(int(row[0]) * 1_000_000, *row[1:6]) for row in reversed(result["list"])]

    def funding_execution_ids(self, symbol: str) -> set[str]:
        """Return the ids of the latest funding settlements in the account's execution list."""
        result = self._ask(
            self._session.get_executions, category="linear", symbol=symbol, execType="Funding", limit=100
        )
        return {row["execId"] for row in result["list"] if row["execType"] == "Funding"}

    def positions(self) -> dict[str, VenuePosition]:
        """Return the venue's open positions by symbol."""
        result = self._ask(self._session.get_positions, category="linear", settleCoin="USDT", limit=200)
        found = {}
        for row in result["list"]:
            size = Decimal(row["size"] or 0)
            if size:
                sign = 1 if row["side"] == "Buy" else -1
                found[row["symbol"]] = VenuePosition(row["symbol"], sign * size, Decimal(row["avgPrice"]))
        return found

    def wallet_balance_usdt(self) -> Decimal:
        """Return the account's USDT wallet balance."""
        result = self._ask(self._session.get_wallet_balance, accountType="UNIFIED")
        for coin in result["list"][0]["coin"]:
            if coin["coin"] == "USDT":
                return Decimal(coin["walletBalance"])
        return Decimal(0)

    def open_orders(self) -> list[dict[str, Any]]:
        """Return the account's open orders as Bybit describes them."""
        result = self._ask(self._session.get_open_orders, category="linear", settleCoin="USDT", limit=50)
        return list(result["list"])

    def permissions(self) -> dict[str, Any]:
        """Return what the key may do, as ``/v5/user/query-api`` says."""
        return dict(self._ask(self._session.get_api_key_information))

    def _ask(self, method: Callable[..., Any], **params: Any) -> dict[str, Any]:
        try:
            answer = method(**params)
        except pybit.exceptions.InvalidRequestError as e:
            raise _translate(e.status_code, e.message, self.url, params) from e
        except pybit.exceptions.FailedRequestError as e:
            raise VenueError(f"{self.url} answered {e.status_code}: {e.message}") from e
        except requests.exceptions.Timeout as e:
            raise VenueTimeout(f"{self.url} must answer in time, it did not; is the venue reachable?") from e
        except requests.exceptions.RequestException as e:
            raise VenueError(f"{self.url} must be reachable, it is not ({type(e).__name__})") from e
        return dict(answer["result"])


def _translate(code: int, message: str, url: str, params: dict[str, Any]) -> Exception:
    text = f"{url} refused with code {code}: {message}"
    if code in AUTH_CODES:
        return AuthFailed(f"{text}; check BYBIT_API_KEY and BYBIT_API_SECRET")
    if code in RATE_CODES:
        return RateLimited(f"{text}; wait a moment and try again")
    if code in WRONG_SYMBOL_CODES and "symbol" in params:
        return NotFound(f"{text}; is {params['symbol']!r} a USDT perpetual?")
    return VenueError(text)
