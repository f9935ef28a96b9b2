"""
Run the same strategy, candles and rules on the node and on the fast simulation, and compare every fill.

The node is the truth; the fast simulation is only worth having while there is nothing to report here. Used by
the contract tests, and to confirm what a search has found.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import zip_longest
from pathlib import Path
from typing import Any

from nautilus_trader.model.data import BarType
from nautilus_trader.model.enums import OrderSide
from nautilus_trader.model.events import OrderEvent, OrderFilled

from nautilus_bot.core import ids
from nautilus_bot.market.data_catalog import load_candles
from nautilus_bot.market.funding import FundingRate
from nautilus_bot.market.instruments import facts_of, symbol_of
from nautilus_bot.market.intervals import bar_length_ns
from nautilus_bot.node.backtest import Simulation, build_backtest
from nautilus_bot.node.modes import MODES
from nautilus_bot.node.spec import NodeSpec, StrategySpec
from nautilus_bot.research.fast.engine import FastSimulation
from nautilus_bot.research.fast.market import Market, build_market
from nautilus_bot.research.fast.result import ExitReason
from strategies.sizing import SizingLimits

ROLES: dict[ExitReason, str] = {"stop": ids.STOP, "target": ids.TARGET, "signal": ids.CLOSE, "gap": ids.CLOSE}
SESSION = "PARITY"


@dataclass(frozen=True, slots=True)
class Fill:
    """
    One execution.

    Parameters
    ----------
    ts : int
        Market time, ns UTC.
    side : int
        1 bought, -1 sold.
    quantity, price, fee_usdt : Decimal
        Base currency, quote currency per coin, USDT.
    role : str
        ``E`` entry, ``S`` stop, ``T`` target, ``C`` close.
    """

    ts: int
    side: int
    quantity: Decimal
    price: Decimal
    fee_usdt: Decimal
    role: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """All fills of a run, oldest first, and its final wallet balance in USDT."""

    fills: tuple[Fill, ...]
    balance_usdt: Decimal


def run_on_node(spec: StrategySpec, simulation: Simulation, rules: Sequence[dict[str, Any]]) -> Outcome:
    """
    Backtest one strategy on the node.

    Parameters
    ----------
    spec : StrategySpec
        Strategy, bars, parameters, sizing.
    simulation : Simulation
        Candles, capital, slippage, funding.
    rules : Sequence[dict]
        The ``rules`` array of ``risk_config.json``.
    """
    fills: list[Fill] = []

    def on_order_event(event: OrderEvent) -> None:
        if isinstance(event, OrderFilled):
            fills.append(_fill_of(event))

    node_spec = NodeSpec(mode=MODES["backtest"], session=SESSION, strategies=(spec,), rules=tuple(rules))
    host = build_backtest(node_spec, simulation, None)
    host.engine.kernel.msgbus.subscribe("events.order.*", on_order_event)
    try:
        host.run()
        return Outcome(tuple(fills), host.final_balance())
    finally:
        host.dispose()


def run_fast(spec: StrategySpec, simulation: Simulation, rules: Sequence[dict[str, Any]]) -> Outcome:
    """Run the same on the fast simulation; parameters as in ``run_on_node``."""
    fast = FastSimulation(
        spec.strategy,
        load_market(spec, simulation),
        sizing_limits(spec),
        rules=rules,
        capital_usdt=Decimal(simulation.capital_usdt),
        slippage_ticks=simulation.slippage_ticks,
        keep_equity=False,
    )
    parameters = fast.kernel.defaults() | spec.parameters
    result = fast.run([parameters[one.name] for one in fast.kernel.parameters])
    fills: list[Fill] = []
    for trade in fast.trades(result):
        quantity = Decimal(trade.quantity)
        fills.append(
            Fill(trade.entry_ts, trade.side, quantity, Decimal(trade.entry_price), trade.entry_fee, ids.ENTRY)
        )
        if trade.exit_ts:
            price, role = Decimal(trade.exit_price), ROLES[trade.reason]
            fills.append(Fill(trade.exit_ts, -trade.side, quantity, price, trade.exit_fee, role))
    return Outcome(tuple(fills), Decimal(result.balance).scaleb(-8))


def load_market(spec: StrategySpec, simulation: Simulation) -> Market:
    """
    Return the market that a node's simulation streams, for the fast simulation.

    Parameters
    ----------
    spec : StrategySpec
        Names the bars.
    simulation : Simulation
        Names data catalog, range and funding.
    """
    bar_type = BarType.from_str(spec.bar_type)
    candles = load_candles(Path(simulation.data_catalog), bar_type, simulation.start_ns, simulation.end_ns)
    funding = simulation.funding.get(str(bar_type.instrument_id), ())
    rates = [FundingRate(ts, Decimal(rate)) for ts, rate in funding]
    facts = facts_of(symbol_of(bar_type.instrument_id))
    return build_market(candles, facts, bar_length_ns(bar_type), rates)


def sizing_limits(spec: StrategySpec) -> SizingLimits:
    """Return a strategy's sizing as decimals."""
    sizing = spec.sizing
    return SizingLimits(
        Decimal(sizing.risk_pct_per_trade), Decimal(sizing.leverage_cap), Decimal(sizing.max_notional_usdt)
    )


def mismatches(node: Outcome, fast: Outcome) -> list[str]:
    """
    Return what differs, one sentence each; empty when both are the same to the last unit.

    Parameters
    ----------
    node, fast : Outcome
        Of the same strategy, candles and rules.
    """
    found = [
        f"fill {number}: {on_node} on the node, {on_fast} in the fast simulation"
        for number, (on_node, on_fast) in enumerate(zip_longest(node.fills, fast.fills), 1)
        if on_node != on_fast
    ]
    if node.balance_usdt != fast.balance_usdt:
        found.append(f"balance {node.balance_usdt} on the node, {fast.balance_usdt} in the fast simulation")
    return found


def _fill_of(event: OrderFilled) -> Fill:
    return Fill(
        event.ts_event,
        1 if event.order_side == OrderSide.BUY else -1,
        event.last_qty.as_decimal(),
        event.last_px.as_decimal(),
        event.commission.as_decimal(),
        ids.role_of(event.client_order_id.value),
    )
