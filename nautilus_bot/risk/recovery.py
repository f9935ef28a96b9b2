"""Bring context and rules back to where a journal left them: a restart forgets no breaker."""

from collections.abc import Iterable, Sequence

from nautilus_bot.core.messages import EquityMarked, Message, RiskVerdict, TradingResumed
from nautilus_bot.risk.context import RiskContext
from nautilus_bot.risk.rule import Rule


def restore(facts: Iterable[Message], context: RiskContext, rules: Sequence[tuple[str, Rule]]) -> None:
    """
    Fold recorded facts, in the order of the journal; facts of other kinds are ignored.

    Ledgers come back from fills (``RiskContext.on_fill``), not from here.

    Parameters
    ----------
    facts : Iterable[Message]
        Verdicts, equity marks, and what set and lifted breakers.
    context : RiskContext
        Gets equity, its peak, the day's start and the breakers.
    rules : Sequence[tuple[str, Rule]]
        Observe every verdict, as they did live.
    """
    for fact in facts:
        if isinstance(fact, RiskVerdict):
            for _, rule in rules:
                rule.observe(fact)
        elif isinstance(fact, EquityMarked):
            context.restore_equity(fact)
        else:
            lifted = context.breakers.halt
            context.breakers.apply(fact)
            if isinstance(fact, TradingResumed):
                context.on_resumed(lifted)
