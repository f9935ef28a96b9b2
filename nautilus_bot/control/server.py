"""
The control server: a small HTTP API on loopback, inside the bot, for those who have its token.

It runs in the trading loop, so every handler returns at once. Requests are limited in rate, so that a reader
in a hurry cannot slow trading; readers, commands and strangers are counted apart, so that neither of the
others can keep a halt from coming through.
"""

import asyncio
import hmac
import logging
import socket
import time
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec
from aiohttp import web

from nautilus_bot.control.openapi import build_openapi
from nautilus_bot.control.rate_limit import TokenBucket
from nautilus_bot.control.routes import OPENAPI_PATH, ROUTES, Route
from nautilus_bot.core.control import ControlTarget, Refusal
from nautilus_bot.core.errors import BotError, ProcessError

LOG: Final = logging.getLogger("nautilus_bot.control")
LOOPBACK: Final = "127.0.0.1"
PER_SEC: Final = 20.0
BURST: Final = 40
BODY_LIMIT: Final = 16_384
SHUTDOWN_SECS: Final = 1.0

type Handle = Callable[[web.Request], Awaitable[web.StreamResponse]]


def open_control_socket(port: int) -> socket.socket:
    """
    Bind the control port, so that a port in use is known before anything else starts.

    Parameters
    ----------
    port : int
        0 takes a free one.

    Raises
    ------
    ProcessError
        If it is in use.
    """
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
    else:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((LOOPBACK, port))
        bound.listen()
    except OSError as e:
        bound.close()
        raise ProcessError(
            f"the control port {port} must be free, but: {e.strerror}; choose another with --control-port "
            "(0 takes a free one)"
        ) from e
    return bound


class ControlServer:
    """
    Serve one bot.

    Parameters
    ----------
    target : ControlTarget
        Who is asked.
    token : str
        What a client must show.
    bound : socket.socket
        From ``open_control_socket``; closed with the server.
    per_sec : float, default 20
        Requests a second of each kind; more are refused with 429.

    Attributes
    ----------
    url : str
        Where it listens.
    """

    def __init__(
        self, target: ControlTarget, token: str, bound: socket.socket, *, per_sec: float = PER_SEC
    ) -> None:
        self._target = target
        self._token = token.encode()
        self._socket = bound
        burst = max(1, int(BURST * per_sec / PER_SEC))
        self._reads = TokenBucket(per_sec, burst, time.monotonic)
        self._commands = TokenBucket(per_sec, burst, time.monotonic)
        self._strangers = TokenBucket(per_sec, burst, time.monotonic)
        self._document = msgspec.json.encode(build_openapi())
        self._runner: web.AppRunner | None = None
        self.url = f"http://{LOOPBACK}:{bound.getsockname()[1]}"

    async def start(self) -> None:
        """Begin to serve."""
        app = web.Application(middlewares=[self._guard], client_max_size=BODY_LIMIT)
        app.router.add_get(OPENAPI_PATH, self._serve_document)
        for route in ROUTES:
            app.router.add_route(route.method, route.path, self._build_handler(route))
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_SECS)
        await self._runner.setup()
        await web.SockSite(self._runner, self._socket).start()

    async def stop(self) -> None:
        """Finish what is being answered and close the port."""
        if self._runner is not None:
            await self._runner.cleanup()
        self._socket.close()

    async def serve(self) -> None:
        """Serve until cancelled."""
        await self.start()
        try:
            await asyncio.Event().wait()
        finally:
            await self.stop()

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handle) -> web.StreamResponse:
        known = self._is_authorized(request)
        bucket = self._commands if request.method == "POST" else self._reads
        wait_secs = (bucket if known else self._strangers).take()
        if wait_secs:
            return _refuse(429, "too many requests", {"Retry-After": str(int(wait_secs) + 1)})
        if not known and request.path != OPENAPI_PATH:
            return _refuse(401, "a bearer token is needed", {"WWW-Authenticate": "Bearer"})
        try:
            return await handler(request)
        except web.HTTPException as e:
            return _refuse(e.status, e.reason)
        except BotError as e:
            return _refuse(400, str(e))
        except Exception as e:
            LOG.exception("%s %s failed", request.method, request.path)
            return _refuse(500, f"the bot could not do it: {e!r}")

    def _is_authorized(self, request: web.Request) -> bool:
        scheme, _, shown = request.headers.get("Authorization", "").partition(" ")
        return scheme == "Bearer" and hmac.compare_digest(shown.encode(), self._token)

    def _build_handler(self, route: Route) -> Handle:
        async def handle(request: web.Request) -> web.Response:
            status, answer = route.handler(self._target, request.query, await request.read())
            return _respond(status, answer)

        return handle

    async def _serve_document(self, _request: web.Request) -> web.Response:
        return web.Response(body=self._document, content_type="application/json")


def _respond(status: int, answer: msgspec.Struct, headers: dict[str, str] | None = None) -> web.Response:
    body = msgspec.json.encode(answer)
    return web.Response(status=status, body=body, content_type="application/json", headers=headers)


def _refuse(status: int, error: str, headers: dict[str, str] | None = None) -> web.Response:
    return _respond(status, Refusal(error), headers)
