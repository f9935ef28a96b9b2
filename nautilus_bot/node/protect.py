"""
Give strategies their ledgers and let them protect what is open.

No event of the journal says when this happens, so it is recorded itself, behind what it did: a replay then
does it at the same place. A look that finds nothing to do leaves no entry.
"""

import time
from collections.abc import Iterable
from typing import Final

from nautilus_trader.cache.cache import Cache
from nautilus_trader.common.component import MessageBus
from nautilus_trader.model.objects import Price

from nautilus_bot.core import topics
from nautilus_bot.core.session_state import ProtectionRepaired, RepairCause
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
    bus : MessageBus
        Where it is recorded, and where commands leave.
    """

    def __init__(
        self,
        strategies: Iterable[object],
        cache: Cache,
        context: RiskContext,
        memory: SessionMemory,
        bus: MessageBus,
    ) -> None:
        self._strategies = [one for one in strategies if isinstance(one, SignalStrategy)]
        self._cache = cache
        self._context = context
        self._memory = memory
        self._bus = bus

    def restore(self) -> None:
        """Let every strategy take up its state, and protect it, in one step of the loop."""
        self._note("restored", always=True)

    def correct(self, apart_from: Iterable[str] = ()) -> None:
        """Hand out ledgers that were set right, and protect what they leave, but for some instruments."""
        self._note("corrected", apart_from, always=True)

    def repair(self, apart_from: Iterable[str] = ()) -> None:
        """Send what protection lacks, but for some instruments; does nothing when nothing lacks."""
        self._note("repaired", apart_from)

    def repeat(self, recorded: ProtectionRepaired) -> None:
        """Do what a session did."""
        self._do(recorded.cause, recorded.wall_ns, recorded.apart_from)

    def _note(self, cause: RepairCause, apart_from: Iterable[str] = (), *, always: bool = False) -> None:
        wall_ns, before, apart = time.time_ns(), self._messages, tuple(sorted(apart_from))
        self._do(cause, wall_ns, apart)
        if always or self._messages != before:
            now_ns = self._context.clock.now_ns
            done = ProtectionRepaired(ts_event=now_ns, cause=cause, wall_ns=wall_ns, apart_from=apart)
            self._bus.publish(topics.STATE + "protection", done)

    @property
    def _messages(self) -> int:
        """Commands and facts so far: whoever did something said something."""
        return int(self._bus.sent_count + self._bus.pub_count)

    def _do(self, cause: RepairCause, wall_ns: int, apart_from: tuple[str, ...]) -> None:
        concerned = [one for one in self._strategies if one.instrument_id.value not in apart_from]
        for strategy in concerned:
            net = self._context.ledgers.quantity(strategy.id.value, strategy.instrument_id.value)
            if cause == "restored":
                strategy.restore(self._memory.signals_of(strategy.id.value), net)
            elif cause == "corrected":
                strategy.correct(net)
        for strategy in concerned:
            strategy.repair(self._price(strategy), self._context.clock.now_ns, wall_ns)

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
