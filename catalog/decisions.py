"""
What a run decided, without what may differ between two honest runs: clocks, UUIDs, the session's token.

Two runs of one configuration on one market must give the same digest; ``decisions`` lists the records that
it is made of, so that a difference can be shown.
"""

from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import msgspec

from catalog.codec import decode_plain
from catalog.manifest import load_manifest
from catalog.reader import EntryFilter, entries, journal_path

_SIGNAL: Final = ("strategy_id", "instrument_id", "side", "confidence", "price", "stop", "target", "closes")
_ORDER: Final = ("order_side", "order_type", "quantity", "time_in_force", "reduce_only", "options", "tags")
_FILL: Final = ("order_side", "order_type", "last_qty", "last_px", "commission", "liquidity_side")
_VERDICT: Final = ("approved", "role", "rule", "checks")

type Decision = tuple[Any, ...]
"""Type, market time in ns, ids without the session's token, decided values."""


def decisions(path: Path) -> Iterator[Decision]:
    """
    Yield a run's signals, verdicts, order commands and fills in their order.

    Parameters
    ----------
    path : Path
        The run's folder or its journal.

    Raises
    ------
    NotFound, CorruptEntry
        If the run cannot be read.
    """
    session = load_manifest(journal_path(path).parent).session
    for entry in entries(path, where=EntryFilter(types=tuple(_VALUES))):
        plain = decode_plain(entry.type, entry.version, entry.payload)
        # ids occur inside values as well (tags, linked orders): the token goes from all of them at once
        yield _without(session, (entry.type, entry.ts_market, *_VALUES[entry.type](plain)))


def decisions_digest(path: Path) -> str:
    """Return the SHA-256 over a run's ``decisions`` in hexadecimal; parameters and errors as there."""
    digest = sha256()
    encode = msgspec.msgpack.Encoder(order="deterministic").encode
    for decision in decisions(path):
        digest.update(encode(decision))
    return digest.hexdigest()


def _without(session: str, value: Any) -> Any:
    prefix = f"{session}-"
    if isinstance(value, str):
        return value.removeprefix(prefix) if session else value
    if isinstance(value, (list, tuple)):
        return tuple(_without(session, item) for item in value)
    if isinstance(value, dict):
        return {key: _without(session, item) for key, item in value.items()}
    return value


def _pick(plain: dict[str, Any], names: tuple[str, ...]) -> Decision:
    return tuple(plain.get(name) for name in names)


def _fields(*names: str) -> Callable[[dict[str, Any]], Decision]:
    return lambda plain: _pick(plain, names)


def _submitted(plain: dict[str, Any]) -> Decision:
    return (plain["strategy_id"], *_order(plain["order"]))


def _submitted_list(plain: dict[str, Any]) -> Decision:
    return (plain["strategy_id"], *(_order(order) for order in plain["orders"]))


def _order(plain: dict[str, Any]) -> Decision:
    tags = [tag for tag in plain.get("tags") or () if isinstance(tag, str)]
    return _pick({**plain, "tags": tags}, ("instrument_id", "client_order_id", *_ORDER))


def _cancelled_batch(plain: dict[str, Any]) -> Decision:
    return (plain["instrument_id"], *(cancel["client_order_id"] for cancel in plain["cancels"]))


_VALUES: Final[dict[str, Callable[[dict[str, Any]], Decision]]] = {
    "Signal": _fields("signal_id", *_SIGNAL),
    "RiskVerdict": _fields("client_order_id", "signal_id", *_VERDICT),
    "SubmitOrder": _submitted,
    "SubmitOrderList": _submitted_list,
    "ModifyOrder": _fields("client_order_id", "quantity", "price", "trigger_price"),
    "CancelOrder": _fields("client_order_id"),
    "CancelAllOrders": _fields("strategy_id", "instrument_id", "order_side"),
    "BatchCancelOrders": _cancelled_batch,
    "OrderFilled": _fields("client_order_id", "instrument_id", *_FILL),
}
