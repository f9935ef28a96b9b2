"""The fast simulation of one strategy on one market, ready to be run with many parameter sets."""

from collections.abc import Sequence
from decimal import Decimal
from functools import cache
from typing import Any

import numpy as np

from nautilus_bot.core.errors import ConfigError
from nautilus_bot.research.fast import trade_log
from nautilus_bot.research.fast.arrays import (
    CLOSES,
    COUNTERS,
    FIRST_REFUSAL,
    SIGNALS,
    THIN_FILLS,
    Record,
    Series,
    Terms,
)
from nautilus_bot.research.fast.compile import compile_function
from nautilus_bot.research.fast.market import (
    Market,
    build_sizing,
    build_venue,
    price_precision,
    size_precision,
)
from nautilus_bot.research.fast.result import REASONS, FastTrade, SimulationResult
from nautilus_bot.research.fast.rule_setup import RawRules, build_rules, measure_market
from nautilus_bot.research.fast.rules import REFUSALS, MarketMeasures
from nautilus_bot.research.fast.simulate import simulate
from strategies.kernels.contract import Kernel
from strategies.kernels.table import KERNELS
from strategies.sizing import SizingLimits

MONEY_UNITS = 10**8


@cache
def bind(kernel_step: Any) -> Any:
    """Return the simulation loop bound to a kernel's ``step``, compiled once a process and cached on disk."""
    return compile_function(simulate, {"step": kernel_step})


class FastSimulation:
    """
    Run a strategy's kernel over a market as the node would trade it.

    Parameters
    ----------
    strategy : str
        Class name in ``strategies.kernels.table.KERNELS``.
    market : Market
        Bars, funding and instrument.
    limits : SizingLimits
        Size of entries.
    rules : RawRules, default ()
        The ``rules`` array of ``risk_config.json``; empty for all rules with their defaults.
    capital_usdt : Decimal, default 10000
        Starting balance.
    slippage_ticks : int, default 0
        How many ticks worse every order fills.
    keep_equity : bool, default True
        Whether to note equity at each bar.
    measures : MarketMeasures, optional
        What ``measure_market(rules, market)`` returned, to be shared by the strategies of one market.

    Raises
    ------
    ConfigError
        If a rule or limit cannot be simulated.
    """

    def __init__(
        self,
        strategy: str,
        market: Market,
        limits: SizingLimits,
        *,
        rules: RawRules = (),
        capital_usdt: Decimal = Decimal(10_000),
        slippage_ticks: int = 0,
        keep_equity: bool = True,
        measures: MarketMeasures | None = None,
    ) -> None:
        self.kernel: Kernel = KERNELS[strategy]
        self.market = market
        self._terms = Terms(
            build_venue(market.facts, slippage_ticks=slippage_ticks),
            build_sizing(market.facts, limits, capital_usdt),
            build_rules(rules, strategy, market.facts.symbol),
            int(capital_usdt * MONEY_UNITS),
        )
        self._series = Series(
            market.ts,
            market.points,
            market.bars,
            market.funding_ts,
            market.funding_rates,
            market.interval_ns,
            measures or measure_market(rules, market),
        )
        self._keep_equity = keep_equity
        self._loop = bind(self.kernel.step)
        self._buffers = _blank_record(len(market))

    def run(self, params: Sequence[float]) -> SimulationResult:
        """
        Simulate one parameter set.

        Parameters
        ----------
        params : Sequence[float]
            In the order of the kernel's parameters.

        Raises
        ------
        ConfigError
            If there are not as many as the kernel has.
        """
        if len(params) != len(self.kernel.parameters):
            names = ", ".join(parameter.name for parameter in self.kernel.parameters)
            raise ConfigError(
                f"{self.kernel.name} takes {len(self.kernel.parameters)} parameters ({names}), "
                f"found {len(params)}"
            )
        # trades and times are overwritten by every run and copied out; equity and counters are new each time
        record = self._buffers._replace(
            equity=np.empty(len(self.market) if self._keep_equity else 0),
            counters=np.zeros(COUNTERS, dtype=np.int64),
        )
        count, balance = self._loop(
            self._series,
            np.zeros(self.kernel.state_size),
            tuple(float(value) for value in params),
            self._terms,
            record,
        )
        refused = record.counters[FIRST_REFUSAL:].tolist()
        return SimulationResult(
            rows=record.trades[:count].copy(),
            confidences=record.confidences[:count].copy(),
            equity=record.equity,
            balance=balance,
            signals=int(record.counters[SIGNALS]),
            closes=int(record.counters[CLOSES]),
            thin_fills=int(record.counters[THIN_FILLS]),
            refusals={name: number for name, number in zip(REFUSALS, refused, strict=True) if number},
        )

    def trades(self, result: SimulationResult) -> list[FastTrade]:
        """Return a result's trades with times and decimal prices."""
        return [self._trade(row, conf) for row, conf in zip(result.rows, result.confidences, strict=True)]

    def _trade(self, row: Any, confidence: float) -> FastTrade:
        is_open = row[trade_log.EXIT_BAR] < 0
        prices, sizes = price_precision(self.market.facts), size_precision(self.market.facts)
        return FastTrade(
            side=int(row[trade_log.SIDE]),
            quantity=_decimal(row[trade_log.UNITS], sizes),
            entry_ts=int(self.market.ts[row[trade_log.ENTRY_BAR]]),
            exit_ts=0 if is_open else int(self.market.ts[row[trade_log.EXIT_BAR]]),
            entry_price=_decimal(row[trade_log.ENTRY_POINTS], prices),
            exit_price="" if is_open else _decimal(row[trade_log.EXIT_POINTS], prices),
            reason=REASONS[int(row[trade_log.REASON])],
            entry_fee=_usdt(row[trade_log.ENTRY_FEE]),
            exit_fee=_usdt(row[trade_log.EXIT_FEE]),
            profit=_usdt(row[trade_log.PROFIT]),
            funding=_usdt(row[trade_log.FUNDING]),
            confidence=float(confidence),
        )


def _blank_record(bars: int) -> Record:
    """Return buffers for the most trades there can be: one a bar, and one beyond the last."""
    return Record(
        trades=np.empty((bars + 1, trade_log.TRADE_FIELDS), dtype=np.int64),
        entry_times=np.empty(bars + 1, dtype=np.int64),
        confidences=np.empty(bars + 1),
        equity=np.empty(0),
        counters=np.zeros(COUNTERS, dtype=np.int64),
    )


def _decimal(value: int, precision: int) -> str:
    return str(Decimal(int(value)).scaleb(-precision))


def _usdt(units: int) -> Decimal:
    return Decimal(int(units)).scaleb(-8)
