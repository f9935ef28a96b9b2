"""Cap what may be held of one symbol, by one strategy and by all of them."""

import msgspec

from nautilus_bot.risk.context import RiskContext
from nautilus_bot.risk.rule import BaseRule, OrderRequest, RuleConfig, Verdict, approved, refused
from nautilus_bot.risk.rules.units import Positive


class MaxPositionConfig(RuleConfig, frozen=True):
    """
    Configuration of ``MaxPosition``; of the limits that are given for a scope, the tightest holds.

    Parameters
    ----------
    symbol_pct, symbol_usdt : float | None, default 300 percent of equity and none
        Largest absolute net position of all strategies in a symbol, in-flight entries included.
    strategy_pct, strategy_usdt : float | None, default 300 percent of equity and none
        Largest absolute position of one strategy in a symbol, in-flight entries included.
    usdt_by_symbol, usdt_by_strategy : dict[str, float]
        Further limits for single symbols (``BTCUSDT``) and strategies (class name).
    """

    symbol_pct: Positive | None = 300.0
    symbol_usdt: Positive | None = None
    strategy_pct: Positive | None = 300.0
    strategy_usdt: Positive | None = None
    usdt_by_symbol: dict[str, Positive] = msgspec.field(default_factory=dict)
    usdt_by_strategy: dict[str, Positive] = msgspec.field(default_factory=dict)


class MaxPosition(BaseRule):
    """Approve an entry only when the position it leads to is within the limits."""

    config_type = MaxPositionConfig

    def __init__(self, config: MaxPositionConfig) -> None:
        self._config = config

    def check(self, request: OrderRequest, context: RiskContext, /) -> Verdict:
        """Compare strategy's and symbol's position after the order with their limits, USDT."""
        config = self._config
        equity = context.equity_usdt
        order = request.sign * request.notional_usdt
        if order == 0.0:
            return refused("no price is known yet", limit=0.0, observed=0.0, unit="usdt")
        limit = _tightest(
            config.strategy_usdt, config.strategy_pct, config.usdt_by_strategy.get(request.strategy), equity
        )
        held = context.position_usdt(request.strategy_id, request.instrument_id)
        own = abs(held + order)
        if limit is not None and own > limit:
            return _refusal(request.strategy, request, own, limit)
        symbol = request.instrument_id.partition("-")[0].partition(".")[0]
        limit = _tightest(config.symbol_usdt, config.symbol_pct, config.usdt_by_symbol.get(symbol), equity)
        net = abs(context.exposures().get(request.instrument_id, 0.0) + order)
        if limit is not None and net > limit:
            return _refusal("all strategies", request, net, limit)
        return approved(limit=limit, observed=net, unit="usdt")


def _tightest(usdt: float | None, pct: float | None, named_usdt: float | None, equity: float) -> float | None:
    limit = usdt
    if pct is not None:
        of_equity = max(equity, 0.0) * pct / 100.0
        limit = of_equity if limit is None else min(limit, of_equity)
    if named_usdt is not None:
        limit = named_usdt if limit is None else min(limit, named_usdt)
    return limit


def _refusal(whose: str, request: OrderRequest, observed: float, limit: float) -> Verdict:
    return refused(
        f"{whose} would hold {observed:.2f} USDT of {request.instrument_id}, the limit is {limit:.2f}",
        limit=limit,
        observed=observed,
        unit="usdt",
    )
