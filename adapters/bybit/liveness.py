"""
Notice dead and half-open sockets, replace them, and fetch what they did not bring.

Stated bounds, in wall time, with the default settings: a silent public stream is replaced within 12.5 seconds
after its last frame; a private stream that lost an execution or an order's acceptance within 10 seconds after
it happened at the venue; a trade stream that swallowed a command within 10 seconds after it was sent. A
private stream that is half-open while nothing happens is not noticed before something does.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Final, Literal

import msgspec
from nautilus_trader.adapters.bybit.data import BybitDataClient
from nautilus_trader.model.data import BarType

from adapters.bybit.clients import BybitVenue
from adapters.bybit.execution import FundingSafeExecutionClient
from adapters.bybit.funding_log import FUNDING
from adapters.bybit.missed_bars import fetch_missed_bars
from adapters.bybit.rest import BybitRest
from adapters.bybit.stream import ReplaceableStream
from nautilus_bot.core.clocks import NS_PER_SEC
from nautilus_bot.core.errors import BotError, VenueError

MOST_PATIENCE: Final = 8
"""A market may really be quiet: each replacement that brings nothing doubles the wait, up to this factor."""

type LinkName = Literal["rest", "public", "private", "trade"]
type OnChange = Callable[["LinkChanged"], None]


class LinkChanged(msgspec.Struct, frozen=True, kw_only=True):
    """
    A connection died or came back.

    Parameters
    ----------
    link : LinkName
        Which one.
    is_alive : bool
        Its new state.
    ts : int
        When this was noticed, ns UTC, wall clock.
    reason : str
        What was observed.
    """

    link: LinkName
    is_alive: bool
    ts: int
    reason: str


class LivenessConfig(msgspec.Struct, frozen=True, kw_only=True):
    """
    How long silence is borne.

    Parameters
    ----------
    poll_secs : float, default 2.5
        Between two looks.
    silence_secs : float, default 10
        Longest time without any frame on a public stream that has subscriptions.
    grace_secs : float, default 5
        How long the private stream may lag behind the venue's lists, and a command may be in flight.
    """

    poll_secs: float = 2.5
    silence_secs: float = 10.0
    grace_secs: float = 5.0


class LivenessMonitor:
    """
    Watch the connections of a node that trades.

    Parameters
    ----------
    venue : BybitVenue
        The one that the node was built with.
    on_change : OnChange
        Called on the event loop when a connection dies and when it is back.
    config : LivenessConfig | None
        Bounds; the defaults when None.
    """

    def __init__(self, venue: BybitVenue, on_change: OnChange, config: LivenessConfig | None = None) -> None:
        assert venue.links.execution is not None, "the node is built before it is watched"
        assert venue.links.public is not None
        assert venue.links.private is not None
        assert venue.links.trade is not None
        self._client: FundingSafeExecutionClient = venue.links.execution
        assert venue.links.data is not None
        self._data: BybitDataClient = venue.links.data
        self._public: ReplaceableStream = venue.links.public
        self._private: ReplaceableStream = venue.links.private
        self._trade: ReplaceableStream = venue.links.trade
        self._has_trade = not venue.trades_over_http
        self._rest: BybitRest = venue.rest()
        self._on_change = on_change
        self._config = config or LivenessConfig()
        self._dead: dict[LinkName, str] = {}
        self._unconnected: set[LinkName] = set()
        self._patience = 1
        self._known: set[str] | None = None
        self._awaited: dict[str, float] = {}
        self._trade_replaced_at = 0.0

    async def run(self) -> None:
        """Watch until cancelled."""
        try:
            while True:
                await self.look()
                await asyncio.sleep(self._config.poll_secs)
        finally:
            self._rest.close()

    async def look(self) -> None:
        """Look at every connection once, and repair what is dead."""
        await self._look_at_public()
        try:
            await self._look_at_private()
        except BotError as error:
            self._died("rest", str(error))
        else:
            self._revived("rest", "the venue answers")
        if self._has_trade:
            await self._look_at_trade()

    async def _look_at_public(self) -> None:
        stream, now = self._public, time.monotonic()
        if not (stream.is_connected and stream.has_subscriptions):
            return
        silent = now - stream.last_message_at
        if silent < self._config.silence_secs * self._patience and "public" not in self._unconnected:
            if silent < self._config.silence_secs:
                self._patience = 1
                self._revived("public", "frames arrive")
            return
        self._died("public", f"no frame for {silent:.1f} s")
        if await self._replace("public", stream):
            self._patience = min(MOST_PATIENCE, 2 * self._patience)
            await self._fetch_bars()

    async def _fetch_bars(self) -> None:
        kinds = [BarType.from_str(name) for name in self._public.bar_types]
        try:
            await fetch_missed_bars(self._data, self._rest, kinds)
        except BotError as error:
            self._died("rest", str(error))

    async def _look_at_private(self) -> None:
        missed = await self._find_missed()
        if not missed and "private" not in self._unconnected:
            return
        self._died("private", f"did not bring {', '.join(sorted(missed))}")
        if await self._replace("private", self._private):
            fetched = await self._client.fetch_missed(missed)
            self._revived("private", f"replaced, {fetched} fills fetched")

    async def _find_missed(self) -> set[str]:
        """Return what the venue lists for longer than the grace, and the private stream never brought."""
        listed = await asyncio.to_thread(_listed, self._rest)
        if self._known is None:
            self._known = {one for one in listed if one not in self._client.arrived}
        now = time.monotonic()
        absent = {one for one in listed if one not in self._client.arrived and one not in self._known}
        self._awaited = {one: self._awaited.get(one, now) for one in absent}
        self._known &= listed
        return {one for one, since in self._awaited.items() if now - since >= self._config.grace_secs}

    async def _look_at_trade(self) -> None:
        now_ns = time.time_ns()
        stuck = [
            order.client_order_id.value
            for order in self._client._cache.orders_inflight()
            if now_ns - order.ts_last > self._config.grace_secs * NS_PER_SEC
        ]
        # the engine asks for an unanswered cancel and gives it up before it is stuck, and it is sent again
        stuck += self._client.swallowed
        self._client.swallowed.clear()
        if not stuck and "trade" not in self._unconnected:
            self._revived("trade", "no command is stuck")
            return
        self._died("trade", f"no answer about {', '.join(sorted(set(stuck)))}")
        is_due = time.monotonic() - self._trade_replaced_at > self._config.silence_secs
        if is_due or "trade" in self._unconnected:
            # once per silence: a venue that never answers about an order would have it replaced at every look
            self._trade_replaced_at = time.monotonic()
            await self._replace("trade", self._trade)

    async def _replace(self, link: LinkName, stream: ReplaceableStream) -> bool:
        """Replace a stream and tell whether that worked; one that did not is replaced at the next look."""
        try:
            await stream.replace()
        except (RuntimeError, VenueError) as error:
            self._died(link, f"cannot be replaced: {error}")
            self._unconnected.add(link)
            return False
        self._unconnected.discard(link)
        return True

    def _died(self, link: LinkName, reason: str) -> None:
        if link not in self._dead:
            self._dead[link] = reason
            self._on_change(LinkChanged(link=link, is_alive=False, ts=time.time_ns(), reason=reason))

    def _revived(self, link: LinkName, reason: str) -> None:
        if self._dead.pop(link, None) is not None:
            self._on_change(LinkChanged(link=link, is_alive=True, ts=time.time_ns(), reason=reason))


def _listed(rest: BybitRest) -> set[str]:
    """Return the ids of the latest executions, and our ids of open orders."""
    fills = {row.exec_id for row in rest.executions() if row.kind != FUNDING}
    return fills | {row["orderLinkId"] for row in rest.open_orders() if row["orderLinkId"]}
