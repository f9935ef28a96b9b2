"""What reconciliation makes of the venue's reports, where Nautilus's own way would lose a fill or its fee."""

from nautilus_trader.cache.cache import Cache
from nautilus_trader.execution.reports import FillReport, OrderStatusReport
from nautilus_trader.live.execution_engine import LiveExecutionEngine

from adapters.bybit.execution import FundingSafeExecutionClient
from adapters.bybit.fetching import may_lack_fills


def keep_every_lifecycle(engine: LiveExecutionEngine) -> None:
    """
    Let reconciliation apply all fills that the venue reports.

    Nautilus drops those before the venue's net position was last flat. Our strategies share that position and
    are flat at moments of their own, so a fill dropped would be a fill lost.
    """
    engine._adjust_mass_status_fills = _keep_all


def _keep_all(_mass_status: object) -> None:
    """Change nothing."""


def fetch_fills_with_orders(
    engine: LiveExecutionEngine, client: FundingSafeExecutionClient, cache: Cache
) -> None:
    """
    From now on fetch an order together with its executions when a report of it alone tells of unknown fills.

    Nautilus would infer them from the order, in one piece and without a fee, and forget those of an order
    that was cancelled. While it starts that is still the better way: what is older than the venue's list of
    executions cannot be fetched.
    """
    reconcile = engine._reconcile_order_report
    lacking: set[str] = set()

    async def fetch_all() -> None:
        names = set(lacking)
        lacking.clear()
        await client.fetch(names)

    def with_fills(report: OrderStatusReport, trades: list[FillReport], is_external: bool = True) -> bool:
        if trades or not is_external or not _lacks_fills(cache, report):
            return bool(reconcile(report, trades, is_external))
        # one list of orders is reconciled in one turn of the loop: what it tells is one fetch
        if not lacking:
            client.create_task(fetch_all(), log_msg="fetch fills")
        lacking.add(report.client_order_id.value)
        return True

    engine._reconcile_order_report = with_fills


def _lacks_fills(cache: Cache, report: OrderStatusReport) -> bool:
    order = cache.order(report.client_order_id) if report.client_order_id is not None else None
    return order is not None and may_lack_fills(order) and report.filled_qty > order.filled_qty
