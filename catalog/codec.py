"""
Messages to payloads and back: msgpack with a named, versioned schema per message type.

Nautilus's events, commands and instruments travel as their own ``to_dict``; our messages as the structs they
are; market data as positional lists of decimal strings. When a schema changes, its version in ``VERSIONS``
goes up by one and an upcaster in ``catalog.upcasters`` lifts the old dictionaries, so that every journal ever
written stays readable.
"""

from collections.abc import Callable
from typing import Any, Final

import msgspec
from nautilus_trader.common.messages import ComponentStateChanged, TradingStateChanged
from nautilus_trader.model import events
from nautilus_trader.model import instruments as nautilus_instruments

from catalog import commands, market_data
from catalog.upcasters import UPCASTERS, Upcasters, upcast
from nautilus_bot.core import messages, session_state
from nautilus_bot.core.errors import CorruptEntry, EventCatalogError, did_you_mean

EVENTS: Final = (
    events.AccountState,
    events.OrderInitialized,
    events.OrderDenied,
    events.OrderEmulated,
    events.OrderReleased,
    events.OrderSubmitted,
    events.OrderAccepted,
    events.OrderRejected,
    events.OrderCanceled,
    events.OrderExpired,
    events.OrderTriggered,
    events.OrderPendingUpdate,
    events.OrderPendingCancel,
    events.OrderModifyRejected,
    events.OrderCancelRejected,
    events.OrderUpdated,
    events.OrderFilled,
    events.PositionOpened,
    events.PositionChanged,
    events.PositionClosed,
    events.PositionAdjusted,
    ComponentStateChanged,
    TradingStateChanged,
)
INSTRUMENTS: Final = (
    nautilus_instruments.CryptoPerpetual,
    nautilus_instruments.CryptoFuture,
    nautilus_instruments.CurrencyPair,
)
FACTS: Final = tuple(
    value
    for value in {**vars(messages), **vars(session_state)}.values()
    if isinstance(value, type) and issubclass(value, messages.Message) and value is not messages.Message
)

VERSIONS: Final[dict[str, int]] = {}
"""Schema versions above 1, by message type."""

_pack: Final = msgspec.msgpack.Encoder(enc_hook=str).encode
_unpack: Final = msgspec.msgpack.Decoder().decode

type _Encode = Callable[[Any], Any]
type _Decode = Callable[[Any], Any]


def encode(message: object) -> tuple[str, int, bytes]:
    """
    Return a message as type name, schema version and msgpack payload.

    Raises
    ------
    EventCatalogError
        If the message's type has no schema here.
    """
    found = _ENCODERS.get(type(message))
    if found is None:
        name = type(message).__name__
        raise EventCatalogError(
            f"a recorded message must have a schema in catalog/codec.py, {name} has none; "
            f"{did_you_mean(name, _DECODERS)}"
        )
    name, version, to_plain = found
    return name, version, _pack(message if to_plain is None else to_plain(message))


def decode(
    type: str,  # noqa: A002  the entry's own word
    version: int,
    payload: bytes,
    *,
    upcasters: Upcasters = UPCASTERS,
    versions: dict[str, int] = VERSIONS,
) -> Any:
    """
    Return the message that a payload holds, lifted to the current schema.

    Parameters
    ----------
    type : str
        Name of the message type.
    version : int
        Schema version it was written with.
    payload : bytes
        The msgpack.
    upcasters : Upcasters
        Steps between schema versions.
    versions : dict[str, int]
        Current versions above 1.

    Raises
    ------
    EventCatalogError
        If the type is unknown, or its version is newer than this program.
    CorruptEntry
        If the payload is no message of that type.
    """
    plain = decode_plain(type, version, payload, upcasters=upcasters, versions=versions)
    from_plain = _DECODERS.get(type)
    if from_plain is None:
        raise EventCatalogError(f"type {type!r} is not known here; {did_you_mean(type, _DECODERS)}")
    try:
        return from_plain(plain)
    except (KeyError, TypeError, ValueError) as e:
        raise CorruptEntry(f"a payload must match its schema, {type} version {version} does not: {e}") from e


def decode_plain(
    type: str,  # noqa: A002  the entry's own word
    version: int,
    payload: bytes,
    *,
    upcasters: Upcasters = UPCASTERS,
    versions: dict[str, int] = VERSIONS,
) -> Any:
    """
    Return a payload as plain dictionaries, lists, strings and numbers, lifted to the current schema.

    This is what queries read: no Nautilus object is built. Parameters and errors as in ``decode``.
    """
    try:
        plain = _unpack(payload)
    except msgspec.DecodeError as e:
        raise CorruptEntry(f"a payload must be msgpack, that of a {type} is not: {e}") from e
    current = versions.get(type, 1)
    return plain if version == current else upcast(type, version, current, plain, upcasters)


def _build_encoders() -> dict[type, tuple[str, int, _Encode | None]]:
    table: dict[type, tuple[str, int, _Encode | None]] = {}
    for cls in (*EVENTS, *INSTRUMENTS):
        table[cls] = (cls.__name__, VERSIONS.get(cls.__name__, 1), cls.to_dict)
    for fact in FACTS:
        table[fact] = (fact.__name__, VERSIONS.get(fact.__name__, 1), None)
    for schema in (*commands.SCHEMAS, *market_data.SCHEMAS):
        name = schema.type.__name__
        table[schema.type] = (name, VERSIONS.get(name, 1), schema.to_plain)
    return table


def _build_decoders() -> dict[str, _Decode]:
    table: dict[str, _Decode] = {cls.__name__: cls.from_dict for cls in (*EVENTS, *INSTRUMENTS)}
    for fact in FACTS:
        table[fact.__name__] = _fact_decoder(fact)
    for schema in (*commands.SCHEMAS, *market_data.SCHEMAS):
        table[schema.type.__name__] = schema.from_plain
    return table


def _fact_decoder(fact: type) -> _Decode:
    return lambda plain: msgspec.convert(plain, fact)


_ENCODERS: Final = _build_encoders()
_DECODERS: Final = _build_decoders()
