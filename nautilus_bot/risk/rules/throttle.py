"""Keep a pause of market time between a strategy's entries."""

from typing import Literal

import msgspec

from nautilus_bot.core import ids
from nautilus_bot.core.clocks import NS_PER_SEC
from nautilus_bot.core.messages import RiskVerdict
from nautilus_bot.risk.context import RiskContext
from nautilus_bot.risk.rule import BaseRule, OrderRequest, RuleConfig, Verdict, approved, refused
from nautilus_bot.risk.rules.units import NotNegative

type Scope = Literal["strategy", "strategy_symbol"]


class ThrottleConfig(RuleConfig, frozen=True):
    """
    Configuration of ``Throttle``.

    Parameters
    ----------
    secs : float, default 30
        Shortest time between two approved entries, seconds of market time.
    scope : {"strategy", "strategy_symbol"}, default "strategy_symbol"
        Whether all instruments of a strategy share one pause. Bars of several instruments close at the
        same instant: a shared pause would then trade only the first of them.
    secs_by_strategy : dict[str, float]
        Another pause for single strategies, by class name.
    """

    secs: NotNegative = 30.0
    scope: Scope = "strategy_symbol"
    secs_by_strategy: dict[str, NotNegative] = msgspec.field(default_factory=dict)


class Throttle(BaseRule):
    """Approve an entry only when the last approved one of its scope is long enough ago."""

    config_type = ThrottleConfig

    def __init__(self, config: ThrottleConfig) -> None:
        self._secs = config.secs
        self._secs_by_strategy = config.secs_by_strategy
        self._by_symbol = config.scope == "strategy_symbol"
        self._last_ns: dict[tuple[str, str], int] = {}

    def check(self, request: OrderRequest, _context: RiskContext, /) -> Verdict:
        """Compare the time since the last approved entry with the pause."""
        limit = self._secs_by_strategy.get(request.strategy, self._secs)
        last_ns = self._last_ns.get(self._key(request.strategy, request.instrument_id))
        if last_ns is None:
            return approved(limit=limit, unit="secs")
        elapsed = (request.ts - last_ns) / NS_PER_SEC
        if elapsed >= limit:
            return approved(limit=limit, observed=elapsed, unit="secs")
        return refused(
            f"{elapsed:.1f} s after the last entry, the pause is {limit:g} s",
            limit=limit,
            observed=elapsed,
            unit="secs",
        )

    def observe(self, verdict: RiskVerdict, /) -> None:
        """Remember when an entry was last approved."""
        if verdict.approved and verdict.role == ids.ENTRY:
            self._last_ns[self._key(verdict.strategy, verdict.instrument_id)] = verdict.ts_event

    def _key(self, strategy: str, instrument_id: str) -> tuple[str, str]:
        return strategy, instrument_id if self._by_symbol else ""
