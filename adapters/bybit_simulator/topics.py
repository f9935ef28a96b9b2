"""Which sockets listen to which topic; a frame is encoded once, whoever listens."""

from typing import Any, Final

import msgspec

from adapters.bybit_simulator.session import Message, Session

_encode: Final = msgspec.json.Encoder().encode


class Topics:
    """Subscriptions by topic name."""

    def __init__(self) -> None:
        self._listeners: dict[str, set[Session]] = {}

    def __contains__(self, topic: str) -> bool:
        return bool(self._listeners.get(topic))

    def subscribe(self, topic: str, session: Session) -> None:
        """Add a listener."""
        self._listeners.setdefault(topic, set()).add(session)
        session.topics.add(topic)

    def unsubscribe(self, topic: str, session: Session) -> None:
        """Remove a listener."""
        self._listeners.get(topic, set()).discard(session)
        session.topics.discard(topic)

    def forget(self, session: Session) -> None:
        """Remove a socket that went from every topic."""
        for topic in list(session.topics):
            self.unsubscribe(topic, session)

    def publish(self, topic: str, message: dict[str, Any]) -> None:
        """Send one message to all listeners of a topic, in this turn of the event loop."""
        listeners = self._listeners.get(topic)
        if listeners:
            frame = _encode(message)
            for session in tuple(listeners):
                session.push(frame)


def topic_names(message: Message) -> list[str]:
    """Return the topics that a subscription names; none when ``args`` is not a list."""
    args = message.get("args")
    return [str(topic) for topic in args] if isinstance(args, list) else []
