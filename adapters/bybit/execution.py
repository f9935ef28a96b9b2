"""Nautilus's execution client, with one trap closed: a funding settlement is never taken for a fill."""

import asyncio
from typing import Any

from nautilus_trader.adapters.bybit.execution import BybitExecutionClient
from nautilus_trader.core import nautilus_pyo3
from nautilus_trader.execution.messages import GenerateFillReports
from nautilus_trader.execution.reports import FillReport

from adapters.bybit.rest import BybitRest


class FundingSafeExecutionClient(BybitExecutionClient):
    """
    Pass fills of orders; ask the venue about executions that belong to no order of ours.

    Bybit reports funding on the execution topic and in the execution list. The client's parser drops
    ``execType``, so such a report looks like a fill. Reports without one of our order ids are looked up in
    the venue's list of funding executions, and those that stand there are dropped.
    """

    rest: BybitRest

    def _handle_fill_report_pyo3(self, pyo3_report: nautilus_pyo3.FillReport) -> None:
        report = FillReport.from_pyo3(pyo3_report)
        if not self._is_external_order(report.client_order_id):
            super()._handle_fill_report_pyo3(pyo3_report)
            return
        self.create_task(self._pass_unless_funding(pyo3_report, report), log_msg="check for funding")

    async def _pass_unless_funding(self, pyo3_report: Any, report: FillReport) -> None:
        funding = await self._funding_ids(report.instrument_id.symbol.value)
        if report.trade_id.value in funding:
            self._log.info(f"Dropped funding execution {report.trade_id} of {report.instrument_id}")
            return
        super()._handle_fill_report_pyo3(pyo3_report)

    async def generate_fill_reports(self, command: GenerateFillReports) -> list[FillReport]:
        """Return the venue's executions without funding settlements."""
        reports = await super().generate_fill_reports(command)
        strangers = {r.instrument_id.symbol.value for r in reports if r.client_order_id is None}
        funding: set[str] = set()
        for symbol in sorted(strangers):
            funding |= await self._funding_ids(symbol)
        return [r for r in reports if r.client_order_id is not None or r.trade_id.value not in funding]

    async def _funding_ids(self, symbol: str) -> set[str]:
        return await asyncio.to_thread(self.rest.funding_execution_ids, symbol.removesuffix("-LINEAR"))
