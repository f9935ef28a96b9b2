"""Cap the entries of a rolling hour of market time, in all and per strategy."""

from bisect import bisect_right

from nautilus_bot.core import ids
from nautilus_bot.core.clocks import NS_PER_HOUR
from nautilus_bot.core.messages import RiskVerdict
from nautilus_bot.risk.context import RiskContext
from nautilus_bot.risk.rule import BaseRule, OrderRequest, RuleConfig, Verdict, approved, refused
from nautilus_bot.risk.rules.units import Count

ALL = ""


class HourlyCapConfig(RuleConfig, frozen=True):
    """
    Configuration of ``HourlyCap``.

    Parameters
    ----------
    total : int, default 15
        Most entries of all strategies within an hour.
    per_strategy : int, default 3
        Most entries of one strategy (class name, all its instruments) within an hour.
    """

    total: Count = 15
    per_strategy: Count = 3


class HourlyCap(BaseRule):
    """
    Approve an entry only while the hour before it holds fewer than the cap.

    What counts are approved entries, whether or not the venue filled them; refusals, exits and signals
    do not. An entry exactly one hour old no longer counts.
    """

    config_type = HourlyCapConfig

    def __init__(self, config: HourlyCapConfig) -> None:
        self._total = config.total
        self._per_strategy = config.per_strategy
        self._times: dict[str, list[int]] = {ALL: []}

    def check(self, request: OrderRequest, _context: RiskContext, /) -> Verdict:
        """Count this entry with those of the last hour."""
        since = request.ts - NS_PER_HOUR
        own = 1 + self._count(request.strategy, since)
        if own > self._per_strategy:
            return _refusal(f"of {request.strategy}", own, self._per_strategy)
        everyone = 1 + self._count(ALL, since)
        if everyone > self._total:
            return _refusal("of all strategies", everyone, self._total)
        return approved(limit=float(self._per_strategy), observed=float(own), unit="entries")

    def observe(self, verdict: RiskVerdict, /) -> None:
        """Remember when entries were approved, for an hour."""
        if not verdict.approved or verdict.role != ids.ENTRY:
            return
        for name in (ALL, verdict.strategy):
            times = self._times.setdefault(name, [])
            del times[: bisect_right(times, verdict.ts_event - NS_PER_HOUR)]
            times.append(verdict.ts_event)

    def _count(self, name: str, since: int) -> int:
        times = self._times.get(name)
        return len(times) - bisect_right(times, since) if times else 0


def _refusal(whose: str, count: int, cap: int) -> Verdict:
    return refused(
        f"entry {count} {whose} within an hour, the cap is {cap}",
        limit=float(cap),
        observed=float(count),
        unit="entries",
    )
