"""
Watch, while trading, that the venue holds what the node believes: positions, orders, stops and the balance.

What somebody else trades on the account, or closes for us, is noticed within seconds and attributed. A stop
that was cancelled from outside, or lost, is sent again; an order of ours that no strategy knows is cancelled.
A difference counts only when it lasts while no command of its symbol is on its way, and executions are asked
for before anything is concluded from it: a fill that the stream lost belongs to its order, not to a stranger.
A command that hangs holds nobody up but its own symbol.
"""

import asyncio
import contextlib
from dataclasses import dataclass
from typing import Final

from nautilus_trader.system.kernel import NautilusKernel

from adapters.bybit.audit import Difference, VenueView, compare, fetch_view, position_difference
from adapters.bybit.rest import BybitRest
from nautilus_bot.core import topics
from nautilus_bot.core.errors import VenueError
from nautilus_bot.core.messages import Notice
from nautilus_bot.node.attribution import Attribution
from nautilus_bot.node.catch_up import CatchUp
from nautilus_bot.node.holdings import Held, fetch_held, symbol_of
from nautilus_bot.node.node_view import build_node_view
from nautilus_bot.node.protect import Protector
from nautilus_bot.risk.context import RiskContext

WATCH_SECS: Final = 1.0
FETCH_AT: Final = 2
"""A difference seen this often, unchanged and with no order on its way: what the stream lost is fetched."""
ACT_AT: Final = 3
"""A difference that is still there after that is acted on."""

PROTECTION: Final = ("stop", "lost order")
TOLD_ELSEWHERE: Final = ("position", "stop")
"""Attribution tells of positions; a missing stop is sent again, or its position is closed and told."""


IDS_BEFORE_SYMBOL: Final = 2
"""Session and tag (see ``core.ids``)."""


@dataclass(frozen=True, slots=True)
class Look:
    """What differs, and the symbols of which nothing can be said since a command of theirs is on its way."""

    differences: list[Difference]
    busy: frozenset[str]

    @property
    def doubtful(self) -> frozenset[str]:
        """Symbols whose positions may be others than the ledgers say: what protects them is left alone."""
        return self.busy | {one.subject for one in self.differences if one.kind == "position"}


class AccountWatch:
    """
    Compare venue and node once in a while.

    Parameters
    ----------
    kernel : NautilusKernel
        Of a running node.
    context : RiskContext
        The ledgers.
    attribution : Attribution
        Sets them right.
    protector : Protector
        Protects what is open.
    catch_up : CatchUp
        Fetches what the stream lost.
    rest : BybitRest
        Asks the venue, in a thread of its own.
    """

    def __init__(
        self,
        kernel: NautilusKernel,
        context: RiskContext,
        attribution: Attribution,
        protector: Protector,
        catch_up: CatchUp,
        rest: BybitRest,
    ) -> None:
        self._bus = kernel.msgbus
        self._cache = kernel.cache
        self._context = context
        self._attribution = attribution
        self._protector = protector
        self._catch_up = catch_up
        self._rest = rest
        self._times: dict[Difference, int] = {}
        self._told: set[Difference] = set()

    async def run(self) -> None:
        """Compare until cancelled; a venue that does not answer is asked again."""
        while True:
            await asyncio.sleep(WATCH_SECS)
            try:
                await self.look()
            except VenueError:
                self._times.clear()

    async def find(self) -> Look:
        """
        Return what differs now.

        Raises
        ------
        VenueError, AuthFailed, VenueTimeout
            If the venue does not answer.
        """
        busy = self._busy()
        view: VenueView = await asyncio.to_thread(fetch_view, self._rest)
        busy |= self._busy()
        report = compare(view, build_node_view(self._cache, self._context))
        return Look([one for one in report.differences if not _concerns(one, busy)], busy)

    async def confirm(self) -> bool:
        """
        Send what protection lacks, and tell whether positions and stops agree with the venue's.

        Raises
        ------
        VenueError, AuthFailed, VenueTimeout
            If the venue does not answer.
        """
        look = await self.find()
        self._protector.repair(self._instruments(look.doubtful))
        agrees = not look.doubtful and not any(one.kind in PROTECTION for one in look.differences)
        return agrees and not self._cache.orders_inflight()

    async def look(self) -> None:
        """Take one look; act on differences that last."""
        look = await self.find()
        found = look.differences
        self._times = {one: self._times.get(one, 0) + 1 for one in found}
        self._told &= set(found)
        self._protector.repair(self._instruments(look.doubtful))
        if FETCH_AT in self._times.values():
            await self._catch_up.fetch()
        lasting = [one for one, times in self._times.items() if times >= ACT_AT]
        if lasting:
            await self._act(lasting)

    def _busy(self) -> frozenset[str]:
        """Return the symbols of which a command is on its way."""
        return frozenset(symbol_of(order.instrument_id) for order in self._cache.orders_inflight())

    def _instruments(self, symbols: frozenset[str]) -> list[str]:
        names = (instrument.id for instrument in self._cache.instruments())
        return [name.value for name in names if symbol_of(name) in symbols]

    async def _act(self, lasting: list[Difference]) -> None:
        if any(one.kind == "position" for one in lasting):
            await self._attribute(lasting)
        for one in lasting:
            if one.kind == "unknown order":
                await self._cancel_stranger(one)
            if one not in self._told and one.kind not in TOLD_ELSEWHERE:
                self._told.add(one)
                self._tell("error", f"venue and node differ, and fetching did not help: {one}")

    async def _attribute(self, lasting: list[Difference]) -> None:
        """Book the positions that still differ as they did; what moved meanwhile is for the next looks."""
        busy = self._busy()
        held: Held = await fetch_held(self._rest, self._cache, self._context.marks)
        busy |= self._busy()
        left_alone = []
        for instrument in self._cache.instruments():
            name, symbol = instrument.id.value, symbol_of(instrument.id)
            one = held[name]
            now = position_difference(symbol, self._context.ledgers.net(name), one.quantity)
            if now in lasting and symbol not in busy:
                self._attribution.settle(name, one.quantity, one.price, "attribution")
            else:
                left_alone.append(name)
        self._protector.correct(left_alone)

    async def _cancel_stranger(self, difference: Difference) -> None:
        """Cancel an order that bears our id and that no strategy has open; leave what is not ours."""
        name = difference.subject
        owner = self._protector.owner_of(name)
        if owner is None:
            return
        with contextlib.suppress(VenueError):  # it may have ended meanwhile; the next look tells
            await asyncio.to_thread(self._rest.cancel_order, owner.symbol, name)
            self._tell("warning", f"order {name} was open at the venue but not in the node: cancelled")

    def _tell(self, severity: str, text: str) -> None:
        notice = Notice(
            ts_event=self._context.clock.now_ns,
            severity=severity,  # type: ignore[arg-type]
            component="audit",
            text=text,
        )
        self._bus.publish(topics.NOTICE + "audit", notice)


def _concerns(difference: Difference, symbols: frozenset[str]) -> bool:
    """Tell whether a difference may come from what is on its way in some symbols."""
    match difference.kind:
        case "position":
            return difference.subject in symbols
        case "stop":
            return difference.subject.rpartition(":")[2] in symbols
        case "balance":
            return bool(symbols)
        case "unknown order" | "lost order":
            named = difference.subject.split("-")[IDS_BEFORE_SYMBOL:]
            return bool(named) and named[0] in symbols
