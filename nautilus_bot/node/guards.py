"""
Guard the connections: while one is dead nothing opens risk, and nothing does until its return was checked.

A connection counts as dead when Nautilus's client has lost it, or when the liveness monitor finds it silent
(`adapters.bybit.liveness`). When it is back, bars, executions, orders and balances that the streams may have
missed are fetched, venue and node are compared, every open position gets its stop; then entries are allowed
again. Exits, stops and cancels are never held back.
"""

import asyncio
import contextlib
from typing import Final

from nautilus_trader.common.component import MessageBus
from nautilus_trader.model.data import BarType

from adapters.bybit.clients import BybitVenue
from adapters.bybit.liveness import LinkChanged, LivenessMonitor
from adapters.bybit.missed_bars import fetch_missed_bars
from nautilus_bot.core import topics
from nautilus_bot.core.clocks import MarketClock
from nautilus_bot.core.errors import VenueError
from nautilus_bot.core.messages import EntriesAllowed, EntriesSuspended, Message, Notice
from nautilus_bot.node.account_watch import AccountWatch
from nautilus_bot.node.catch_up import CatchUp

POLL_SECS: Final = 0.05
"""Nautilus's client connects again by itself, within a few hundredths of a second at best."""
RETRY_SECS: Final = 0.5
PUBLIC: Final = "public"


class LinkGuard:
    """
    Suspend entries while a connection is dead, check everything when it is back.

    Parameters
    ----------
    bus : MessageBus
        Facts and notices are published here.
    clock : MarketClock
        Dates them.
    watch : AccountWatch
        Compares venue and node.
    catch_up : CatchUp
        Fetches what was missed.
    """

    def __init__(self, bus: MessageBus, clock: MarketClock, watch: AccountWatch, catch_up: CatchUp) -> None:
        self._bus = bus
        self._clock = clock
        self._watch = watch
        self._catch_up = catch_up
        self._venue: BybitVenue | None = None
        self._dead: dict[str, set[str]] = {}
        self._tasks: asyncio.TaskGroup | None = None
        self._returning: dict[str, asyncio.Task[None]] = {}

    async def run(self, venue: BybitVenue) -> None:
        """Guard a venue's connections until cancelled; whatever fails here but the venue fails the guard."""
        monitor = LivenessMonitor(venue, self.on_change)
        self._venue = venue
        async with asyncio.TaskGroup() as self._tasks:
            self._tasks.create_task(monitor.run())
            self._tasks.create_task(self._watch_sockets(venue))

    def on_change(self, change: LinkChanged) -> None:
        """Take what the liveness monitor noticed."""
        if change.is_alive:
            self.revived(change.link, "monitor", change.reason)
        else:
            self.died(change.link, "monitor", change.reason)

    async def _watch_sockets(self, venue: BybitVenue) -> None:
        """Notice that Nautilus's client lost a socket, and that it has another one."""
        links = {PUBLIC: venue.links.public, "private": venue.links.private, "trade": venue.links.trade}
        if venue.trades_over_http:
            del links["trade"]
        while True:
            for name, stream in links.items():
                if stream is None or not stream.is_connected:
                    continue
                if stream.is_active():
                    self.revived(name, "socket", "connected again")
                else:
                    self.died(name, "socket", "the connection is lost")
            await asyncio.sleep(POLL_SECS)

    def died(self, link: str, witness: str, reason: str) -> None:
        """Let nothing open risk while a link is dead; two may witness it, the first one counts."""
        witnesses = self._dead.setdefault(link, set())
        if witness in witnesses:
            return
        witnesses.add(witness)
        returning = self._returning.pop(link, None)
        if returning is not None:
            returning.cancel()
        elif len(witnesses) == 1:
            self._publish(EntriesSuspended(ts_event=self._now, author=_guard(link), reason=reason))
            self._tell("error", f"{link} connection dead: {reason}")

    def revived(self, link: str, witness: str, reason: str) -> None:
        """Begin to check once nobody holds the link for dead any more."""
        witnesses = self._dead.get(link)
        if not witnesses or witness not in witnesses:
            return
        witnesses.discard(witness)
        if not witnesses:
            tasks = self._tasks or asyncio.get_running_loop()
            self._returning[link] = tasks.create_task(self._check(link, reason))

    async def _check(self, link: str, reason: str) -> None:
        """
        Fetch, compare and protect, as long as it takes; then allow entries.

        A venue that refuses, is silent or answers nonsense is asked again; any other error is ours.
        """
        fills = 0
        while True:
            with contextlib.suppress(VenueError):
                if link == PUBLIC:
                    await self._fetch_bars()
                fills += await self._catch_up.fetch(excuse_stream=True)
                if await self._watch.confirm():
                    break
            await asyncio.sleep(RETRY_SECS)
        text = f"{reason}; {fills} missed fills fetched, every position has its stop"
        self._publish(EntriesAllowed(ts_event=self._now, author=_guard(link), reason=text))
        self._tell("info", f"{link} connection is back: {text}")
        del self._returning[link]

    async def _fetch_bars(self) -> None:
        """Fetch the bars that closed meanwhile: the stream tells each one once, and one missed is a gap."""
        assert self._venue is not None, "a link returns while it is guarded"
        data, public = self._venue.links.data, self._venue.links.public
        assert data is not None
        assert public is not None
        rest = self._venue.rest()
        try:
            await fetch_missed_bars(data, rest, [BarType.from_str(name) for name in public.bar_types])
        finally:
            rest.close()

    @property
    def _now(self) -> int:
        return self._clock.now_ns

    def _publish(self, fact: Message) -> None:
        self._bus.publish(topics.TRADING + "guard", fact)

    def _tell(self, severity: str, text: str) -> None:
        notice = Notice(ts_event=self._now, severity=severity, component="link", text=text)  # type: ignore[arg-type]
        self._bus.publish(topics.NOTICE + "link", notice)


def _guard(link: str) -> str:
    return f"the {link} connection"
