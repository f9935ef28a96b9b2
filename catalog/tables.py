"""
The tables that questions are asked of: which entries make a row, and what each column means.

A table is a literal list of columns with their meaning; ``docs/event-catalog.md`` shows the same list and a
test compares them. Amounts travel as decimal strings and become ``DECIMAL(24, 10)`` in the views.
"""

from collections.abc import Callable
from typing import Any, Final, Literal, NamedTuple

import msgspec

from catalog.codec import EVENTS

type Kind = Literal["text", "int", "float", "bool", "time", "decimal"]
type Values = tuple[Any, ...]


class Column(NamedTuple):
    """One column: its name, what kind of value, and what it means."""

    name: str
    kind: Kind
    doc: str


class Recorded(NamedTuple):
    """The columns of one journal entry, as the tables need them."""

    seq: int
    ts_init: int
    ts_market: int
    topic: str
    type: str
    version: int
    instrument_id: str
    strategy_id: str
    client_order_id: str
    position_id: str
    correlation_id: str
    causation_id: str
    payload: bytes


class Table(NamedTuple):
    """
    A table over the entries of some types.

    Parameters
    ----------
    name : str
        Name in SQL.
    types : tuple[str, ...]
        Message types that become rows; empty for all.
    columns : tuple[Column, ...]
        What ``row`` returns, after ``KEY``.
    row : Callable[[Recorded, Any], Values]
        Makes a row of an entry and its plain payload.
    """

    name: str
    types: tuple[str, ...]
    columns: tuple[Column, ...]
    row: Callable[[Recorded, Any], Values]


KEY: Final = (
    Column("run_id", "text", "the run"),
    Column("seq", "int", "number of the entry in its run"),
    Column("time", "time", "event time, UTC"),
)

_STRATEGY: Final = Column("strategy_id", "text", "strategy instance")
_INSTRUMENT: Final = Column("instrument_id", "text", "e.g. BTCUSDT-LINEAR.BYBIT")
_ORDER: Final = Column("client_order_id", "text", "the order's id, also on the venue's page")
_SIGNAL: Final = Column("signal_id", "text", "the signal it belongs to")
_NO_PRICES: Final[dict[str, Any]] = {}


def _money(text: str | None) -> tuple[str | None, str]:
    """Split ``1.25 USDT`` into amount and currency."""
    if not text or text == "None":
        return None, ""
    amount, _, currency = text.partition(" ")
    return amount.replace("_", ""), currency


def _order_event(entry: Recorded, plain: Any) -> Values:
    options = plain.get("options") or _NO_PRICES
    return (
        entry.type,
        entry.client_order_id or plain["client_order_id"],
        plain["strategy_id"],
        plain["instrument_id"],
        entry.correlation_id,
        plain.get("venue_order_id"),
        plain.get("order_side"),
        plain.get("order_type"),
        plain.get("quantity"),
        plain.get("price") or options.get("price"),
        plain.get("trigger_price") or options.get("trigger_price"),
        plain.get("reduce_only"),
        plain.get("last_qty"),
        plain.get("last_px"),
        plain.get("reason"),
    )


def _fill(entry: Recorded, plain: Any) -> Values:
    fee, currency = _money(plain["commission"])
    return (
        plain["client_order_id"],
        plain["strategy_id"],
        plain["instrument_id"],
        entry.correlation_id,
        plain["position_id"],
        plain["trade_id"],
        plain["order_side"],
        plain["order_type"],
        plain["last_qty"],
        plain["last_px"],
        fee,
        currency,
        plain["liquidity_side"],
    )


def _position_event(entry: Recorded, plain: Any) -> Values:
    pnl, currency = _money(plain.get("realized_pnl"))
    return (
        entry.type,
        plain["position_id"],
        plain["opening_order_id"],
        plain["strategy_id"],
        plain["instrument_id"],
        plain.get("entry"),
        plain.get("side"),
        plain.get("quantity"),
        plain.get("peak_qty"),
        plain.get("avg_px_open"),
        plain.get("avg_px_close"),
        pnl,
        currency,
        plain.get("realized_return"),
        plain.get("ts_opened") or plain["ts_event"],
        plain.get("ts_closed") or None,
    )


