"""The way from paper to live: what may trade, and on how much capital, at the step in force."""

from nautilus_bot.risk.context import RiskContext
from nautilus_bot.risk.rule import BaseRule, OrderRequest, RuleConfig, Verdict, approved, refused
from nautilus_bot.risk.rules.units import Positive


class TransitionConfig(RuleConfig, frozen=True):
    """
    Configuration of ``Transition``; live mode fills it from the step in force.

    Parameters
    ----------
    step : str
        Name of the step.
    capital_cap_usdt : float
        Capital that positions may stand on, USDT.
    leverage_cap : float, default 3
        Notional allowed per unit of that capital.
    symbols, strategies : tuple[str, ...]
        What may open risk; empty is everything.
    """

    step: str = "first"
    capital_cap_usdt: Positive = 100.0
    leverage_cap: Positive = 3.0
    symbols: tuple[str, ...] = ()
    strategies: tuple[str, ...] = ()


class Transition(BaseRule):
    """Approve an entry only within the step's symbols, strategies and capital."""

    config_type = TransitionConfig

    def __init__(self, config: TransitionConfig) -> None:
        self._config = config
        self._limit = config.capital_cap_usdt * config.leverage_cap

    def check(self, request: OrderRequest, context: RiskContext, /) -> Verdict:
        """Compare strategy, symbol and gross notional after the order with the step."""
        config = self._config
        gross = context.gross_usdt() + request.notional_usdt
        symbol = request.instrument_id.partition("-")[0]
        if config.strategies and request.strategy not in config.strategies:
            reason = f"step {config.step!r} does not let {request.strategy} trade"
        elif config.symbols and symbol not in config.symbols:
            reason = f"step {config.step!r} does not let {symbol} trade"
        elif gross > self._limit:
            reason = f"step {config.step!r} allows {self._limit:g} USDT of positions, {gross:.2f} asked"
        else:
            return approved(limit=self._limit, observed=gross, unit="usdt")
        return refused(reason, limit=self._limit, observed=gross, unit="usdt")
