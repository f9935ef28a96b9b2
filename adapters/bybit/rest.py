"""Bybit's REST interface through pybit, for everything outside the hot path."""

from typing import Self

from adapters.bybit.addresses import BybitAddresses
from adapters.bybit.rest_account import AccountRequests, FeeRate, VenueExecution, VenuePosition
from adapters.bybit.rest_market import Kline, ListedInstrument, MarketRequests

__all__ = ["BybitRest", "FeeRate", "Kline", "ListedInstrument", "VenueExecution", "VenuePosition"]


class BybitRest(MarketRequests, AccountRequests):
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
        super().__init__(addresses.rest_url, api_key, api_secret, timeout_secs=timeout_secs)

    @classmethod
    def public(cls, rest_url: str, *, timeout_secs: int = 10) -> Self:
        """Return a session for public questions, which need one address and no keys."""
        nowhere = BybitAddresses(rest_url=rest_url, ws_public_url="", ws_private_url="", ws_trade_url="")
        return cls(nowhere, timeout_secs=timeout_secs)
