"""
Recovery, second half: the node is connected and reconciled, strategies wait for their history. Now the venue
has the last word on every order and position, each strategy takes up its state, and every open position gets
its stop, before anything new may be opened.
"""

import asyncio
import re
import time
from decimal import Decimal
from typing import Any, Final

from nautilus_trader.core.uuid import UUID4
from nautilus_trader.execution.messages import GenerateFillReports, GenerateOrderStatusReport
from nautilus_trader.execution.reports import FillReport
from nautilus_trader.model.enums import OrderSide, OrderStatus
from nautilus_trader.model.events import OrderRejected
from nautilus_trader.model.identifiers import TradeId
from nautilus_trader.model.orders import Order
from nautilus_trader.system.kernel import NautilusKernel

from adapters.bybit.rest import BybitRest
from nautilus_bot.core import topics
from nautilus_bot.core.messages import Notice
from nautilus_bot.node.attribution import Attribution
from nautilus_bot.node.holdings import Held, fetch_held, symbol_of
from nautilus_bot.node.protect import Protector
from nautilus_bot.risk.context import RiskContext
from strategies.base import SignalStrategy

FATE_SECS: Final = 6.0
"""Bybit refuses a request older than its receive window of 5 s: an id unknown after that stays unknown."""
SETTLE_LOOKS: Final = 4
SETTLE_PAUSE_SECS: Final = 0.5
MOST_LOOKS: Final = 20
"""Somebody may trade on the account without a pause: then the latest look counts."""
UNKNOWN: Final = (OrderStatus.INITIALIZED, OrderStatus.SUBMITTED)
_OURS: Final = re.compile(r"[0-9A-Z]{6,7}-(?P<tag>\w+)-(?P<symbol>\w+)-[0-9A-Z]+-[ESTC]\d*[a-z]?")


