"""One WebSocket connection: its login, its topics, and writing to it without waiting."""

import asyncio
import contextlib
import uuid
from collections.abc import Callable
from typing import Any

import msgspec
from aiohttp import WSMsgType, web

from adapters.bybit_simulator.fault_board import FaultBoard
from adapters.bybit_simulator.faults import SocketChannel
from adapters.bybit_simulator.outbox import Outbox

type Message = dict[str, Any]
type OnMessage = Callable[["Session", Message], None]

# A peer that leaves this much unread is cut off, as a real exchange does, so that it cannot slow the others.
MAX_UNREAD_BYTES = 16 * 1024 * 1024

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


class Session:
    """
    A connected client.

    Parameters
    ----------
    channel : SocketChannel
        ``public``, ``private`` or ``trade``.
    socket : web.WebSocketResponse
        Prepared.
    transport : asyncio.Transport
        The TCP connection beneath; asyncio sets TCP_NODELAY on it.
    board : FaultBoard
        The active faults.
    """

    def __init__(
        self,
        channel: SocketChannel,
        socket: web.WebSocketResponse,
        transport: asyncio.Transport,
        board: FaultBoard,
    ) -> None:
        self.channel = channel
        self.conn_id = uuid.uuid4().hex[:20]
        self.topics: set[str] = set()
        self.is_authenticated = False
        self.is_silent = False
        self._socket = socket
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._unfinished: set[asyncio.Task[None]] = set()
        self._outbox = Outbox(channel, board, self._write)

    def reply(self, message: Message) -> None:
        """Send the answer to an operation."""
        self._outbox.put(_encode(message))

    def push(self, frame: bytes) -> None:
        """Send an encoded topic message, shared by all its subscribers."""
        self._outbox.put(frame, is_message=True)

    def abort(self) -> None:
        """Cut the TCP connection without a closing handshake."""
        self._outbox.close()
        self._transport.abort()

    async def close(self) -> None:
        """Close with a handshake."""
        self._outbox.close()
        await self._socket.close()

    async def serve(self, on_message: OnMessage) -> None:
        """
        Read until the peer goes.

        Parameters
        ----------
        on_message : Callable[[Session, Message], None]
            Handles one decoded JSON object; it answers within the same turn of the event loop.
        """
        async for raw in self._socket:
            if self.is_silent:
                continue
            if raw.type is WSMsgType.PING:
                await self._socket.pong(raw.data)
            elif raw.type is WSMsgType.TEXT:
                self._receive(raw.data, on_message)
        self._outbox.close()

    def _receive(self, text: str, on_message: OnMessage) -> None:
        try:
            message = _decode(text)
        except msgspec.DecodeError:
            message = None
        if isinstance(message, dict):
            on_message(self, message)
        else:
            self.reply({"success": False, "ret_msg": "Invalid JSON", "conn_id": self.conn_id, "op": ""})

    def _write(self, frame: bytes) -> None:
        if self.is_silent or self._socket.closed:
            return
        if self._transport.get_write_buffer_size() > MAX_UNREAD_BYTES:
            self.abort()
            return
        # An eager task runs now, up to the point where the kernel's buffer is full: the usual frame has left
        # when this returns, and a slow reader waits alone.
        task = asyncio.Task(self._send(frame), loop=self._loop, eager_start=True)
        if not task.done():
            self._unfinished.add(task)
            task.add_done_callback(self._unfinished.discard)

    async def _send(self, frame: bytes) -> None:
        with contextlib.suppress(ConnectionError):
            await self._socket.send_frame(frame, WSMsgType.TEXT)


class Sessions:
    """All connected clients, so that a fault can find them."""

    def __init__(self) -> None:
        self._all: set[Session] = set()

    def add(self, session: Session) -> None:
        """Register a client that connected."""
        self._all.add(session)

    def remove(self, session: Session) -> None:
        """Forget a client that went."""
        self._all.discard(session)

    def on(self, *channels: SocketChannel) -> list[Session]:
        """Return the clients of the channels."""
        return [session for session in self._all if session.channel in channels]

    def abort_silent(self) -> None:
        """Reset the half-open sockets, as a network does in the end."""
        for session in [s for s in self._all if s.is_silent]:
            session.abort()