def _signal(_entry: Recorded, plain: Any) -> Values:
    return (
        plain["signal_id"],
        plain["strategy"],
        plain["strategy_id"],
        plain["instrument_id"],
        plain["side"],
        plain["confidence"],
        plain["price"] or None,
        plain["stop"] or None,
        plain["target"] or None,
        plain.get("closes", False),
        plain["reason"],
        _json(plain.get("indicators")),
    )


def _verdict(_entry: Recorded, plain: Any) -> Values:
    refusals = [check for check in plain.get("checks", ()) if not check["approved"]]
    decisive: dict[str, Any] = refusals[0] if refusals else {}
    return (
        plain["client_order_id"],
        plain["signal_id"],
        plain["strategy"],
        plain["strategy_id"],
        plain["instrument_id"],
        plain["role"],
        plain["approved"],
        plain.get("rule", ""),
        decisive.get("limit"),
        decisive.get("observed"),
        decisive.get("unit", ""),
        plain.get("reason", ""),
        _json(plain.get("checks")),
    )


def _equity(_entry: Recorded, plain: Any) -> Values:
    return tuple(plain[column.name] for column in _EQUITY)


def _funding(_entry: Recorded, plain: Any) -> Values:
    return tuple(plain[column.name] for column in _FUNDING)


def _entry(entry: Recorded, plain: Any) -> Values:
    return (
        entry.ts_init,
        entry.ts_market,
        entry.topic,
        entry.type,
        entry.version,
        entry.instrument_id,
        entry.strategy_id,
        entry.client_order_id,
        entry.position_id,
        entry.correlation_id,
        entry.causation_id,
        _json(plain),
    )


def _json(plain: Any) -> str:
    return msgspec.json.encode(plain, enc_hook=str).decode()


_EQUITY: Final = (
    Column("equity_usdt", "float", "balance plus open profit and loss"),
    Column("balance_usdt", "float", "balance"),
    Column("unrealized_usdt", "float", "open profit and loss"),
    Column("drawdown_pct", "float", "below the highest equity so far, 0 to 100"),
    Column("gross_exposure_usdt", "float", "sum of the positions' absolute values"),
    Column("net_exposure_usdt", "float", "sum of the positions' signed values"),
)
_FUNDING: Final = (
    _INSTRUMENT,
    _STRATEGY,
    Column("rate", "decimal", "funding rate of the settlement, a ratio"),
    Column("quantity", "decimal", "signed position at the settlement"),
    Column("price", "decimal", "mark price"),
    Column("amount_usdt", "decimal", "received (positive) or paid (negative)"),
)

