"""Refuse entries while trading is halted or suspended, the instrument reduce-only, the strategy paused."""

from nautilus_bot.risk.context import RiskContext
from nautilus_bot.risk.rule import BaseRule, OrderRequest, RuleConfig, Verdict, approved, refused

APPROVAL = approved(limit=0.0, observed=0.0, unit="breakers")


class TradingStateConfig(RuleConfig, frozen=True):
    """Configuration of ``TradingState``: nothing but whether it is asked."""


class TradingState(BaseRule):
    """
    Approve an entry only while no breaker is set.

    The reason names the rule or the person behind a halt, so that the refusals each halt led to can be
    counted from the verdicts (``halted by drawdown_halt: ...``).
    """

    config_type = TradingStateConfig

    def check(self, request: OrderRequest, context: RiskContext, /) -> Verdict:
        """Look for a halt, then for a guard, a reduce-only instrument, a paused strategy."""
        breakers = context.breakers
        if not (breakers.halt or breakers.suspended or breakers.reduce_only or breakers.paused):
            return APPROVAL
        halt = breakers.halt
        if halt is not None:
            return _refusal(f"halted by {halt.rule or halt.author}: {halt.reason}")
        for guard, reason in breakers.suspended.items():
            return _refusal(f"entries wait for {guard}: {reason}")
        for scope in ("", request.instrument_id):
            if scope in breakers.reduce_only:
                return _refusal(f"{scope or 'everything'} is reduce-only: {breakers.reduce_only[scope]}")
        for name in (request.strategy, request.strategy_id):
            if name in breakers.paused:
                return _refusal(f"{name} is paused: {breakers.paused[name] or 'no reason given'}")
        return APPROVAL


def _refusal(reason: str) -> Verdict:
    return refused(reason, limit=0.0, observed=1.0, unit="breakers")
