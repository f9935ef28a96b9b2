"""Halt trading until the next UTC day when the day has lost too much."""

from nautilus_bot.core.clocks import next_utc_day
from nautilus_bot.core.messages import TradingHalted
from nautilus_bot.risk.context import RiskContext
from nautilus_bot.risk.rule import BaseRule, OrderRequest, RuleConfig, Verdict, approved, refused
from nautilus_bot.risk.rules.units import Percent

NAME = "daily_loss"


class DailyLossConfig(RuleConfig, frozen=True):
    """
    Configuration of ``DailyLoss``.

    Parameters
    ----------
    limit_pct : float, default 5
        Loss since the start of the UTC day at which trading halts, percent of that moment's equity.
    """

    limit_pct: Percent = 5.0


class DailyLoss(BaseRule):
    """Latch a halt until the next UTC day at the limit; open and closed losses count alike."""

    config_type = DailyLossConfig

    def __init__(self, config: DailyLossConfig) -> None:
        self._limit_pct = config.limit_pct

    def check(self, _request: OrderRequest, context: RiskContext, /) -> Verdict:
        """Refuse at the limit even before the halt is latched."""
        observed = context.daily_loss_pct
        if observed < self._limit_pct:
            return approved(limit=self._limit_pct, observed=observed, unit="pct")
        return refused(
            f"the day's loss {observed:.2f} % >= {self._limit_pct:g} %",
            limit=self._limit_pct,
            observed=observed,
            unit="pct",
        )

    def watch(self, context: RiskContext, /) -> TradingHalted | None:
        """Return a halt once the day's loss reaches the limit."""
        observed = context.daily_loss_pct
        if observed < self._limit_pct:
            return None
        now_ns = context.clock.now_ns
        return TradingHalted(
            ts_event=now_ns,
            rule=NAME,
            reason=f"{observed:.2f} % of the day's {context.day_start_usdt:.2f} USDT lost,"
            f" the limit is {self._limit_pct:g} %",
            until_ns=next_utc_day(now_ns),
        )
