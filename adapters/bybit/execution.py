"""
Nautilus's execution client with its traps closed: a funding settlement is never taken for a fill, the word
that an order was accepted is heard however early it comes, a fill from before a cancel is not lost, and a
request that got lost does not hang.
"""

import asyncio
from typing import Any, Final

from nautilus_trader.adapters.bybit.execution import BybitExecutionClient
from nautilus_trader.core import nautilus_pyo3
from nautilus_trader.core.uuid import UUID4
from nautilus_trader.execution.messages import (
    GenerateFillReports,
    GenerateOrderStatusReports,
    QueryOrder,
)
from nautilus_trader.execution.reports import ExecutionMassStatus, FillReport, OrderStatusReport
from nautilus_trader.model.enums import OrderStatus
from nautilus_trader.model.identifiers import ClientOrderId
from nautilus_trader.model.orders import Order

from adapters.bybit.funding_log import FUNDING, FundingLog
from adapters.bybit.recent import RecentIds
from adapters.bybit.rest import BybitRest, VenueExecution
from nautilus_bot.core.clocks import NS_PER_SEC
from nautilus_bot.core.errors import BotError, VenueError

LOOK_UPS: Final = 6
LOOK_UP_SECS: Final = 0.5
ANSWER_NS: Final = 3 * NS_PER_SEC
"""A request about an order is given this long before its order is taken for untouched."""
NO_ANSWER: Final = "the venue lists the order as it was: the request got lost"


def may_lack_fills(order: Order) -> bool:
    """Tell whether executions may still be missing: one that was cancelled may have filled just before."""
    return not order.is_closed or order.status == OrderStatus.CANCELED


