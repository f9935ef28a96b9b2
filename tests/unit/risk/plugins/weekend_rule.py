"""A rule from outside the package, as a user would write one."""

from nautilus_bot.core.clocks import utc_day
from nautilus_bot.risk.context import RiskContext
from nautilus_bot.risk.rule import BaseRule, OrderRequest, RuleConfig, Verdict, approved, refused


class NoWeekendConfig(RuleConfig, frozen=True):
    """Days of the week, Monday is 0, on which no entry passes."""

    days: tuple[int, ...] = (5, 6)


class NoWeekend(BaseRule):
    """Approve an entry only on a working day."""

    config_type = NoWeekendConfig

    def __init__(self, config: NoWeekendConfig) -> None:
        self._days = config.days

    def check(self, request: OrderRequest, _context: RiskContext, /) -> Verdict:
        """Compare the day of the week (1970-01-01 was a Thursday)."""
        weekday = (utc_day(request.ts) + 3) % 7
        if weekday not in self._days:
            return approved(observed=float(weekday), unit="weekday")
        return refused("no entries at the weekend", limit=5.0, observed=float(weekday), unit="weekday")


class NotARule:
    """Has no configuration."""