TABLES: Final = (
    Table(
        "order_events",
        tuple(event.__name__ for event in EVENTS if event.__name__.startswith("Order")),
        (
            Column("event", "text", "e.g. OrderAccepted"),
            _ORDER,
            _STRATEGY,
            _INSTRUMENT,
            _SIGNAL,
            Column("venue_order_id", "text", "the venue's id"),
            Column("order_side", "text", "BUY or SELL"),
            Column("order_type", "text", "MARKET, LIMIT, STOP_MARKET ..."),
            Column("quantity", "decimal", "ordered quantity, of an update the new one"),
            Column("price", "decimal", "limit price"),
            Column("trigger_price", "decimal", "trigger of a stop"),
            Column("reduce_only", "bool", "may only reduce"),
            Column("last_qty", "decimal", "quantity of a fill"),
            Column("last_px", "decimal", "price of a fill"),
            Column("reason", "text", "why it was denied or rejected"),
        ),
        _order_event,
    ),
    Table(
        "fills",
        ("OrderFilled",),
        (
            _ORDER,
            _STRATEGY,
            _INSTRUMENT,
            _SIGNAL,
            Column("position_id", "text", "position that it changed"),
            Column("trade_id", "text", "the venue's execution id"),
            Column("order_side", "text", "BUY or SELL"),
            Column("order_type", "text", "type of the order"),
            Column("quantity", "decimal", "filled quantity in base currency"),
            Column("price", "decimal", "fill price"),
            Column("fee", "decimal", "commission, positive is paid"),
            Column("fee_currency", "text", "currency of the commission"),
            Column("liquidity_side", "text", "MAKER or TAKER"),
        ),
        _fill,
    ),
    Table(
        "position_events",
        ("PositionOpened", "PositionChanged", "PositionClosed"),
        (
            Column("event", "text", "e.g. PositionClosed"),
            Column("position_id", "text", "position id; a netted position uses it again after it closed"),
            Column("opening_order_id", "text", "order that opened it"),
            _STRATEGY,
            _INSTRUMENT,
            Column("entry", "text", "BUY opened a long, SELL a short position"),
            Column("side", "text", "LONG, SHORT or FLAT"),
            Column("quantity", "decimal", "open quantity"),
            Column("peak_qty", "decimal", "largest quantity it had"),
            Column("avg_px_open", "float", "average entry price"),
            Column("avg_px_close", "float", "average exit price"),
            Column("realized_pnl", "decimal", "realised profit and loss after fees"),
            Column("currency", "text", "currency of the profit and loss"),
            Column("realized_return", "float", "realised return, a ratio"),
            Column("opened", "time", "when it opened, UTC"),
            Column("closed", "time", "when it closed, UTC; empty while open"),
        ),
        _position_event,
    ),
    Table(
        "signals",
        ("Signal",),
        (
            _SIGNAL,
            Column("strategy", "text", "class name of the strategy"),
            _STRATEGY,
            _INSTRUMENT,
            Column("side", "text", "BUY or SELL"),
            Column("confidence", "float", "0 to 1"),
            Column("price", "decimal", "price that it was decided at"),
            Column("stop", "decimal", "protective stop"),
            Column("target", "decimal", "take-profit"),
            Column("closes", "bool", "only closes the strategy's position"),
            Column("reason", "text", "one sentence"),
            Column("indicators", "text", "indicator names and values, JSON"),
        ),
        _signal,
    ),
    Table(
        "verdicts",
        ("RiskVerdict",),
        (
            _ORDER,
            _SIGNAL,
            Column("strategy", "text", "class name of the strategy"),
            _STRATEGY,
            _INSTRUMENT,
            Column("role", "text", "E entry, S stop, T target, C close"),
            Column("approved", "bool", "whether the order may leave"),
            Column("rule", "text", "rule that refused; empty when approved"),
            Column("rule_limit", "float", "its limit, in unit"),
            Column("observed", "float", "value that it found, in unit"),
            Column("unit", "text", "e.g. pct, ratio, usdt, count, secs"),
            Column("reason", "text", "one sentence"),
            Column("checks", "text", "all rules that were asked, in order, JSON"),
        ),
        _verdict,
    ),
    Table("equity", ("EquityMarked",), _EQUITY, _equity),
    Table("funding", ("FundingPaid",), _FUNDING, _funding),
    Table(
        "entries",
        (),
        (
            Column("ts_init", "int", "time the event carries, ns UTC"),
            Column("ts_market", "int", "market clock, ns UTC"),
            Column("topic", "text", "message-bus topic, or command"),
            Column("type", "text", "message type"),
            Column("version", "int", "schema version of the payload"),
            _INSTRUMENT,
            _STRATEGY,
            _ORDER,
            Column("position_id", "text", "position it is about"),
            Column("correlation_id", "text", "signal it belongs to"),
            Column("causation_id", "text", "what caused it"),
            Column("payload", "text", "the message as JSON"),
        ),
        _entry,
    ),
)