class Settlement:
    """
    Bring node and venue to one truth.

    Parameters
    ----------
    kernel : NautilusKernel
        Of a running node.
    context : RiskContext
        The ledgers.
    attribution : Attribution
        Sets them right.
    protector : Protector
        Restores and protects strategies.
    rest : BybitRest
        Asks the venue.
    since_ns : int
        Wall clock of the last recorded entry, ns UTC: executions of ours after it may be missing.
    """

    def __init__(
        self,
        kernel: NautilusKernel,
        context: RiskContext,
        attribution: Attribution,
        protector: Protector,
        rest: BybitRest,
        *,
        since_ns: int,
    ) -> None:
        self._kernel = kernel
        self._cache = kernel.cache
        self._bus = kernel.msgbus
        self._engine = kernel.exec_engine
        self._context = context
        self._attribution = attribution
        self._protector = protector
        self._rest = rest
        self._since_ns = since_ns
        self._booked: set[TradeId] = set()

    async def settle(self) -> None:
        """
        Settle orders, fills, ledgers and protection, in this order.

        Raises
        ------
        VenueError, AuthFailed, VenueTimeout
            If the venue does not answer: nothing may be traded then.
        """
        await self._fetch_fills()
        await self._learn_fates()
        await self._find_ends()
        await self._attribute()
        self._protector.restore()
        await self._cancel_strangers()

    # -- orders -------------------------------------------------------------------------------------

    async def _learn_fates(self) -> None:
        """Ask for every submit whose fate is unknown; it is never repeated."""
        unknown = [order for order in self._cache.orders() if order.status in UNKNOWN]
        if not unknown:
            return
        sent_ns = max(order.ts_last for order in unknown)
        await asyncio.sleep(max(0.0, FATE_SECS - (time.time_ns() - sent_ns) / 1e9))
        for order in unknown:
            await self._learn_fate(order)

    async def _find_ends(self) -> None:
        """Ask for every order that is open here and not at the venue: its history may be a page too long."""
        rows = await asyncio.to_thread(self._rest.open_orders)
        open_there = {row["orderLinkId"] for row in rows}
        for order in self._cache.orders_open():
            if order.client_order_id.value not in open_there:
                await self._learn_fate(order)

    async def _learn_fate(self, order: Order) -> None:
        client_order_id = order.client_order_id.value
        found = await asyncio.to_thread(
            self._rest.find_order, symbol_of(order.instrument_id), client_order_id
        )
        if order.is_closed:
            return
        if found is None:
            if order.status in UNKNOWN:
                self._engine.process(self._never_arrived(order))
                self._tell("info", f"order {client_order_id} never reached the venue; it is not sent again")
            return
        command = GenerateOrderStatusReport(
            instrument_id=order.instrument_id,
            client_order_id=order.client_order_id,
            venue_order_id=None,
            command_id=UUID4(),
            ts_init=self._kernel.clock.timestamp_ns(),
        )
        report = await self._client().generate_order_status_report(command)
        if report is None:
            return
        if report.filled_qty > order.filled_qty:
            await self._fetch_fills()
        self._engine.reconcile_execution_report(report)

    def _never_arrived(self, order: Order) -> OrderRejected:
        now = self._kernel.clock.timestamp_ns()
        return OrderRejected(
            order.trader_id,
            order.strategy_id,
            order.instrument_id,
            order.client_order_id,
            order.account_id or self._client().account_id,
            "the venue never had it: the session ended before it was sent",
            UUID4(),
            now,
            now,
            True,
        )

    async def _fetch_fills(self) -> None:
        """Apply executions that the journal lacks: to their order, else to the ledger that the id names."""
        command = GenerateFillReports(
            instrument_id=None,
            venue_order_id=None,
            start=None,
            end=None,
            command_id=UUID4(),
            ts_init=self._kernel.clock.timestamp_ns(),
        )
        reports = await self._client().generate_fill_reports(command)
        for report in sorted(reports, key=lambda one: one.ts_event):
            if report.client_order_id is None:
                continue
            order = self._cache.order(report.client_order_id)
            if order is None:
                self._book_lost_fill(report)
            elif report.trade_id not in order.trade_ids:
                self._engine.reconcile_execution_report(report)

    def _book_lost_fill(self, report: FillReport) -> None:
        """Book a fill whose order the journal lost, once, when its id says that it is ours."""
        strategy = self._owner(report.client_order_id.value)
        if strategy is None or not self._since_ns or report.ts_event <= self._since_ns:
            return
        if report.trade_id in self._booked:
            return
        self._booked.add(report.trade_id)
        quantity = report.last_qty.as_decimal() * (1 if report.order_side == OrderSide.BUY else -1)
        self._attribution.correct(
            strategy.id.value,
            report.instrument_id.value,
            quantity,
            report.last_px.as_decimal(),
            f"execution {report.trade_id} of {report.client_order_id} is missing in the journal",
            "recovery",
        )

    async def _cancel_strangers(self) -> None:
        """
        Cancel open orders that bear our ids and that the journal lost: their positions are protected anew.

        Without any journal of the account they protect what is EXTERNAL now, and stay.
        """
        if not self._since_ns:
            return
        for row in await asyncio.to_thread(self._rest.open_orders):
            name = row.get("orderLinkId", "")
            known = bool(name) and any(name == one.client_order_id.value for one in self._cache.orders())
            if known or self._owner(name) is None:
                continue
            await asyncio.to_thread(self._rest.cancel_order, row["symbol"], name)
            self._tell("warning", f"order {name} is open at the venue but not in the journal: cancelled")

    def _owner(self, client_order_id: str) -> SignalStrategy | None:
        match = _OURS.fullmatch(client_order_id)
        if match is None:
            return None
        return self._protector.owner(match["tag"], match["symbol"])

    # -- positions ----------------------------------------------------------------------------------

    async def _attribute(self) -> None:
        """Set ledgers right; a fill may still be on its way, so a difference has to last, unchanged."""
        held, differing = await self._differing()
        looks = 1
        for _ in range(MOST_LOOKS):
            if not differing or looks == SETTLE_LOOKS:
                break
            await asyncio.sleep(SETTLE_PAUSE_SECS)
            before = differing
            held, differing = await self._differing()
            looks = looks + 1 if differing == before else 1
        for name in differing:
            self._attribution.settle(name, held[name].quantity, held[name].price, "recovery")

    async def _differing(self) -> tuple[Held, dict[str, tuple[Decimal, Decimal]]]:
        """Return what the venue holds, and its position beside the sum of the ledgers where they differ."""
        held = await fetch_held(self._rest, self._cache, self._context.marks)
        both = {name: (one.quantity, self._context.ledgers.net(name)) for name, one in held.items()}
        return held, {name: pair for name, pair in both.items() if pair[0] != pair[1]}

    def _client(self) -> Any:
        """Return Nautilus's execution client; a node has one."""
        (client,) = self._engine._clients.values()
        return client

    def _tell(self, severity: str, text: str) -> None:
        notice = Notice(
            ts_event=self._context.clock.now_ns,
            severity=severity,  # type: ignore[arg-type]
            component="recovery",
            text=text,
        )
        self._bus.publish(topics.NOTICE + "recovery", notice)
