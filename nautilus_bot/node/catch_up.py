"""Fetch what the private stream may not have brought: fills, ends of orders, funding, balances."""

import asyncio

from nautilus_trader.cache.cache import Cache
from nautilus_trader.model.identifiers import ClientOrderId, TradeId

from adapters.bybit.execution import FundingSafeExecutionClient
from adapters.bybit.fetching import may_lack_fills
from adapters.bybit.funding_log import FUNDING
from adapters.bybit.rest import BybitRest, VenueExecution


class CatchUp:
    """
    Bring the node's orders and account up to the venue's.

    Executions are applied to the order that their ``orderLinkId`` names, with the venue's price and fee, as
    if the stream had brought them; what is known already changes nothing.

    Parameters
    ----------
    client : FundingSafeExecutionClient
        Hands what is fetched to the engine.
    cache : Cache
        The node's orders.
    rest : BybitRest
        Asks the venue, in a thread.
    """

    def __init__(self, client: FundingSafeExecutionClient, cache: Cache, rest: BybitRest) -> None:
        self._client = client
        self._cache = cache
        self._rest = rest

    async def fetch(self, *, excuse_stream: bool = False) -> int:
        """
        Fetch everything.

        Parameters
        ----------
        excuse_stream : bool, default False
            Whether it is known why the private stream did not bring it: the liveness monitor then does not
            hold it against the stream that is there now.

        Returns
        -------
        int
            Fills that were missing.

        Raises
        ------
        VenueError, AuthFailed, VenueTimeout
            If the venue does not answer; ask again.
        """
        fills = await self._fetch_orders(excuse_stream=excuse_stream)
        await self._client.fetch_account()
        return fills

    async def _fetch_orders(self, *, excuse_stream: bool) -> int:
        """Fetch settlements, executions that no order has, and the state of orders that may still fill."""
        executions = await asyncio.to_thread(self._rest.executions)
        for one in reversed(executions):
            if one.kind == FUNDING:
                self._client.funding.tell(one)
        missing = {one.exec_id for one in executions if self._is_missing(one)}
        live = {order.client_order_id.value for order in self._cache.orders_open()}
        live |= {order.client_order_id.value for order in self._cache.orders_inflight()}
        if excuse_stream:
            for one in (*(execution.exec_id for execution in executions), *live):
                self._client.arrived.add(one)
        if missing or live:
            await self._client.fetch(missing | live)
        return len(missing)

    def _is_missing(self, execution: VenueExecution) -> bool:
        if execution.kind == FUNDING or not execution.order_link_id:
            return False
        order = self._cache.order(ClientOrderId(execution.order_link_id))
        # an order that is full has its fills, inferred ones under another id
        return (
            order is not None and may_lack_fills(order) and TradeId(execution.exec_id) not in order.trade_ids
        )
