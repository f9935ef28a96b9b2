"""A local server that speaks Telegram's Bot API over HTTP, with its faults on demand."""

import asyncio
import itertools
import json
import socket
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from aiohttp import web

from nautilus_bot.process.loopback import take_port

TOKEN = "123456789:AAtest-token_that-is-long-enough-to-be-one"
BOT = {"id": 123456789, "is_bot": True, "first_name": "test", "username": "test_bot"}
CHAT, USER = -1001, 42


class BotApiServer:
    """
    Answer as Telegram does.

    ``faults`` is worked off first, one a ``sendMessage``; ``sent`` are the messages taken, in order.
    """

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.edited: list[dict[str, Any]] = []
        self.answered: list[dict[str, Any]] = []
        self.commands: list[dict[str, Any]] = []
        self.calls: list[str] = []
        self.faults: deque[Callable[[web.Request], Any]] = deque()
        self.asked = 0
        self._numbers = itertools.count(1)
        self._updates: list[dict[str, Any]] = []
        self._news = asyncio.Event()
        self._runner: web.AppRunner | None = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def texts(self) -> list[str]:
        return [message["text"] for message in self.sent]

    async def start(self) -> None:
        """Listen; again on the same port after ``stop``."""
        app = web.Application()
        app.router.add_route("*", "/bot{token}/{method}", self._serve)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        bound = socket.socket()
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # one that nobody else gets while this server is down
        self.port = self.port or take_port(0)
        bound.bind(("127.0.0.1", self.port))
        await web.SockSite(self._runner, bound).start()

    async def stop(self) -> None:
        """Be down: connections are refused."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    # -- what a person does -------------------------------------------------------------------------

    def write(self, text: str, *, user: int = USER, chat: int = CHAT, age_secs: int = 0) -> None:
        """Let a person write into a chat."""
        message = {
            "message_id": next(self._numbers),
            "date": _now() - age_secs,
            "chat": {"id": chat, "type": "group" if chat < 0 else "private", "title": "t"},
            "from": {"id": user, "is_bot": False, "first_name": "u"},
            "text": text,
        }
        self._push({"message": message})

    def press(self, data: str, *, user: int = USER, chat: int = CHAT, message_id: int = 1) -> None:
        """Let a person press a button."""
        message = {
            "message_id": message_id,
            "date": _now(),
            "chat": {"id": chat, "type": "group", "title": "t"},
            "text": "?",
        }
        sender = {"id": user, "is_bot": False, "first_name": "u"}
        query = {"id": str(next(self._numbers)), "from": sender, "chat_instance": "1", "data": data}
        self._push({"callback_query": query | {"message": message}})

    def _push(self, update: dict[str, Any]) -> None:
        self._updates.append({"update_id": next(self._numbers), **update})
        self._news.set()

    # -- what the library asks ----------------------------------------------------------------------

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        self.calls.append(method)
        if request.match_info["token"] != TOKEN:
            return _failure(401, "Unauthorized")
        fields = dict(await request.post())
        answer = getattr(self, f"_on_{method.lower()}", None)
        if answer is None:
            return _failure(404, "Not Found")
        result = answer(request, fields)
        if asyncio.iscoroutine(result):
            result = await result
        if isinstance(result, web.StreamResponse):
            return result
        return web.json_response({"ok": True, "result": result})

    def _on_getme(self, _request: web.Request, _fields: dict[str, Any]) -> Any:
        return BOT

    def _on_deletewebhook(self, _request: web.Request, _fields: dict[str, Any]) -> Any:
        return True

    def _on_setmycommands(self, _request: web.Request, fields: dict[str, Any]) -> Any:
        self.commands = json.loads(fields["commands"])
        return True

    async def _on_getupdates(self, _request: web.Request, fields: dict[str, Any]) -> Any:
        offset = int(fields.get("offset") or 0)
        self._updates = [one for one in self._updates if one["update_id"] >= offset]
        if not self._updates and int(fields.get("timeout") or 0):
            self._news.clear()
            self.asked += 1
            try:
                await asyncio.wait_for(self._news.wait(), float(fields["timeout"]))
            except TimeoutError:
                return []
        return self._updates

    async def _on_sendmessage(self, request: web.Request, fields: dict[str, Any]) -> Any:
        if self.faults:
            fault = self.faults.popleft()(request)
            if asyncio.iscoroutine(fault):
                fault = await fault
            if fault is not None:
                return fault
        if fields["chat_id"] != str(CHAT):
            return _failure(400, "Bad Request: chat not found")
        self.sent.append(fields)
        return self._message(fields["text"])

    def _on_editmessagetext(self, _request: web.Request, fields: dict[str, Any]) -> Any:
        self.edited.append(fields)
        return self._message(fields["text"])

    def _on_answercallbackquery(self, _request: web.Request, fields: dict[str, Any]) -> Any:
        self.answered.append(fields)
        return True

    def _message(self, text: str) -> dict[str, Any]:
        number = next(self._numbers)
        return {"message_id": number, "date": _now(), "chat": {"id": CHAT, "type": "group"}, "text": text}


def _now() -> int:
    return int(time.time())


def _failure(code: int, description: str, **parameters: Any) -> web.Response:
    body: dict[str, Any] = {"ok": False, "error_code": code, "description": description}
    if parameters:
        body["parameters"] = parameters
    return web.json_response(body, status=code)


def too_many(secs: int) -> Callable[[web.Request], Any]:
    """Refuse with 429."""
    return lambda _request: _failure(429, f"Too Many Requests: retry after {secs}", retry_after=secs)


def bad_gateway(_request: web.Request) -> Any:
    """Answer as a proxy without its server does."""
    return web.Response(status=502, text="<html>502 Bad Gateway</html>", content_type="text/html")


def hang_up(request: web.Request) -> Any:
    """Close the connection without an answer, and without having taken the message."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()
