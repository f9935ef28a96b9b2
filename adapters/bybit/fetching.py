"""
Fetch orders together with their fills, and hand them to the engine as a start would.

Nautilus's client and engine would infer fills without fees from an order alone, lose the fills of an order
whose cancel was heard first, and wait for ever for a request about a partly filled order that got lost.
"""

from typing import Final

from nautilus_trader.adapters.bybit.execution import BybitExecutionClient
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

from adapters.bybit.recent import RecentIds
from nautilus_bot.core.clocks import NS_PER_SEC

ANSWER_NS: Final = 3 * NS_PER_SEC
"""A request about an order is given this long before its order is taken for untouched."""
NO_ANSWER: Final = "the venue lists the order as it was: the request got lost"


def may_lack_fills(order: Order) -> bool:
    """Tell whether executions may still be missing: one that was cancelled may have filled just before."""
    return not order.is_closed or order.status == OrderStatus.CANCELED


class FetchingExecutionClient(BybitExecutionClient):
    """Answer for orders with their fills, whoever asks."""

    arrived: RecentIds
    """Ids of executions and client order ids that came over the private stream."""
    swallowed: set[str]
    """Client order ids of which a request to cancel or amend got lost, since somebody last looked."""

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
