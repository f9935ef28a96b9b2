"""
Compact schemas for what arrives often: bars, quotes, trades, marks, funding rates, timer events.

A payload is a list of the fields below in that order, prices and quantities as the decimal strings of the
instrument's own precision, so that nothing is rounded and nothing is spent on field names.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final, NamedTuple

from nautilus_trader.common.events import TimeEvent
from nautilus_trader.core.uuid import UUID4
from nautilus_trader.model import data

BAR: Final = ("bar_type", "open", "high", "low", "close", "volume", "ts_event", "ts_init")
QUOTE: Final = ("instrument_id", "bid_price", "ask_price", "bid_size", "ask_size", "ts_event", "ts_init")
TRADE: Final = ("instrument_id", "price", "size", "aggressor_side", "trade_id", "ts_event", "ts_init")
MARK: Final = ("instrument_id", "value", "ts_event", "ts_init")
FUNDING_RATE: Final = ("instrument_id", "rate", "interval", "next_funding_ns", "ts_event", "ts_init")
TIME_EVENT: Final = ("name", "event_id", "ts_event", "ts_init")


class MarketSchema(NamedTuple):
    """How one market-data type becomes a list and an object again."""

    type: type
    fields: tuple[str, ...]
    to_plain: Callable[[Any], list[Any]]
    from_plain: Callable[[list[Any]], Any]


def _positional(cls: Any, fields: tuple[str, ...]) -> MarketSchema:
    def to_plain(message: Any) -> list[Any]:
        values = cls.to_dict(message)
        return [values.get(field) for field in fields]

    def from_plain(plain: list[Any]) -> Any:
        return cls.from_dict(dict(zip(fields, plain, strict=True)))

    return MarketSchema(cls, fields, to_plain, from_plain)


def _funding_rate() -> MarketSchema:
    schema = _positional(data.FundingRateUpdate, FUNDING_RATE)

    def from_plain(plain: list[Any]) -> Any:
        instrument_id, rate, *rest = plain
        return schema.from_plain([instrument_id, Decimal(rate), *rest])

    return schema._replace(from_plain=from_plain)


def _time_event_to_plain(event: Any) -> list[Any]:
    return [event.name, str(event.id), event.ts_event, event.ts_init]


def _time_event_from_plain(plain: list[Any]) -> Any:
    name, event_id, ts_event, ts_init = plain
    return TimeEvent(name, UUID4.from_str(event_id), ts_event, ts_init)


SCHEMAS: Final = (
    _positional(data.Bar, BAR),
    _positional(data.QuoteTick, QUOTE),
    _positional(data.TradeTick, TRADE),
    _positional(data.MarkPriceUpdate, MARK),
    _positional(data.IndexPriceUpdate, MARK),
    _funding_rate(),
    MarketSchema(TimeEvent, TIME_EVENT, _time_event_to_plain, _time_event_from_plain),
)
