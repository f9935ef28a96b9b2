"""Refuse a second entry while the first has not ended, and any client order id that was used before."""

from nautilus_bot.core import ids
from nautilus_bot.core.messages import RiskVerdict
from nautilus_bot.risk.context import RiskContext
from nautilus_bot.risk.rule import BaseRule, OrderRequest, RuleConfig, Verdict, approved, refused

APPROVAL = approved(limit=0.0, observed=0.0, unit="orders")


class InFlightConfig(RuleConfig, frozen=True):
    """Configuration of ``InFlight``: nothing but whether it is asked."""


class InFlight(BaseRule):
    """
    Approve an entry only when its ledger has none under way.

    An order whose fate is unknown is under way: a strategy must never repeat it. The ids of approved
    entries are remembered for the run; they are unique for the life of the account.
    """

    config_type = InFlightConfig

    def __init__(self, config: InFlightConfig) -> None:
        super().__init__(config)
        self._used: set[str] = set()

    def check(self, request: OrderRequest, context: RiskContext, /) -> Verdict:
        """Look for the same id, then for an entry of the same strategy and instrument."""
        if request.client_order_id in self._used:
            return _refusal(f"client order id {request.client_order_id} was used before")
        for entry in context.reservations.entries():
            if entry.strategy_id == request.strategy_id and entry.instrument_id == request.instrument_id:
                return _refusal(f"an entry over {entry.leaves} has not ended yet")
        return APPROVAL

    def observe(self, verdict: RiskVerdict, /) -> None:
        """Remember the ids of approved entries."""
        if verdict.approved and verdict.role == ids.ENTRY:
            self._used.add(verdict.client_order_id)


def _refusal(reason: str) -> Verdict:
    return refused(reason, limit=0.0, observed=1.0, unit="orders")
