"""Cap gross and net exposure as multiples of equity, in-flight entries included."""

from math import fsum

from nautilus_bot.risk.context import RiskContext
from nautilus_bot.risk.rule import BaseRule, OrderRequest, RuleConfig, Verdict, approved, refused
from nautilus_bot.risk.rules.units import Positive


class ExposureConfig(RuleConfig, frozen=True):
    """
    Configuration of ``Exposure``.

    Parameters
    ----------
    gross : float, default 6
        Largest sum of all ledgers' absolute notional, multiples of equity. Opposite positions of two
        strategies count twice: when one exits, the other stands alone.
    net : float, default 3
        Largest absolute sum of signed notional, multiples of equity.
    """

    gross: Positive = 6.0
    net: Positive = 3.0


class Exposure(BaseRule):
    """Approve an entry only when gross and net exposure after it are within their limits."""

    config_type = ExposureConfig

    def __init__(self, config: ExposureConfig) -> None:
        self._gross = config.gross
        self._net = config.net

    def check(self, request: OrderRequest, context: RiskContext, /) -> Verdict:
        """Compare exposure after the order with equity."""
        equity = context.equity_usdt
        notional = request.notional_usdt
        if equity <= 0.0 or notional == 0.0:
            reason = "there is no equity" if equity <= 0.0 else "no price is known yet"
            return refused(reason, limit=self._gross, observed=0.0, unit="ratio")
        gross = (context.gross_usdt() + notional) / equity
        if gross > self._gross:
            return _refusal("gross", gross, self._gross)
        net = abs(fsum((*context.exposures().values(), request.sign * notional))) / equity
        if net > self._net:
            return _refusal("net", net, self._net)
        return approved(limit=self._gross, observed=gross, unit="ratio")


def _refusal(kind: str, observed: float, limit: float) -> Verdict:
    return refused(
        f"{kind} exposure {observed:.2f} times equity > {limit:g}",
        limit=limit,
        observed=observed,
        unit="ratio",
    )
