"""From entries of the journal to notifications: one literal table, the first row that fits counts."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from catalog.codec import decode_plain
from catalog.entry import Entry
from monitoring.telegram.kinds import Notification, Severity
from nautilus_bot.core import ids

type Plain = dict[str, Any]
type Facts = dict[str, str]

OWN_AUTHOR: Final = "telegram:"
"""Who asked here has been answered here."""


class Row(NamedTuple):
    """
    How one kind of entry is told.

    Parameters
    ----------
    type : str
        Type of the entry.
    when : Callable[[Plain], bool]
        Whether the row is meant; the rows are tried in order.
    kind : str
        Of ``KINDS``; also the name of the text when ``text`` is empty.
    severity : Severity
        How severe it is.
    facts : Callable[[Plain], Facts]
        What the text says.
    text : str
        Name of the text.
    once : Callable[[Plain], str]
        What it is told once of; empty for each entry.
    """

    type: str
    when: Callable[[Plain], bool]
    kind: str
    severity: Severity
    facts: Callable[[Plain], Facts]
    text: str = ""
    once: Callable[[Plain], str] = lambda _: ""


def translate(entry: Entry) -> Notification | None:
    """Return what is to be told of an entry; None when nothing is."""
    rows = _ROWS_BY_TYPE.get(entry.type)
    if rows is None:
        return None
    plain = decode_plain(entry.type, entry.version, entry.payload)
    for row in rows:
        if row.when(plain):
            once = row.once(plain)
            return Notification(
                key=f"{entry.run_id}:{once or entry.seq}",
                kind=row.kind,
                severity=row.severity,
                text=row.text or row.kind,
                ts_ns=entry.ts_publish,
                facts=row.facts(plain),
            )
    return None


# -- when ---------------------------------------------------------------------------------------------


def _always(_plain: Plain) -> bool:
    return True


def _role(*roles: str) -> Callable[[Plain], bool]:
    return lambda plain: ids.role_of(plain["client_order_id"]) in roles


def _refused(*roles: str) -> Callable[[Plain], bool]:
    return lambda plain: not plain["approved"] and plain["role"] in roles


def _severe(severity: str) -> Callable[[Plain], bool]:
    return lambda plain: bool(plain["severity"] == severity)


def _by_rule(plain: Plain) -> bool:
    return bool(plain.get("rule"))


def _not_from_here(plain: Plain) -> bool:
    return not plain["author"].startswith(OWN_AUTHOR)


# -- facts --------------------------------------------------------------------------------------------


def _order(plain: Plain) -> Facts:
    return {
        "id": plain["client_order_id"],
        "strategy": _strategy(plain["strategy_id"]),
        "symbol": _symbol(plain["instrument_id"]),
        "reason": plain.get("reason") or "",
    }


def _fill(plain: Plain) -> Facts:
    told = {"side": plain["order_side"], "quantity": plain["last_qty"], "price": plain["last_px"]}
    return _order(plain) | told


def _moved(plain: Plain) -> Facts:
    return _order(plain) | {"price": plain.get("trigger_price") or "?", "quantity": plain["quantity"]}


def _verdict(plain: Plain) -> Facts:
    decisive: Plain = next((check for check in plain.get("checks", ()) if not check["approved"]), {})
    numbers = ""
    if decisive.get("observed") is not None and decisive.get("limit") is not None:
        numbers = f" ({decisive['observed']:.4g} / {decisive['limit']:.4g} {decisive.get('unit', '')})"
    return _order(plain) | {"rule": plain.get("rule") or "?", "numbers": numbers}


def _denied(plain: Plain) -> Facts:
    return _order(plain) | {"rule": "engine", "numbers": ""}


def _position(plain: Plain) -> Facts:
    return {
        "id": ids.signal_of(plain["opening_order_id"]),
        "strategy": _strategy(plain["strategy_id"]),
        "symbol": _symbol(plain["instrument_id"]),
        "side": plain["side"],
        "quantity": plain["quantity"],
        "price": _number(plain["avg_px_open"]),
    }


def _closed(plain: Plain) -> Facts:
    pnl, _, currency = plain["realized_pnl"].partition(" ")
    profit = float(pnl.replace("_", ""))
    return _position(plain) | {
        "side": "LONG" if plain["entry"] == "BUY" else "SHORT",
        "quantity": plain["peak_qty"],
        "exit": _number(plain["avg_px_close"]),
        "pnl": f"{profit:+.2f}",
        "percent": f"{100 * float(plain['realized_return']):+.2f}",
        "currency": currency,
        "mark": "🟢" if profit > 0 else "🔴",
        "held": _length(int(plain.get("duration_ns") or 0)),
    }


def _fact(*names: str) -> Callable[[Plain], Facts]:
    return lambda plain: {name: str(plain.get(name) or "") for name in names}


def _about_symbol(*names: str) -> Callable[[Plain], Facts]:
    facts = _fact(*names)
    return lambda plain: facts(plain) | {"symbol": _symbol(plain.get("instrument_id") or "") or "*"}


_limited: Final = _about_symbol("reason", "author")


def _command(plain: Plain) -> Facts:
    said = " ".join(text for text in plain.get("arguments", ()) if text)
    return {"command": plain["command"], "author": plain["author"], "arguments": said}


def _symbol(instrument_id: str) -> str:
    return instrument_id.partition("-")[0]


def _strategy(strategy_id: str) -> str:
    return strategy_id.partition("-")[0]


def _number(value: float | None) -> str:
    return "?" if value is None else f"{value:.10g}"


def _length(ns: int) -> str:
    secs = ns // 1_000_000_000
    return f"{secs // 3600}:{secs // 60 % 60:02}:{secs % 60:02}"


def _executed_once(plain: Plain) -> str:
    return f"executed:{plain['client_order_id']}"  # an order may fill in parts


def _refused_once(plain: Plain) -> str:
    return f"refused:{plain['client_order_id']}"  # the gate's verdict and the denial that follows it


_PROPOSING: Final = (ids.ENTRY, ids.CLOSE)
_GUARDING: Final = (ids.STOP, ids.TARGET)

# fmt: off
TABLE: Final = (
    Row("OrderFilled", _role(ids.ENTRY), "signal_executed", "info", _fill, once=_executed_once),
    Row("RiskVerdict", _refused(*_PROPOSING), "signal_refused", "info", _verdict, once=_refused_once),
    Row("RiskVerdict", _refused(*_GUARDING), "error", "error", _verdict, "guard_refused", once=_refused_once),
    Row("OrderDenied", _role(*_PROPOSING), "signal_refused", "info", _denied, once=_refused_once),
    Row("OrderRejected", _role(ids.STOP), "error", "error", _order, "stop_rejected"),
    Row("OrderRejected", _always, "order_rejected", "warning", _order),
    Row("PositionOpened", _always, "position_opened", "info", _position),
    Row("PositionClosed", _always, "position_closed", "info", _closed),
    Row("OrderUpdated", _role(ids.STOP), "stop_moved", "info", _moved),
    Row("TradingHalted", _by_rule, "critical", "critical", _fact("reason", "rule"), "halted_by_rule"),
    Row("TradingHalted", _not_from_here, "trading", "warning", _fact("reason", "author"), "halted"),
    Row("TradingReduceOnly", _not_from_here, "trading", "warning", _limited, "reduce_only"),
    Row("TradingResumed", _not_from_here, "trading", "info", _fact("reason", "author"), "resumed"),
    Row("StrategyPaused", _not_from_here, "trading", "info", _fact("strategy", "author", "reason"), "paused"),
    Row("StrategyResumed", _not_from_here, "trading", "info", _fact("strategy", "author"), "unpaused"),
    Row("EntriesSuspended", _always, "guard", "warning", _fact("author", "reason"), "suspended"),
    Row("EntriesAllowed", _always, "guard", "info", _fact("author", "reason"), "allowed"),
    Row("MarketGap", _always, "guard", "warning", _about_symbol("missing_bars"), "gap"),
    Row("Notice", _severe("critical"), "critical", "critical", _fact("component", "text")),
    Row("Notice", _severe("error"), "error", "error", _fact("component", "text")),
    Row("Notice", _severe("warning"), "warning", "warning", _fact("component", "text")),
    Row("Notice", _always, "notice", "info", _fact("component", "text")),
    Row("OperatorCommand", _not_from_here, "command", "info", _command),
    Row("SessionStopping", _always, "stopped", "info", _fact("reason")),
)
# fmt: on
"""Every way in which an entry becomes a notification."""

_ROWS_BY_TYPE: Final = {
    type_: tuple(row for row in TABLE if row.type == type_) for type_ in {row.type for row in TABLE}
}
TOLD_TYPES: Final = tuple(sorted(_ROWS_BY_TYPE))
"""Types of entries that may have to be told."""
