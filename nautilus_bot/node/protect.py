"""Give strategies their ledgers and let them protect what is open."""

import time
from collections.abc import Iterable
from typing import Final

from nautilus_trader.cache.cache import Cache
from nautilus_trader.model.objects import Price

from nautilus_bot.node.memory import SessionMemory
from nautilus_bot.risk.context import RiskContext
from strategies.base import SignalStrategy

IDS_AFTER_SESSION: Final = 4
"""Tag, symbol, count and role (see ``core.ids``)."""


class Protector:
    """
    Keep strategies and their exits in step with the ledgers.

    Parameters
    ----------
    strategies : Iterable[object]
        Those of the node; only signal strategies own ledgers.
    cache : Cache
        The node's instruments.
    context : RiskContext
        The ledgers and the market clock.
    memory : SessionMemory
        The latest signals.
    """

    def __init__(
        self,
        strategies: Iterable[object],
        cache: Cache,
        context: RiskContext,
        memory: SessionMemory,
    ) -> None:
        self._strategies = [one for one in strategies if isinstance(one, SignalStrategy)]
        self._cache = cache
        self._context = context
        self._memory = memory

    def restore(self) -> None:
        """Let every strategy take up its state, and protect it, in one step of the loop."""
        for strategy in self._strategies:
            strategy.restore(
                self._memory.signals_of(strategy.id.value),
                self._context.ledgers.quantity(strategy.id.value, strategy.instrument_id.value),
            )
        self.repair()

    def correct(self) -> None:
        """Hand out ledgers that were set right, and protect what they leave."""
        for strategy in self._strategies:
            strategy.correct(self._context.ledgers.quantity(strategy.id.value, strategy.instrument_id.value))
        self.repair()

    def repair(self) -> None:
        """Send what protection lacks; does nothing when nothing lacks."""
        now_ns = time.time_ns()
        for strategy in self._strategies:
            strategy.repair(self._price(strategy), self._context.clock.now_ns, now_ns)

    def owner(self, tag: str, symbol: str) -> SignalStrategy | None:
        """Return the strategy whose ids bear a tag and a symbol."""
        wanted = (tag, symbol)
        return next((one for one in self._strategies if (one.tag, one.symbol) == wanted), None)

    def owner_of(self, client_order_id: str) -> SignalStrategy | None:
        """Return the strategy that an order id of ours names; None for any other id."""
        session, *named = client_order_id.split("-")
        if len(named) != IDS_AFTER_SESSION or not session.isalnum():
            return None
        return self.owner(named[0], named[1])

    def _price(self, strategy: SignalStrategy) -> Price:
        instrument = self._cache.instrument(strategy.instrument_id)
        return instrument.make_price(self._context.marks.get(strategy.instrument_id.value, 0.0))
