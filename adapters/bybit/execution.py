"""
Nautilus's execution client with two more traps closed: a funding settlement is never taken for a fill, and
the word that an order was accepted is heard however early it comes.
"""

import asyncio
from typing import Any, Final

from nautilus_trader.core import nautilus_pyo3
from nautilus_trader.execution.messages import (
    GenerateFillReports,
    GenerateOrderStatusReports,
)
from nautilus_trader.execution.reports import FillReport, OrderStatusReport
from nautilus_trader.model.enums import OrderStatus

from adapters.bybit.fetching import FetchingExecutionClient
from adapters.bybit.funding_log import FUNDING, FundingLog
from adapters.bybit.recent import RecentIds
from adapters.bybit.rest import BybitRest, VenueExecution
from nautilus_bot.core.errors import BotError, VenueError

LOOK_UPS: Final = 6
LOOK_UP_SECS: Final = 0.5


class FundingSafeExecutionClient(FetchingExecutionClient):
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
    early: RecentIds
    """Client order ids whose acceptance came before our own word that they were submitted was applied."""

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
        """
        Log what the venue refused; while the node starts, refuse to start on half an account.

        Nautilus's client takes a cancellation for a refusal, and whoever was told to stop would go on.
        """
        if isinstance(e, asyncio.CancelledError):
            raise e
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


def _venue_symbol(report: FillReport) -> str:
    return str(report.instrument_id.symbol.value).removesuffix("-LINEAR")
