"""Halt trading when equity has fallen too far below its peak, open losses included."""

from typing import Literal, Self

import msgspec

from nautilus_bot.core.clocks import next_utc_day
from nautilus_bot.core.messages import TradingHalted
from nautilus_bot.risk.context import RiskContext
from nautilus_bot.risk.rule import BaseRule, OrderRequest, RuleConfig, Verdict, approved, refused
from nautilus_bot.risk.rules.units import Percent

NAME = "drawdown_halt"
type Resume = Literal["mode", "next_utc_day", "operator"]


class DrawdownHaltConfig(RuleConfig, frozen=True):
    """
    Configuration of ``DrawdownHalt``.

    Parameters
    ----------
    limit_pct : float, default 10
        Drawdown at which trading halts, percent of the highest equity.
    resume : {"mode", "next_utc_day", "operator"}, default "mode"
        When the halt ends; ``mode`` means the next UTC day in a backtest and the operator otherwise.
    """

    limit_pct: Percent = 10.0
    resume: Resume = "mode"

    def in_mode(self, *, lift_next_day: bool) -> Self:
        """Return the configuration with ``resume`` as the mode has it."""
        if self.resume != "mode":
            return self
        return msgspec.structs.replace(self, resume="next_utc_day" if lift_next_day else "operator")


class DrawdownHalt(BaseRule):
    """
    Latch a halt at the limit; a lifted halt begins a new peak.

    Closed and open losses count alike: equity is balance plus open profit and loss. Exits still pass.
    """

    config_type = DrawdownHaltConfig

    def __init__(self, config: DrawdownHaltConfig) -> None:
        self._limit_pct = config.limit_pct
        self._resume = config.resume

    def check(self, _request: OrderRequest, context: RiskContext, /) -> Verdict:
        """Refuse at the limit even before the halt is latched."""
        observed = context.drawdown_pct
        if observed < self._limit_pct:
            return approved(limit=self._limit_pct, observed=observed, unit="pct")
        return refused(
            f"drawdown {observed:.2f} % >= {self._limit_pct:g} %",
            limit=self._limit_pct,
            observed=observed,
            unit="pct",
        )

    def watch(self, context: RiskContext, /) -> TradingHalted | None:
        """Return a halt once the drawdown reaches the limit."""
        observed = context.drawdown_pct
        if observed < self._limit_pct:
            return None
        now_ns = context.clock.now_ns
        lifts = self._resume == "next_utc_day"
        return TradingHalted(
            ts_event=now_ns,
            rule=NAME,
            reason=f"drawdown {observed:.2f} % of the peak {context.peak_usdt:.2f} USDT,"
            f" the limit is {self._limit_pct:g} %",
            until_ns=next_utc_day(now_ns) if lifts else 0,
        )
