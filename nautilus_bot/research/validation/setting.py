"""What a validation holds fixed: strategy, market, sizing, rules; and the simulations made from it."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from nautilus_bot.research.fast.engine import FastSimulation, bind
from nautilus_bot.research.fast.market import Market
from nautilus_bot.research.fast.rule_setup import RawRules, measure_market
from nautilus_bot.research.fast.rules import MarketMeasures
from nautilus_bot.research.validation.delay import delayed
from strategies.kernels.contract import Kernel
from strategies.kernels.table import KERNELS
from strategies.sizing import SizingLimits

NODE_WARMUP_BARS: Final = 999
"""Bars that a live node fetches before it decides: ``warmup_bars`` of its mode, less the forming one."""


@dataclass(frozen=True, slots=True, eq=False)
class Setting:
    """
    One strategy on one market under one set of conditions.

    Parameters
    ----------
    strategy : str
        Class name.
    market : Market
        Bars, funding and instrument.
    limits : SizingLimits
        Size of entries.
    rules : RawRules
        The ``rules`` array of ``risk_config.json``.
    measures : MarketMeasures
        What the rules know of the market, one row a bar.
    capital_usdt : Decimal
        Starting balance.
    slippage_ticks : int
        How many ticks worse every order fills.
    fee_factor : int
        Multiple of the venue's fees.
    late : bool
        Whether decisions arrive one bar late.
    """

    strategy: str
    market: Market
    limits: SizingLimits
    rules: RawRules
    measures: MarketMeasures
    capital_usdt: Decimal = Decimal(10_000)
    slippage_ticks: int = 0
    fee_factor: int = 1
    late: bool = False

    @property
    def kernel(self) -> Kernel:
        """The strategy's kernel."""
        return KERNELS[self.strategy]

    def on(self, market: Market, rules: RawRules) -> "Setting":
        """Return the same conditions on another market."""
        return replace(self, market=market, rules=rules, measures=measure_market(rules, market))

    def window(self, start: int, stop: int) -> "Setting":
        """Return the bars from ``start`` up to ``stop``; the rules still know what was before them."""
        cut = MarketMeasures._make(column[start:stop] for column in self.measures)
        return replace(self, market=self.market.window(start, stop), measures=cut)

    def closed_until(self, start: int) -> "Setting":
        """Return the same without entries on the first ``start`` bars: the kernel warms up on them."""
        calm = self.measures.calm.copy()
        # what ``volatility`` says of a bar is asked in the simulation whether the rule is on or not
        calm[:start] = 0
        return replace(self, measures=self.measures._replace(calm=calm))

    def simulation(self) -> FastSimulation:
        """Return the simulation of these conditions."""
        return _Conditioned(self)


class _Conditioned(FastSimulation):
    """A fast simulation with other fees, or with decisions that arrive late."""

    def __init__(self, setting: Setting) -> None:
        super().__init__(
            setting.strategy,
            setting.market,
            setting.limits,
            rules=setting.rules,
            capital_usdt=setting.capital_usdt,
            slippage_ticks=setting.slippage_ticks,
            measures=setting.measures,
        )
        venue = self._terms.venue
        factor = setting.fee_factor
        self._terms = self._terms._replace(
            venue=venue._replace(taker_rate=venue.taker_rate * factor, maker_rate=venue.maker_rate * factor)
        )
        if setting.late:
            self.kernel = delayed(self.kernel)
            self._loop = bind(self.kernel.step)


def build_setting(
    strategy: str,
    market: Market,
    limits: SizingLimits,
    rules: RawRules,
    *,
    capital_usdt: Decimal = Decimal(10_000),
    slippage_ticks: int = 0,
) -> Setting:
    """
    Measure the market once and return the setting.

    Raises
    ------
    ConfigError
        If a rule cannot be simulated.
    """
    measures = measure_market(rules, market)
    return Setting(strategy, market, limits, rules, measures, capital_usdt, slippage_ticks)
