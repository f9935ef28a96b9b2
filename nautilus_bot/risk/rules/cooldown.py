"""Give a strategy a pause in an instrument after its stops were hit. Off by default."""

from bisect import bisect_right

from nautilus_bot.core.clocks import NS_PER_SEC
from nautilus_bot.risk.context import RiskContext
from nautilus_bot.risk.rule import BaseRule, OrderRequest, RuleConfig, Verdict, approved, refused
from nautilus_bot.risk.rules.units import Count, Positive


class CooldownConfig(RuleConfig, frozen=True):
    """
    Configuration of ``Cooldown``.

    Parameters
    ----------
    enabled : bool, default False
        Whether the rule is asked.
    secs : float, default 3600
        How long a filled stop counts, seconds of market time.
    stops : int, default 1
        Filled stops (each partial fill is one) within that time that begin a pause; at most 64.
    """

    enabled: bool = False
    secs: Positive = 3600.0
    stops: Count = 1


class Cooldown(BaseRule):
    """Approve an entry only when fewer stops of its strategy and instrument filled lately."""

    config_type = CooldownConfig

    def __init__(self, config: CooldownConfig) -> None:
        self._window_ns = int(config.secs * NS_PER_SEC)
        self._stops = config.stops

    def check(self, request: OrderRequest, context: RiskContext, /) -> Verdict:
        """Count the stops of the last ``secs``; one exactly that old no longer counts."""
        fills = context.stop_fills.get((request.strategy, request.instrument_id))
        count = len(fills) - bisect_right(fills, request.ts - self._window_ns) if fills else 0
        if count < self._stops:
            return approved(limit=float(self._stops), observed=float(count), unit="stops")
        return refused(
            f"{count} stops within {self._window_ns // NS_PER_SEC} s, a pause begins at {self._stops}",
            limit=float(self._stops),
            observed=float(count),
            unit="stops",
        )
