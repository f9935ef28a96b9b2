"""The simulated Bybit: one loopback port with REST, WebSockets, the market's pace and ``/control``."""

import asyncio
import contextlib
import secrets
from collections.abc import Callable, Coroutine, Iterable, Mapping
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from adapters.bybit_simulator.config import HOST, BybitSimulatorConfig
from adapters.bybit_simulator.faults import SOCKETS, SocketChannel, load_scenario
from adapters.bybit_simulator.instruments import listed_instruments
from adapters.bybit_simulator.klines import Kline
from adapters.bybit_simulator.market_board import MarketBoard
from adapters.bybit_simulator.prices import MarketTick
from adapters.bybit_simulator.rest import RestApi
from adapters.bybit_simulator.routes_control import ControlApi
from adapters.bybit_simulator.session import OnMessage, Session
from adapters.bybit_simulator.venue import Venue
from adapters.bybit_simulator.ws_trade import TradeStream
from nautilus_bot.core.errors import VenueError

type Sink = Callable[[MarketTick], None]
type Drive = Callable[[Sink], Coroutine[Any, Any, None]]


class BybitSimulator:
    """
    A local Bybit V5 exchange for linear USDT perpetuals in one-way mode.

    Parameters
    ----------
    config : BybitSimulatorConfig
        What it lists, how fast its market runs, which credentials it takes.
    history : Mapping[str, Iterable[Kline]], optional
        Minute bars by symbol from before the start.
    drive : Drive, optional
        Moves the market by calling its argument with each tick; without it the caller publishes ticks itself.
        ``launch.open_simulator`` chooses history and drive from the configuration.

    Examples
    --------
    >>> async with BybitSimulator(BybitSimulatorConfig(prices="none")) as simulator:
    ...     simulator.publish(tick)
    """

    def __init__(
        self,
        config: BybitSimulatorConfig,
        *,
        history: Mapping[str, Iterable[Kline]] | None = None,
        drive: Drive | None = None,
    ) -> None:
        self.config = config
        self.control_token = config.control_token or secrets.token_urlsafe(24)
        self.port = config.port
        instruments = listed_instruments(config.symbols)
        board = MarketBoard(instruments, history)
        self.venue = Venue(config, instruments, board, self.control_token)
        self._drive = drive
        self._runner: web.AppRunner | None = None
        self._feeding: asyncio.Task[None] | None = None

    @property
    def http_url(self) -> str:
        """Base address of REST, without a trailing slash."""
        return f"http://{HOST}:{self.port}"

    @property
    def ws_url(self) -> str:
        """Base address of the WebSockets, without a trailing slash."""
        return f"ws://{HOST}:{self.port}"

    async def start(self) -> None:
        """
        Listen, play the scenario and let the market run.

        Raises
        ------
        VenueError
            If the port is in use.
        """
        self.venue.open_state()
        self._runner = web.AppRunner(self._build_app(), access_log=None, handle_signals=False)
        await self._runner.setup()
        site = web.TCPSite(self._runner, HOST, self.port)
        try:
            await site.start()
        except OSError as e:
            await self.stop()
            raise VenueError(f"the simulator's port {self.port} must be free on {HOST}: {e.strerror}") from e
        self.port = self._runner.addresses[0][1]
        if self.config.scenario is not None:
            self.venue.faults.play(load_scenario(self.config.scenario))
        if self._drive is not None:
            self._feeding = asyncio.create_task(self._drive(self.publish), name="simulator-market")

    async def stop(self) -> None:
        """Stop the market, close every socket and free the port."""
        self.venue.faults.clear()
        if self._feeding is not None:
            self._feeding.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._feeding
            self._feeding = None
        for session in self.venue.sessions.on(*SOCKETS):
            session.abort()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        self.venue.close_state()

    async def wait(self) -> None:
        """Return when the market has ended, or raise what ended it."""
        if self._feeding is not None:
            await self._feeding

    def publish(self, tick: MarketTick) -> None:
        """Let the market move by one tick."""
        self.venue.on_tick(tick)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def _build_app(self) -> web.Application:
        venue = self.venue
        app = web.Application()
        app.router.add_get("/v5/public/linear", self._socket("public", venue.public.on_message))
        app.router.add_get("/v5/private", self._socket("private", venue.private.on_message))
        app.router.add_get("/v5/trade", self._socket("trade", TradeStream(venue).on_message))
        ControlApi(venue).add_to(app)
        app.router.add_route("*", "/{path:.*}", RestApi(venue).handle)
        return app

    def _socket(
        self, channel: SocketChannel, on_message: OnMessage
    ) -> Callable[[web.Request], Coroutine[Any, Any, web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            venue = self.venue
            if venue.faults.is_refusing(channel):
                raise web.HTTPServiceUnavailable
            socket = web.WebSocketResponse(autoping=False, compress=False)
            await socket.prepare(request)
            assert request.transport is not None
            session = Session(channel, socket, request.transport, venue.faults)
            venue.sessions.add(session)
            try:
                await session.serve(on_message)
            finally:
                venue.sessions.remove(session)
                venue.public.forget(session)
                venue.private.forget(session)
            return socket

        return handle
