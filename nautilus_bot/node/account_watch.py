"""
Watch, while trading, that the venue holds what the ledgers say and that every position has its stop.

What somebody else trades on the account, or closes for us, is noticed within seconds and attributed. A stop
that was cancelled from outside, or lost, is sent again.
"""

import asyncio
from decimal import Decimal
from typing import Final

from nautilus_trader.cache.cache import Cache

from adapters.bybit.rest import BybitRest
from nautilus_bot.core.errors import VenueError
from nautilus_bot.node.attribution import Attribution
from nautilus_bot.node.holdings import Held, fetch_held
from nautilus_bot.node.protect import Protector
from nautilus_bot.risk.context import RiskContext

WATCH_SECS: Final = 1.0
LASTING_CHECKS: Final = 3
"""A difference has to be seen this often, unchanged and with no order on its way, before it counts."""

type Differences = dict[str, Decimal]


class AccountWatch:
    """
    Compare venue and ledgers once in a while.

    Parameters
    ----------
    cache : Cache
        The node's orders and instruments.
    context : RiskContext
        The ledgers.
    attribution : Attribution
        Sets them right.
    protector : Protector
        Protects what is open.
    rest : BybitRest
        Asks the venue, in a thread of its own.
    """

    def __init__(
        self,
        cache: Cache,
        context: RiskContext,
        attribution: Attribution,
        protector: Protector,
        rest: BybitRest,
    ) -> None:
        self._cache = cache
        self._context = context
        self._attribution = attribution
        self._protector = protector
        self._rest = rest
        self._seen: Differences = {}
        self._times = 0

    async def run(self) -> None:
        """Compare until cancelled; a venue that does not answer is asked again."""
        while True:
            await asyncio.sleep(WATCH_SECS)
            try:
                held = await fetch_held(self._rest, self._cache, self._context.marks)
            except VenueError:
                self._times = 0
                continue
            self.compare(held)

    def compare(self, held: Held) -> None:
        """Take one look; act on a difference that has lasted."""
        differences = {
            name: one.quantity - self._context.ledgers.net(name)
            for name, one in held.items()
            if one.quantity != self._context.ledgers.net(name)
        }
        if self._cache.orders_inflight():
            self._times = 0
            return
        self._times = self._times + 1 if differences == self._seen else 1
        self._seen = differences
        if differences and self._times >= LASTING_CHECKS:
            for name in differences:
                self._attribution.settle(name, held[name].quantity, held[name].price, "attribution")
            self._protector.correct()
            self._times = 0
        elif not differences:
            self._protector.repair()
