"""A WebSocket of Nautilus's client that can be replaced while the node runs."""

import time
from collections.abc import Callable
from functools import partial
from typing import Any, Final

SETUP: Final = ("cache_instrument", "set_account_id", "set_mm_level", "set_bars_timestamp_on_close")
SUBSCRIBE: Final = "subscribe_"
UNSUBSCRIBE: Final = "unsubscribe_"
CONNECT_TIMEOUT_SECS: Final = 10.0


class ReplaceableStream:
    """
    Stand in for a ``BybitWebSocketClient`` and remember what it takes to make another one like it.

    Nautilus's client has no idle timeout: a peer that keeps its socket open and says nothing is never
    noticed. A client that was closed does not deliver after another ``connect``: a dead one is replaced.

    Parameters
    ----------
    build : Callable[[], BybitWebSocketClient]
        Makes a client that is not connected.
    """

    def __init__(self, build: Callable[[], Any]) -> None:
        self._build = build
        self._client = build()
        self._setup: dict[tuple[str, Any], Any] = {}
        self._subscriptions: dict[tuple[str, tuple[Any, ...]], None] = {}
        self._connection: tuple[Any, Callable[[Any], None]] | None = None
        self.last_message_at = 0.0
        """When something arrived, or the stream was connected; seconds of the monotonic clock."""

    @property
    def is_connected(self) -> bool:
        """Whether it was connected and not closed since."""
        return self._connection is not None

    @property
    def has_subscriptions(self) -> bool:
        """Whether anything should arrive."""
        return bool(self._subscriptions)

    @property
    def bar_types(self) -> list[str]:
        """Names of the bar types that are subscribed."""
        return [str(arguments[0]) for name, arguments in self._subscriptions if name == "subscribe_bars"]

    async def connect(self, loop_: Any, callback: Callable[[Any], None]) -> None:
        """Connect; every message is stamped and handed to the callback."""
        self._connection = (loop_, callback)
        await self._connect(self._client)

    async def close(self) -> None:
        """Close it for good."""
        self._connection = None
        await self._client.close()

    async def replace(self) -> None:
        """
        Close the client and connect another one with the same instruments, login and subscriptions.

        Raises
        ------
        RuntimeError
            If the venue cannot be reached; the stream stays without a connection and may be replaced again.
        """
        old, self._client = self._client, self._build()
        await old.close()
        for (name, _), argument in self._setup.items():
            getattr(self._client, name)(argument)
        await self._connect(self._client)
        await self._client.wait_until_active(timeout_secs=CONNECT_TIMEOUT_SECS)
        for name, arguments in tuple(self._subscriptions):
            await getattr(self._client, name)(*arguments)

    def __getattr__(self, name: str) -> Any:
        if name in SETUP:
            return partial(self._set_up, name)
        if name.startswith((SUBSCRIBE, UNSUBSCRIBE)):
            return partial(self._subscribe, name)
        return getattr(self._client, name)

    def _set_up(self, name: str, argument: Any) -> None:
        self._setup[name, getattr(argument, "id", None)] = argument
        getattr(self._client, name)(argument)

    async def _subscribe(self, name: str, *arguments: Any) -> None:
        if name.startswith(UNSUBSCRIBE):
            self._subscriptions.pop((SUBSCRIBE + name.removeprefix(UNSUBSCRIBE), arguments), None)
        else:
            self._subscriptions[name, arguments] = None
        await getattr(self._client, name)(*arguments)

    async def _connect(self, client: Any) -> None:
        assert self._connection is not None, "a stream is connected before it is replaced"
        loop, callback = self._connection
        self.last_message_at = time.monotonic()

        def on_message(message: Any) -> None:
            if client is self._client:  # what a replaced client still had on its way is fetched over REST
                self.last_message_at = time.monotonic()
                callback(message)

        await client.connect(loop_=loop, callback=on_message)
