"""Bring context and rules back to where a journal left them: a restart forgets no breaker."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, Final

from nautilus_trader.model.data import Bar
from nautilus_trader.model.events import AccountState, OrderEvent

from nautilus_bot.core.messages import (
    EntriesAllowed,
    EntriesSuspended,
    FormingBar,
    MarketMarked,
    RiskVerdict,
    StrategyPaused,
    StrategyResumed,
    TradingHalted,
    TradingReduceOnly,
    TradingResumed,
    WarmupBars,
)
from nautilus_bot.core.session_state import ExternalAssigned, LedgerCorrected
from nautilus_bot.risk.context import RiskContext
from nautilus_bot.risk.rule import Rule
from nautilus_bot.risk.watch import MarketWatch

TRADING_FACTS: Final = (
    TradingHalted,
    TradingResumed,
    TradingReduceOnly,
    EntriesSuspended,
    EntriesAllowed,
    StrategyPaused,
    StrategyResumed,
    ExternalAssigned,
)
INPUTS: Final = (MarketMarked, WarmupBars, FormingBar)


class RiskFold:
    """
    Give a risk context recorded messages in the order of their journal.

    What was recorded is what the context saw, so it ends where it was: ledgers, equity, its peak, the day's
    start, breakers, pauses and hourly counters. What rules concluded was recorded too, and is not concluded
    again.

    Parameters
    ----------
    context : RiskContext
        One that has seen nothing, or a restored snapshot.
    rules : Sequence[tuple[str, Rule]]
        Observe every verdict, as they did live.
    """

    def __init__(self, context: RiskContext, rules: Sequence[tuple[str, Rule]]) -> None:
        watch = _SilentWatch(None, context, rules)
        self._handlers: tuple[tuple[type | tuple[type, ...], Callable[[Any], None]], ...] = (
            (MarketMarked, watch.on_input),
            (Bar, watch.on_bar),
            (OrderEvent, watch.on_order_event),
            (AccountState, watch.on_account),
            (RiskVerdict, watch.on_verdict),
            (INPUTS, watch.on_input),
            (TRADING_FACTS, watch.on_trading_fact),
            (LedgerCorrected, lambda correction: apply_correction(context, correction)),
        )

    def apply(self, message: Any) -> None:
        """Fold one message; types that risk does not look at are ignored."""
        for types, handle in self._handlers:
            if isinstance(message, types):
                handle(message)
                return


def apply_correction(context: RiskContext, correction: LedgerCorrected) -> None:
    """Book a correction into a ledger; it costs no fee."""
    context.on_fill(
        correction.strategy_id,
        correction.instrument_id,
        Decimal(correction.quantity),
        Decimal(correction.price),
        Decimal(0),
        traded=correction.traded,
    )


class _SilentWatch(MarketWatch):
    """The watch that fed the context live, without conclusions of its own: those are in the journal."""

    def _ask_watchers(self) -> None:
        """Ask nobody."""

    def _publish(self, fact: Any) -> None:
        """Say nothing."""

    def _publish_equity(self) -> None:
        """Say nothing."""
