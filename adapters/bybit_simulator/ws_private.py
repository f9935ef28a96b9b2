"""``/v5/private``: what happens to the account's orders, fills, positions and money."""

import uuid
from collections.abc import Iterable
from itertools import groupby
from typing import Any, Final

from adapters.bybit_simulator.auth import Authenticator
from adapters.bybit_simulator.events import (
    ExchangeEvent,
    Executed,
    OrderChanged,
    PositionChanged,
    WalletChanged,
)
from adapters.bybit_simulator.refusals import Refused
from adapters.bybit_simulator.session import Message, Session
from adapters.bybit_simulator.topics import Topics, topic_names
from adapters.bybit_simulator.wall_clock import WallClock
from adapters.bybit_simulator.wire import (
    CATEGORY,
    execution_message,
    order_message,
    position_message,
    wallet_row,
)

TOPICS: Final = ("order", "execution", "position", "wallet")
BY_CATEGORY: Final = ("order", "execution", "position")


class PrivateStream:
    """
    Push the account's events to those who logged in.

    Parameters
    ----------
    authenticator : Authenticator
        Checks logins.
    clock : WallClock
        The server's clock.
    """

    def __init__(self, authenticator: Authenticator, clock: WallClock) -> None:
        self.topics = Topics()
        self._authenticator = authenticator
        self._clock = clock

    def publish(self, events: Iterable[ExchangeEvent]) -> None:
        """Push events in their order; neighbours of one topic share a frame."""
        for topic, group in groupby(map(_rendered, events), key=lambda pair: pair[0]):
            data = [message for _, message in group]
            if topic == "wallet":
                data = data[-1:]
            self._push(topic, data)

    def on_message(self, session: Session, message: Message) -> None:
        """Answer one operation of a client."""
        match message.get("op"):
            case "ping":
                session.reply(self._pong(session, message))
            case "auth":
                self._log_in(session, message)
            case "subscribe" | "unsubscribe" as operation:
                self._change_topics(session, message, operation)
            case operation:
                session.reply(_answer(session, message, f"error:invalid op:{operation}", success=False))

    def forget(self, session: Session) -> None:
        """Drop the subscriptions of a socket that went."""
        self.topics.forget(session)

    def _push(self, topic: str, data: list[dict[str, Any]]) -> None:
        names = (topic, f"{topic}.{CATEGORY}") if topic in BY_CATEGORY else (topic,)
        for name in names:
            if name in self.topics:
                frame_id = uuid.uuid4().hex
                self.topics.publish(
                    name, {"id": frame_id, "topic": name, "creationTime": self._clock(), "data": data}
                )

    def _pong(self, session: Session, message: Message) -> Message:
        return {
            "req_id": message.get("req_id", ""),
            "op": "pong",
            "args": [str(self._clock())],
            "conn_id": session.conn_id,
        }

    def _log_in(self, session: Session, message: Message) -> None:
        try:
            self._authenticator.check_login(message.get("args"), self._clock())
        except Refused as refused:
            session.reply(_answer(session, message, refused.message, success=False))
            return
        session.is_authenticated = True
        session.reply(_answer(session, message, "", success=True))

    def _change_topics(self, session: Session, message: Message, operation: str) -> None:
        names = topic_names(message)
        problem = _problem(session, names)
        session.reply(_answer(session, message, problem, success=not problem))
        if problem:
            return
        for topic in names:
            if operation == "subscribe":
                self.topics.subscribe(topic, session)
            else:
                self.topics.unsubscribe(topic, session)


def _problem(session: Session, names: list[str]) -> str:
    if not session.is_authenticated:
        return "Request not authorized"
    known = (*TOPICS, *(f"{topic}.{CATEGORY}" for topic in BY_CATEGORY))
    unknown = [name for name in names if name not in known]
    return f"error:handler not found,topic:{','.join(unknown)}" if unknown or not names else ""


def _rendered(event: ExchangeEvent) -> tuple[str, dict[str, Any]]:
    match event:
        case OrderChanged(order=order):
            return "order", order_message(order)
        case Executed(execution=execution):
            return "execution", execution_message(execution)
        case PositionChanged(position=position):
            return "position", position_message(position)
        case WalletChanged(wallet=wallet):
            return "wallet", wallet_row(wallet)


def _answer(session: Session, message: Message, ret_msg: str, *, success: bool) -> Message:
    answer = {"success": success, "ret_msg": ret_msg, "op": message.get("op"), "conn_id": session.conn_id}
    return answer | {"req_id": message["req_id"]} if "req_id" in message else answer