class FundingSafeExecutionClient(BybitExecutionClient):
    """
    Pass fills of our orders at once; ask the venue about executions that belong to no order of ours.

    Bybit reports funding on the execution topic and in the execution list. The client's parser drops
    ``execType``, so such a report looks like a fill. A report without one of our order ids is looked up in
    the venue's execution list: a settlement goes to ``funding``, anything else is a fill, and what the venue
    does not list within three seconds is dropped and logged: the position check finds a fill all the same,
    while a false one would move a ledger.
    """

    rest: BybitRest
    funding: FundingLog
    arrived: RecentIds
    """Ids of executions and client order ids that came over the private stream."""
    early: RecentIds
    """Client order ids whose acceptance came before our own word that they were submitted was applied."""
    swallowed: set[str]
    """Client order ids of which a request to cancel or amend got lost, since somebody last looked."""

    def _handle_order_status_report_pyo3(self, pyo3_report: nautilus_pyo3.OrderStatusReport) -> None:
        report = OrderStatusReport.from_pyo3(pyo3_report)
        if report.client_order_id is not None:
            self.arrived.add(report.client_order_id.value)
            self._accept_if_early(report)
        super()._handle_order_status_report_pyo3(pyo3_report)

    def _accept_if_early(self, report: OrderStatusReport) -> None:
        """
        Pass on an acceptance that overtook our own ``OrderSubmitted`` on its way through the engine's queue.

        Nautilus's client drops it then: it looks for an order that is SUBMITTED, and on a busy loop the queue
        is a turn or two behind. The order would look in flight until it is asked about, seconds later. Both
        events take the same queue, so they are applied in their order.
        """
        order = self._cache.order(report.client_order_id)
        if order is None or order.status != OrderStatus.INITIALIZED:
            return
        if report.order_status == OrderStatus.ACCEPTED and report.client_order_id.value not in self.early:
            self.early.add(report.client_order_id.value)
            self.generate_order_accepted(
                strategy_id=order.strategy_id,
                instrument_id=report.instrument_id,
                client_order_id=report.client_order_id,
                venue_order_id=report.venue_order_id,
                ts_event=report.ts_last,
            )

    def _handle_fill_report_pyo3(self, pyo3_report: nautilus_pyo3.FillReport) -> None:
        report = FillReport.from_pyo3(pyo3_report)
        self.arrived.add(report.trade_id.value)
        if not self._is_external_order(report.client_order_id):
            super()._handle_fill_report_pyo3(pyo3_report)
            return
        self.create_task(self._pass_unless_funding(pyo3_report, report), log_msg="check for funding")

    async def _pass_unless_funding(self, pyo3_report: Any, report: FillReport) -> None:
        symbol, wanted = _venue_symbol(report), report.trade_id.value
        for _ in range(LOOK_UPS):
            found = (await self._executions(symbol)).get(wanted)
            if found is not None and found.kind == FUNDING:
                self._log.info(f"Funding settlement {wanted} of {symbol}: not a fill")
                self.funding.tell(found)
                return
            if found is not None:
                super()._handle_fill_report_pyo3(pyo3_report)
                return
            await asyncio.sleep(LOOK_UP_SECS)
        self._log.error(f"Dropped execution {wanted} of {symbol}: the venue does not list it")

    async def generate_order_status_reports(
        self, command: GenerateOrderStatusReports
    ) -> list[OrderStatusReport]:
        """
        Return the venue's orders; while the node starts, all of them or an error.

        Raises
        ------
        VenueError
            At start-up, if the venue lists open orders that Nautilus's client could not read: it logs a
            refused or half-read answer and goes on as if there were no orders.
        """
        reports: list[OrderStatusReport] = await super().generate_order_status_reports(command)
        if self.reconciliation_active:
            await asyncio.to_thread(self.rest.order_history)
            rows = await asyncio.to_thread(self.rest.open_orders)
            unread = {row["orderId"] for row in rows} - {r.venue_order_id.value for r in reports}
            if unread:
                raise VenueError(
                    f"every open order must be known before trading, {len(unread)} could not be read: "
                    f"{', '.join(sorted(unread))}; cancel them, or configure their symbols"
                )
        return reports

    def _log_report_error(self, e: BaseException, report_type: str) -> None:
        """Log what the venue refused; while the node starts, refuse to start on half an account."""
        super()._log_report_error(e, report_type)
        if self.reconciliation_active:
            raise VenueError(f"the venue must give its {report_type} before trading, it did not: {e}") from e

    async def generate_fill_reports(self, command: GenerateFillReports) -> list[FillReport]:
        """Return the venue's executions without funding settlements."""
        reports = await super().generate_fill_reports(command)
        strangers = [report for report in reports if report.client_order_id is None]
        settled: set[str] = set()
        for symbol in sorted({_venue_symbol(report) for report in strangers}):
            for found in await asyncio.to_thread(self.rest.executions, symbol, kind=FUNDING):
                if found.kind == FUNDING:
                    settled.add(found.exec_id)
                    self.funding.tell(found)
        return [r for r in reports if r.client_order_id is not None or r.trade_id.value not in settled]

    async def _executions(self, symbol: str) -> dict[str, VenueExecution]:
        try:
            rows = await asyncio.to_thread(self.rest.executions, symbol)
        except BotError as error:
            self._log.warning(f"Cannot look up executions of {symbol}: {error}")
            return {}
        return {row.exec_id: row for row in rows}

    async def fetch_missed(self, ids: set[str]) -> int:
        """
        Fetch what the private stream did not bring, and hand it to the engine as a start would.

        Parameters
        ----------
        ids : set[str]
            Ids of executions, and client ids of open orders, as the venue lists them.

        Returns
        -------
        int
            Fills that were handed on; the engine drops those that reconciliation has inferred meanwhile.
        """
        for one in ids:
            self.arrived.add(one)
        return await self.fetch(ids)

    async def fetch(self, ids: set[str]) -> int:
        """
        Hand orders and fills to the engine, each order together with its fills.

        What is fetched does not count as arrived: a stream that did not bring it is still found out.

        Parameters
        ----------
        ids : set[str]
            Ids of executions, and client order ids: those come with all of their executions.

        Returns
        -------
        int
            Fills that were handed on.
        """
        asked_ns = self._clock.timestamp_ns()
        # orders first: what fills while we ask is among the executions, not among the orders without them
        orders = await self.generate_order_status_reports(self._all_orders())
        fills = [
            report
            for report in await self.generate_fill_reports(self._all_fills())
            if report.trade_id.value in ids or str(report.client_order_id) in ids
        ]
        filled = {report.venue_order_id for report in fills}
        status = ExecutionMassStatus(
            client_id=self.id,
            account_id=self.account_id,
            venue=self.venue,
            report_id=UUID4(),
            ts_init=self._clock.timestamp_ns(),
        )
        status.add_order_reports(
            [
                report
                for report in orders
                if (report.venue_order_id in filled or str(report.client_order_id) in ids)
                and self._is_explained(report, fills)
            ]
        )
        fills.sort(key=lambda report: report.ts_event)
        status.add_fill_reports(fills)
        untouched = [one for one in status.order_reports.values() if self._is_untouched(one, asked_ns)]
        self._send_mass_status_report(status)
        for report in untouched:
            self._give_up_request(report.client_order_id)
        for report in status.order_reports.values():
            self._add_fills_before_cancel(report, fills)
        listed = {report.venue_order_id for report in orders}
        for fill in fills:
            # the list of ended orders lags behind, and reaches back less far than some order is old
            if fill.venue_order_id not in listed and self._lacks(fill):
                self._send_fill_report(fill)
        return len(fills)

    def _lacks(self, fill: FillReport) -> bool:
        order = self._cache.order(fill.client_order_id) if fill.client_order_id is not None else None
        return order is not None and may_lack_fills(order) and fill.trade_id not in order.trade_ids

    def _add_fills_before_cancel(self, report: OrderStatusReport, fills: list[FillReport]) -> None:
        """Apply what an order filled before its cancel, when that was heard of alone: the engine does not."""
        order = self._cache.order(report.client_order_id) if report.client_order_id is not None else None
        if order is None or order.status != OrderStatus.CANCELED or report.filled_qty <= order.filled_qty:
            return
        for fill in fills:
            if fill.venue_order_id == report.venue_order_id:
                self._send_fill_report(fill)
        self._send_order_status_report(report)

    def _is_untouched(self, report: OrderStatusReport, asked_ns: int) -> bool:
        """Tell whether the venue, asked well after a request about an order, lists it as it was before."""
        order = self._cache.order(report.client_order_id) if report.client_order_id is not None else None
        if order is None or not (order.is_pending_cancel or order.is_pending_update):
            return False
        is_late = asked_ns - order.last_event.ts_init >= ANSWER_NS
        return bool(is_late and report.is_open and not report.is_order_updated(order))

    def _give_up_request(self, client_order_id: ClientOrderId) -> None:
        """
        Let a request that the venue shows no sign of be over.

        The engine does so for an order without a fill, by accepting it once more. One that has filled in part
        it would ask for, and get the same answer, for ever; meanwhile nobody repeats the request.
        """
        self.swallowed.add(client_order_id.value)
        order = self._cache.order(client_order_id)
        names = (order.strategy_id, order.instrument_id, order.client_order_id, order.venue_order_id)
        if order.is_pending_cancel:
            self.generate_order_cancel_rejected(*names, NO_ANSWER, self._clock.timestamp_ns())
        elif order.is_pending_update:
            self.generate_order_modify_rejected(*names, NO_ANSWER, self._clock.timestamp_ns())

    def _is_explained(self, report: OrderStatusReport, fills: list[FillReport]) -> bool:
        """Tell whether what an order of ours has filled is known or among the fills: else it is too early."""
        order = self._cache.order(report.client_order_id) if report.client_order_id is not None else None
        if order is None:
            return True
        new = (
            fill.last_qty.as_decimal()
            for fill in fills
            if fill.venue_order_id == report.venue_order_id and fill.trade_id not in order.trade_ids
        )
        known = order.filled_qty.as_decimal() + sum(new)
        return bool(known >= report.filled_qty.as_decimal())

    async def _query_order(self, command: QueryOrder) -> None:
        """Answer with the order and its fills: from the order alone the engine infers fills without fees."""
        await self.fetch({command.client_order_id.value})

    async def fetch_account(self) -> None:
        """
        Fetch the balances and publish them, as at the start.

        Raises
        ------
        VenueError
            If the venue does not give them.
        """
        try:
            await self._update_account_state()
        except (RuntimeError, ValueError) as e:
            raise VenueError(f"the venue must give the balances, it did not: {e}") from e

    def _all_fills(self) -> GenerateFillReports:
        return GenerateFillReports(
            instrument_id=None,
            venue_order_id=None,
            start=None,
            end=None,
            command_id=UUID4(),
            ts_init=self._clock.timestamp_ns(),
        )

    def _all_orders(self) -> GenerateOrderStatusReports:
        return GenerateOrderStatusReports(
            instrument_id=None,
            start=None,
            end=None,
            open_only=False,
            command_id=UUID4(),
            ts_init=self._clock.timestamp_ns(),
        )


def _venue_symbol(report: FillReport) -> str:
    return str(report.instrument_id.symbol.value).removesuffix("-LINEAR")
