"""The fast simulation of one strategy on one market, ready to be run with many parameter sets."""

from collections.abc import Sequence
from decimal import Decimal
from functools import cache
from typing import Any

import numpy as np

from nautilus_bot.core.errors import ConfigError
from nautilus_bot.research.fast import simulate as loop
from nautilus_bot.research.fast.compile import compile_function
from nautilus_bot.research.fast.market import (
    Market,
    build_sizing,
    build_venue,
    price_precision,
    size_precision,
)
from nautilus_bot.research.fast.result import REASONS, FastTrade, SimulationResult
from strategies.kernels.contract import Kernel
from strategies.sizing import SizingLimits

MONEY_UNITS = 10**8


@cache
def compiled(kernel_step: Any) -> Any:
    """Return the simulation loop bound to a kernel's ``step``, compiled once a process and cached on disk."""
    return compile_function(loop.simulate, {"step": kernel_step})


class FastSimulation:
    """
    Run a kernel over a market as the node would trade it.

    Parameters
    ----------
    kernel : Kernel
        The strategy's decision.
    market : Market
        Bars, funding and instrument.
    limits : SizingLimits
        Size of entries.
    capital_usdt : Decimal, default 10000
        Starting balance.
    rules : Rules
        Risk rules that depend on market and account alone.
    slippage_ticks : int, default 0
        How many ticks worse every order fills.
    keep_equity : bool, default True
        Whether to note equity at each bar.
    """

    def __init__(
        self,
        kernel: Kernel,
        market: Market,
        limits: SizingLimits,
        *,
        capital_usdt: Decimal = Decimal(10_000),
        rules: loop.Rules | None = None,
        slippage_ticks: int = 0,
        keep_equity: bool = True,
    ) -> None:
        self.kernel = kernel
        self.market = market
        self._venue = build_venue(market.facts, slippage_ticks=slippage_ticks)
        self._sizing = build_sizing(market.facts, limits, capital_usdt)
        self._rules = rules or loop.Rules(min_confidence=0.6)
        self._capital = int(capital_usdt * MONEY_UNITS)
        self._keep_equity = keep_equity
        self._run = compiled(kernel.step)
        self._series = loop.Series(
            market.ts,
            market.points,
            market.bars,
            market.funding_ts,
            market.funding_rates,
            market.interval_ns,
        )

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
        bars = len(self.market)
        record = loop.Record(
            np.empty((bars + 1, loop.TRADE_FIELDS), dtype=np.int64),
            np.empty(bars + 1),
            np.empty(bars if self._keep_equity else 0),
            np.zeros(loop.COUNTERS, dtype=np.int64),
        )
        count, balance = self._run(
            self._series,
            np.zeros(self.kernel.state_size),
            tuple(float(value) for value in params),
            self._venue,
            self._sizing,
            self._rules,
            self._capital,
            record,
        )
        return SimulationResult(
            record.trades[:count].copy(),
            record.confidences[:count].copy(),
            record.equity,
            balance,
            *(int(number) for number in record.counters),
        )

    def trades(self, result: SimulationResult) -> list[FastTrade]:
        """Return a result's trades with times and decimal prices."""
        return [self._trade(row, conf) for row, conf in zip(result.rows, result.confidences, strict=True)]

    def _trade(self, row: Any, confidence: float) -> FastTrade:
        open_still = row[loop.EXIT_BAR] < 0
        prices, sizes = price_precision(self.market.facts), size_precision(self.market.facts)
        return FastTrade(
            side=int(row[loop.SIDE]),
            quantity=_decimal(row[loop.UNITS], sizes),
            entry_ts=int(self.market.ts[row[loop.ENTRY_BAR]]),
            exit_ts=0 if open_still else int(self.market.ts[row[loop.EXIT_BAR]]),
            entry_price=_decimal(row[loop.ENTRY_POINTS], prices),
            exit_price="" if open_still else _decimal(row[loop.EXIT_POINTS], prices),
            reason=REASONS[int(row[loop.REASON])],
            fees_usdt=int(row[loop.ENTRY_FEE] + row[loop.EXIT_FEE]) / 1e8,
            profit_usdt=int(row[loop.PROFIT]) / 1e8,
            funding_usdt=int(row[loop.FUNDING]) / 1e8,
            confidence=float(confidence),
        )


def _decimal(value: int, precision: int) -> str:
    return str(Decimal(int(value)).scaleb(-precision))
