"""What a search maximises: one strategy, or several as one portfolio, on the fast simulation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

import msgspec
import numpy as np

from nautilus_bot.core.errors import DataError
from nautilus_bot.research.fast.engine import FastSimulation
from nautilus_bot.research.fast.market import Market
from nautilus_bot.research.fast.rule_setup import RawRules, measure_market
from nautilus_bot.research.fast.rules import MarketMeasures
from nautilus_bot.research.optimize.score import (
    Calendar,
    Figures,
    Floats,
    Ints,
    build_calendar,
    measure,
    measure_slices,
)
from strategies.kernels.table import KERNELS
from strategies.sizing import SizingLimits

type Parameters = Mapping[str, float]

WEIGHT: Final = "weight"
"""Name of a strategy's weight among the parameters of a portfolio."""
MIN_BARS: Final = 500
"""Fewer bars than this say nothing about a strategy."""


@dataclass(frozen=True, slots=True, eq=False)
class Leg:
    """
    One strategy on one market.

    Parameters
    ----------
    strategy : str
        Class name.
    market : Market
        Bars, funding, instrument.
    limits : SizingLimits
        Size of its entries.
    """

    strategy: str
    market: Market
    limits: SizingLimits


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """
    What came of one set of parameters on one stretch of time.

    Parameters
    ----------
    figures : Figures
        Of the account.
    slices : tuple[float, ...]
        Change of equity within each time slice, percent of the capital.
    """

    figures: Figures
    slices: tuple[float, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Objective:
    """
    Evaluate parameters; it travels to worker processes whole, and compiles there.

    Every leg begins with the whole capital and sizes by its own balance; the account is the capital plus the
    gains of all legs. What legs take from each other is the node's business, where finalists are confirmed.

    Parameters
    ----------
    legs : tuple[Leg, ...]
        Strategies on markets; all markets within the same period.
    rules : RawRules
        The ``rules`` array of ``risk_config.json``.
    capital_usdt : Decimal
        Starting balance.
    slippage_ticks : int, default 0
        How many ticks worse every order fills.
    slices : int, default 4
        Into how many stretches of time a result is divided, for pruning and for the report.
    weighted : bool, default False
        Whether parameters are named ``<strategy>.<parameter>`` and each strategy has a weight.
    """

    legs: tuple[Leg, ...]
    rules: RawRules
    capital_usdt: Decimal
    slippage_ticks: int = 0
    slices: int = 4
    weighted: bool = False
    _built: dict[int, "_Stage"] = field(default_factory=dict, init=False, repr=False)

    def __getstate__(self) -> tuple[object, ...]:
        # compiled code stays where it was compiled
        return (
            self.legs,
            self.rules,
            self.capital_usdt,
            self.slippage_ticks,
            self.slices,
            self.weighted,
        )

    def __setstate__(self, state: tuple[object, ...]) -> None:
        names = ("legs", "rules", "capital_usdt", "slippage_ticks", "slices", "weighted")
        for name, value in zip(names, state, strict=True):
            object.__setattr__(self, name, value)
        object.__setattr__(self, "_built", {})

    @property
    def strategies(self) -> tuple[str, ...]:
        """The strategies, each once."""
        return tuple(dict.fromkeys(leg.strategy for leg in self.legs))

    def evaluate(self, parameters: Parameters, *, slices: int = 0) -> Evaluation:
        """
        Simulate one set of parameters.

        Parameters
        ----------
        parameters : Parameters
            By name, as a search space names them.
        slices : int, default 0
            Stop after this many slices; 0 for all. The first slices of a longer run come out the same.
        """
        stage = self._stage(slices or self.slices)
        account, trades = stage.simulate(parameters)
        capital = float(self.capital_usdt)
        return Evaluation(
            figures=measure(account, capital, stage.calendar, trades),
            slices=measure_slices(account, capital, stage.calendar),
        )

    def equity(self, parameters: Parameters) -> tuple[Ints, Floats]:
        """Return closing times (ns UTC) and equity (USDT) of one set of parameters."""
        stage = self._stage(self.slices)
        return stage.ts, stage.simulate(parameters)[0]

    def within(self, start_ns: int, end_ns: int) -> "Objective":
        """
        Return the same on the bars that close after ``start_ns`` and up to ``end_ns``.

        Raises
        ------
        DataError
            If a market has too few bars there.
        """
        legs = []
        for leg in self.legs:
            first, last = np.searchsorted(leg.market.ts, [start_ns, end_ns], side="right")
            legs.append(Leg(leg.strategy, leg.market.window(int(first), int(last)), leg.limits))
        return Objective(
            tuple(legs), self.rules, self.capital_usdt, self.slippage_ticks, self.slices, self.weighted
        ).checked()

    def checked(self) -> "Objective":
        """
        Return this objective if its markets are long enough.

        Raises
        ------
        DataError
            If one is not.
        """
        for leg in self.legs:
            if len(leg.market) < MIN_BARS:
                raise DataError(
                    f"a search needs at least {MIN_BARS} bars of {leg.market.facts.symbol} in each period, "
                    f"found {len(leg.market)}; widen the time range or shorten the held-out part"
                )
        return self

    def _stage(self, slices: int) -> "_Stage":
        if slices not in self._built:
            self._built[slices] = _build_stage(self, slices)
        return self._built[slices]


@dataclass(frozen=True, slots=True, eq=False)
class _Stage:
    """An objective's first slices, compiled."""

    objective: Objective
    legs: tuple[Leg, ...]
    simulations: tuple[FastSimulation, ...]
    measures: tuple[MarketMeasures, ...]
    ts: Ints
    calendar: Calendar

    def simulate(self, parameters: Parameters) -> tuple[Floats, int]:
        """Return the account's equity at each time, and the number of trades."""
        capital = float(self.objective.capital_usdt)
        total, trades = np.full(len(self.ts), capital), 0
        for number, leg in enumerate(self.legs):
            own, weight = self._split(leg.strategy, parameters)
            if weight <= 0.0:
                continue
            simulation = self.simulations[number] if weight == 1.0 else self._weighed(number, weight)
            result = simulation.run(own)
            trades += len(result.rows)
            if len(self.legs) == 1:
                return result.equity, trades
            known = np.searchsorted(leg.market.ts, self.ts, side="right") - 1
            total += np.where(known >= 0, result.equity[np.maximum(known, 0)] - capital, 0.0)
        return total, trades

    def _split(self, strategy: str, parameters: Parameters) -> tuple[list[float], float]:
        prefix = f"{strategy}." if self.objective.weighted else ""
        own = [parameters[prefix + one.name] for one in KERNELS[strategy].parameters]
        return own, parameters[prefix + WEIGHT] if self.objective.weighted else 1.0

    def _weighed(self, number: int, weight: float) -> FastSimulation:
        leg = self.legs[number]
        limits = weigh(leg.limits, weight, self.objective.capital_usdt)
        return _simulation(self.objective, leg, limits, self.measures[number])


def weigh(limits: SizingLimits, weight: float, capital_usdt: Decimal) -> SizingLimits:
    """
    Return the limits of a strategy that may use a part of the account's leverage.

    Parameters
    ----------
    limits : SizingLimits
        Of the strategy alone.
    weight : float
        Share of ``leverage_cap`` times the starting capital that its entries may reach, in (0, 1].
    capital_usdt : Decimal
        Starting capital.
    """
    share = notional_of(weight, limits.leverage_cap, capital_usdt)
    return SizingLimits(limits.risk_pct, limits.leverage_cap, min(share, limits.max_notional_usdt))


def notional_of(weight: float, leverage_cap: Decimal, capital_usdt: Decimal) -> Decimal:
    """Return the largest notional, in whole USDT, that a weight allows."""
    return (Decimal(str(weight)) * leverage_cap * capital_usdt).to_integral_value()


def _build_stage(objective: Objective, slices: int) -> _Stage:
    clipped = _first_slices(objective.legs, slices / objective.slices)
    ts = clipped[0].market.ts
    if len(clipped) > 1:
        ts = np.unique(np.concatenate([leg.market.ts for leg in clipped]))
    measured: dict[int, MarketMeasures] = {}
    measures = []
    for original, leg in zip(objective.legs, clipped, strict=True):
        # several strategies trade one market: its volatility is measured once
        key = id(original.market)
        if key not in measured:
            measured[key] = measure_market(objective.rules, leg.market)
        measures.append(measured[key])
    simulations = tuple(
        _simulation(objective, leg, leg.limits, own) for leg, own in zip(clipped, measures, strict=True)
    )
    return _Stage(objective, clipped, simulations, tuple(measures), ts, build_calendar(ts, slices))


def _first_slices(legs: Sequence[Leg], share: float) -> tuple[Leg, ...]:
    if share >= 1.0:
        return tuple(legs)
    if len(legs) == 1:
        # the very bars at which the whole run's slice ends
        only = legs[0]
        return (Leg(only.strategy, only.market.window(0, round(len(only.market) * share)), only.limits),)
    ts = np.unique(np.concatenate([leg.market.ts for leg in legs]))
    last = ts[round(len(ts) * share) - 1]
    return tuple(
        Leg(
            leg.strategy, leg.market.window(0, int(np.searchsorted(leg.market.ts, last, "right"))), leg.limits
        )
        for leg in legs
    )


def _simulation(
    objective: Objective, leg: Leg, limits: SizingLimits, measures: MarketMeasures
) -> FastSimulation:
    return FastSimulation(
        leg.strategy,
        leg.market,
        limits,
        rules=objective.rules,
        capital_usdt=objective.capital_usdt,
        slippage_ticks=objective.slippage_ticks,
        measures=measures,
    )
