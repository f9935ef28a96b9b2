"""The routes of the control API: one literal table, from which the server and its document are made."""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

import msgspec

from nautilus_bot.core.control import (
    BotStatus,
    CommandRequest,
    ControlTarget,
    Health,
    OrderList,
    Outcome,
    PositionList,
    Profit,
    SignalList,
)
from nautilus_bot.core.errors import ConfigError
from nautilus_bot.core.snapshot import Snapshot

OPENAPI_PATH: Final = "/openapi.json"
SIGNALS_SHOWN: Final = 20
AUTHOR_LIMIT: Final = 64

type Query = Mapping[str, str]
type Answer = tuple[int, msgspec.Struct]
type Handler = Callable[[ControlTarget, Query, bytes], Answer]


class Route(NamedTuple):
    """
    One thing that may be asked.

    Parameters
    ----------
    method, path : str
        As in HTTP.
    handler : Handler
        Takes target, query and body; returns status code and answer.
    answer : type[msgspec.Struct]
        What is returned with status 200.
    summary : str
        One line for the document.
    parameters : tuple[tuple[str, str], ...]
        Names of whole-number query parameters, and what they mean.
    body : type[msgspec.Struct] | None
        What the request carries.
    """

    method: str
    path: str
    handler: Handler
    answer: type[msgspec.Struct]
    summary: str
    parameters: tuple[tuple[str, str], ...] = ()
    body: type[msgspec.Struct] | None = None


def get_status(target: ControlTarget, _query: Query, _body: bytes) -> Answer:
    """Answer with the bot in short."""
    return 200, target.status()


def get_health(target: ControlTarget, _query: Query, _body: bytes) -> Answer:
    """Answer 200 when all is well, 503 when not."""
    health = target.health()
    return (200 if health.ok else 503), health


def get_snapshot(target: ControlTarget, _query: Query, _body: bytes) -> Answer:
    """Answer with everything a reader may know."""
    return 200, target.snapshot()


def get_positions(target: ControlTarget, _query: Query, _body: bytes) -> Answer:
    """Answer with the open ledgers."""
    return 200, PositionList(positions=target.snapshot().positions)


def get_orders(target: ControlTarget, _query: Query, _body: bytes) -> Answer:
    """Answer with the open orders."""
    return 200, OrderList(orders=target.snapshot().orders)


def get_signals(target: ControlTarget, query: Query, _body: bytes) -> Answer:
    """Answer with the latest signals and what became of them."""
    last = query.get("last", str(SIGNALS_SHOWN))
    if not last.isascii() or not last.isdigit() or int(last) == 0:
        raise ConfigError(f"last must be a whole number above zero, was {last!r}")
    return 200, SignalList(signals=target.snapshot().signals[-int(last) :])


def get_profit(target: ControlTarget, _query: Query, _body: bytes) -> Answer:
    """Answer with profit in all and by strategy."""
    snapshot = target.snapshot()
    return 200, Profit(account=snapshot.account, trades=snapshot.trades)


def post_command(target: ControlTarget, _query: Query, body: bytes) -> Answer:
    """Carry out a command; 409 when it is refused."""
    try:
        request = msgspec.json.decode(body, type=CommandRequest)
    except msgspec.DecodeError as e:
        raise ConfigError(f"the body must be a command request: {e}") from e
    if not request.author or len(request.author) > AUTHOR_LIMIT or not request.author.isprintable():
        raise ConfigError(f"author must be 1 to {AUTHOR_LIMIT} printable characters, was {request.author!r}")
    outcome = target.obey(request.command, request.author)
    return (200 if outcome.done else 409), outcome


ROUTES: Final = (
    Route("GET", "/v1/status", get_status, BotStatus, "The bot in short."),
    Route("GET", "/v1/health", get_health, Health, "Whether it is well; 503 when it is not."),
    Route("GET", "/v1/snapshot", get_snapshot, Snapshot, "Everything a reader may know."),
    Route("GET", "/v1/positions", get_positions, PositionList, "Open positions by strategy, with stops."),
    Route("GET", "/v1/orders", get_orders, OrderList, "Orders that may still fill."),
    Route(
        "GET",
        "/v1/signals",
        get_signals,
        SignalList,
        "The latest signals and what became of them.",
        (("last", f"How many; {SIGNALS_SHOWN} by default."),),
    ),
    Route("GET", "/v1/profit", get_profit, Profit, "Profit in all and by strategy and symbol."),
    Route(
        "POST",
        "/v1/commands",
        post_command,
        Outcome,
        "Carry out a command; 409 when it is refused.",
        body=CommandRequest,
    ),
)
