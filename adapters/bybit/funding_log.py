"""Funding settlements of the account: each told once, and never as a fill."""

import time
from collections.abc import Callable
from decimal import Decimal

from adapters.bybit.rest import VenueExecution

FUNDING = "Funding"

type OnFunding = Callable[[str, str, Decimal, int, Decimal, Decimal], None]
"""
Called with symbol, execution id, amount in USDT (positive is received), time (ns UTC, wall clock), rate (a
ratio of the value) and mark price.
"""


class FundingLog:
    """
    Hand settlements on, each once.

    Parameters
    ----------
    on_funding : OnFunding | None
        Who wants to know; may be set later.
    since_ns : int | None
        Settlements before this time (ns UTC) are taken as told by an earlier run; now by default.
    """

    def __init__(self, on_funding: OnFunding | None = None, since_ns: int | None = None) -> None:
        self.on_funding = on_funding
        self.since_ns = time.time_ns() if since_ns is None else since_ns
        self._told: set[str] = set()

    def tell(self, execution: VenueExecution) -> None:
        """Tell a settlement unless it was told before."""
        if execution.exec_id in self._told or execution.ts < self.since_ns or self.on_funding is None:
            return
        self._told.add(execution.exec_id)
        self.on_funding(
            execution.symbol,
            execution.exec_id,
            -execution.fee,
            execution.ts,
            execution.fee_rate,
            execution.price,
        )
