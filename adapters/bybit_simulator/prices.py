"""
Where the simulated exchange's prices come from: an ordered stream of market ticks in market time.

A source knows nothing of pacing: it yields ticks as fast as they are asked for, and whoever drives the
simulator sleeps between them (or not).
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Protocol

import msgspec

from adapters.bybit_simulator.orders import OrderSide

type Level = tuple[Decimal, Decimal]
"""Price in USDT and quantity in base coin."""


class BookTick(msgspec.Struct, frozen=True):
    """The order book as it is now: bids from the best down, asks from the best up."""

    symbol: str
    ts_ms: int
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]


class TradeTick(msgspec.Struct, frozen=True):
    """A public trade; ``side`` is that of the taker."""

    symbol: str
    ts_ms: int
    price: Decimal
    qty: Decimal
    side: OrderSide


class MarkTick(msgspec.Struct, frozen=True):
    """Mark and index price, USDT."""

    symbol: str
    ts_ms: int
    mark: Decimal
    index: Decimal


class FundingTick(msgspec.Struct, frozen=True):
    """A funding settlement: longs pay shorts ``rate`` of the value when it is positive."""

    symbol: str
    ts_ms: int
    rate: Decimal


type MarketTick = BookTick | TradeTick | MarkTick | FundingTick


class PriceSource(Protocol):
    """An ordered stream of market ticks for several symbols; ``ts_ms`` never decreases."""

    def ticks(self) -> Iterator[MarketTick]:
        """Yield the ticks from the start; a second call starts again and yields the same."""
        ...
