"""Prove that keys and sockets work before the node starts: Nautilus's client fails to log in silently."""

import asyncio
import hashlib
import hmac
import time
from decimal import Decimal
from typing import Any

import aiohttp

from adapters.bybit.addresses import BybitAddresses
from adapters.bybit.rest import BybitRest
from nautilus_bot.core.errors import AuthFailed, ConfigError, VenueError, VenueTimeout

TIMEOUT_SECS = 10.0


async def check_login(
    addresses: BybitAddresses, api_key: str, api_secret: str, *, trade: bool = True
) -> None:
    """
    Ask for the balance over REST, log in on the private (and the trade) stream once, and close all again.

    Parameters
    ----------
    addresses : BybitAddresses
        Where the venue is.
    api_key, api_secret : str
        The account's keys.
    trade : bool, default True
        Whether order entry is checked too; Bybit's demo accounts have none.

    Raises
    ------
    AuthFailed
        If the venue does not accept the keys, or the clocks disagree.
    VenueError, VenueTimeout
        If it cannot be reached or does not answer.
    """
    if not api_key or not api_secret:
        raise AuthFailed("keys must be set: BYBIT_API_KEY and BYBIT_API_SECRET are read from the environment")
    await asyncio.to_thread(_ask_for_balance, addresses, api_key, api_secret)
    urls = [addresses.ws_private_url, *([addresses.ws_trade_url] if trade else [])]
    async with aiohttp.ClientSession() as session:
        for url in urls:
            answer = await _login(session, url, api_key, api_secret)
            if not (answer.get("success") is True or answer.get("retCode") == 0):
                text = answer.get("ret_msg") or answer.get("retMsg") or "no reason given"
                raise AuthFailed(
                    f"{url} does not accept the keys: {text}; check BYBIT_API_KEY and its secret"
                )


async def check_leverage(rest: BybitRest, symbols: tuple[str, ...], leverage: int) -> None:
    """
    Ask what leverage the venue allows, before it refuses ours while the node starts.

    Raises
    ------
    ConfigError
        If it is less than is to be set.
    NotFound, VenueError, VenueTimeout
        If the venue does not list a symbol, or does not answer.
    """
    for symbol in symbols:
        listed = await asyncio.to_thread(rest.instrument, symbol)
        if leverage > Decimal(listed.facts.max_leverage):
            raise ConfigError(
                f"$.leverage of bybit_x_config.json must be at most {listed.facts.max_leverage}, "
                f"as {rest.url} allows for {symbol}, was {leverage}"
            )


def _ask_for_balance(addresses: BybitAddresses, api_key: str, api_secret: str) -> None:
    rest = BybitRest(addresses, api_key, api_secret)
    try:
        rest.wallet_balance_usdt()
    finally:
        rest.close()


async def _login(session: aiohttp.ClientSession, url: str, key: str, secret: str) -> dict[str, Any]:
    expires = int(time.time() * 1000) + 10_000
    sign = hmac.new(secret.encode(), f"GET/realtime{expires}".encode(), hashlib.sha256).hexdigest()
    try:
        async with session.ws_connect(url, timeout=aiohttp.ClientWSTimeout(ws_close=TIMEOUT_SECS)) as socket:
            await socket.send_json({"op": "auth", "args": [key, expires, sign]})
            while True:
                answer = await socket.receive_json(timeout=TIMEOUT_SECS)
                if answer.get("op") == "auth":
                    return dict(answer)
    except TimeoutError as e:
        raise VenueTimeout(f"{url} must answer the login within {TIMEOUT_SECS:g} s, it did not") from e
    except (aiohttp.ClientError, TypeError) as e:
        raise VenueError(f"{url} must be reachable, it is not ({e})") from e
