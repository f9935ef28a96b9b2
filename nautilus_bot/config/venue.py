"""``bybit_x_config.json``: the venue, its addresses, what may be traded there, and how live trading grows."""

from ipaddress import ip_address
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from nautilus_bot.config.fields import Environment, Perpetual, PositiveFloat, PositiveInt, Symbol, Timeframe


class Addresses(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    Addresses of the venue; an empty one is that of the environment.

    Parameters
    ----------
    rest_url, ws_public_url, ws_private_url, ws_trade_url : str
        Full URLs; in the simulated environment all must be on loopback.
    """

    rest_url: str = ""
    ws_public_url: str = ""
    ws_private_url: str = ""
    ws_trade_url: str = ""


class TransitionStep(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    Limits of one step on the way from paper to live.

    Parameters
    ----------
    name : str
        What the operator selects.
    capital_cap_usdt : float
        Most equity that positions may stand on, USDT.
    symbols, strategies : tuple[str, ...]
        What may trade at this step; empty is everything.
    """

    name: str
    capital_cap_usdt: PositiveFloat
    symbols: tuple[Symbol, ...] = ()
    strategies: tuple[str, ...] = ()


class LiveConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    Whether and how far real money may be traded.

    Parameters
    ----------
    enabled : bool, default False
        ``nautilus-bot live`` refuses to start without it.
    capital_cap_usdt : float, default 1000
        Upper bound over all steps, USDT.
    step : str, default ""
        Name of the step in force; needed when live is enabled.
    steps : tuple[TransitionStep, ...]
        In growing order.
    """

    enabled: bool = False
    capital_cap_usdt: PositiveFloat = 1_000.0
    step: str = ""
    steps: tuple[TransitionStep, ...] = ()


class VenueConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    Configuration of the venue.

    Parameters
    ----------
    venue : str, default "BYBIT"
        The only venue there is.
    product : str, default "linear"
        Linear USDT perpetuals in one-way mode; spot, inverse and options are absent.
    environment : str, default "simulated"
        ``mainnet``, ``testnet``, ``demo`` or ``simulated`` (the bot's own exchange on loopback).
    symbols : tuple[str, ...]
        All that this bot may ever trade.
    timeframes : tuple[str, ...]
        Bars that are downloaded and subscribed.
    leverage : int, default 10
        Set at the venue for every symbol that trades, up to what the instrument allows: how much margin a
        position binds. How large positions become is the risk's ``sizing.leverage_cap``.
    addresses : Addresses
        Where the venue is reached.
    live : LiveConfig
        The way to real money.
    """

    venue: Literal["BYBIT"] = "BYBIT"
    product: Literal["linear"] = "linear"
    environment: Environment = "simulated"
    symbols: tuple[Perpetual, ...]
    timeframes: tuple[Timeframe, ...] = ("1m", "5m", "15m", "1h")
    leverage: PositiveInt = 10
    addresses: Addresses = Addresses()
    live: LiveConfig = LiveConfig()

    def strangers(self) -> tuple[str, ...]:
        """Return the names of addresses that a simulated venue must not have: those not on loopback."""
        if self.environment != "simulated":
            return ()
        urls = msgspec.structs.asdict(self.addresses)
        return tuple(name for name, url in urls.items() if url and not _is_loopback(url))


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
