"""The backtest host: Nautilus's BacktestNode over the data catalog, wired like every other node."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import msgspec
from nautilus_trader.backtest.config import (
    BacktestDataConfig,
    BacktestEngineConfig,
    BacktestRunConfig,
    BacktestVenueConfig,
    ImportableFillModelConfig,
    ImportableLatencyModelConfig,
)
from nautilus_trader.backtest.engine import BacktestEngine
from nautilus_trader.backtest.node import BacktestNode
from nautilus_trader.config import (
    DataEngineConfig,
    ExecEngineConfig,
    ImportableActorConfig,
    LoggingConfig,
    RiskEngineConfig,
)
from nautilus_trader.model.currencies import USDT
from nautilus_trader.model.data import TradeTick
from nautilus_trader.model.identifiers import Venue
from nautilus_trader.trading.strategy import Strategy

from catalog.journal import Journal
from nautilus_bot.node.builder import Wiring, wire
from nautilus_bot.node.collector import rare_collections
from nautilus_bot.node.lean_cache import lean_caches
from nautilus_bot.node.spec import NodeSpec
from nautilus_bot.node.ticks import build_ticks

BYBIT = Venue("BYBIT")
CHUNK_BARS = 100_000
ONE_DAY_MINS = 1440
PURGING = ExecEngineConfig(
    purge_closed_orders_interval_mins=ONE_DAY_MINS,
    purge_closed_orders_buffer_mins=0,
    purge_closed_positions_interval_mins=ONE_DAY_MINS,
    purge_closed_positions_buffer_mins=0,
    purge_account_events_interval_mins=ONE_DAY_MINS,
    purge_account_events_lookback_mins=0,
)
"""
Nautilus looks through all orders that a netting position ever had on each fill, and unpickles all its
snapshots when several instruments trade; forgetting what is closed once a day keeps a run linear. Nothing is
lost: the event catalog has every event, and balances do not depend on it.
"""


class Simulation(msgspec.Struct, frozen=True, kw_only=True):
    """
    The market and the exchange of a backtest.

    Parameters
    ----------
    data_catalog : str
        Folder of Nautilus's data catalog.
    bar_types : tuple[str, ...]
        What is streamed.
    start_ns, end_ns : int
        First and last bar time (closing times), ns UTC, both included.
    capital_usdt : str, default "10000"
        Starting wallet balance.
    slippage_ticks : int, default 0
        0 or 1: how far market and stop orders slip.
    latency_ms : float, default 0.0
        Time from command to exchange; with bars as data a delayed order meets the next bar.
    leverage : int, default 10
        Leverage set at the venue; bounds margin, not the size of entries.
    funding : dict[str, tuple[tuple[int, str], ...]]
        Settlement times and rates by instrument id; empty for none.
    ticks_per_bar : int, default 0
        Trades that are made up inside each bar, for strategies that look at the forming bar; they then drive
        the exchange instead of the bars. 0 makes none.
    """

    data_catalog: str
    bar_types: tuple[str, ...]
    start_ns: int
    end_ns: int
    capital_usdt: str = "10000"
    slippage_ticks: int = 0
    latency_ms: float = 0.0
    leverage: int = 10
    funding: dict[str, tuple[tuple[int, str], ...]] = {}
    ticks_per_bar: int = 0


@dataclass(frozen=True, slots=True)
class BacktestHost:
    """A built backtest: the node, its engine and what was wired on it."""

    node: BacktestNode
    engine: BacktestEngine
    wiring: Wiring

    def run(self) -> None:
        """Stream all bars through the node."""
        with rare_collections():
            self.node.run()

    def final_balance(self) -> Decimal:
        """Return the wallet balance at the exchange, USDT."""
        account = self.engine.cache.account_for_venue(BYBIT)
        return Decimal(account.balance_total(USDT).as_decimal())

    def dispose(self) -> None:
        """Release the engine."""
        self.engine.dispose()


def build_backtest(
    spec: NodeSpec,
    simulation: Simulation,
    journal: Journal | None,
    *,
    strategies: list[Strategy] | None = None,
    on_day: Callable[[int], None] | None = None,
) -> BacktestHost:
    """
    Construct and wire a backtest.

    Parameters
    ----------
    spec : NodeSpec
        What trades under which rules.
    simulation : Simulation
        Market and exchange.
    journal : Journal | None
        Where it is recorded; None records nothing.
    strategies : list[Strategy] | None
        Ready strategies instead of those of the spec.
    on_day : Callable[[int], None] | None
        Called with the time (ns UTC) once per simulated day, for progress.
    """
    node = BacktestNode([build_run_config(simulation)])
    with lean_caches():
        node.build()
    engine = node.get_engines()[0]
    spare_analyzer(engine)
    if simulation.ticks_per_bar:
        engine.add_data(_ticks_of(simulation), sort=False)
    wiring = wire(engine.kernel, spec, journal, strategies=strategies)
    if on_day is not None:
        engine.kernel.clock.set_timer_ns(
            "progress",
            interval_ns=86_400_000_000_000,
            start_time_ns=simulation.start_ns,
            stop_time_ns=0,
            callback=lambda event: on_day(event.ts_event),
        )
    return BacktestHost(node, engine, wiring)


def _ticks_of(simulation: Simulation) -> list[TradeTick]:
    return build_ticks(
        Path(simulation.data_catalog),
        simulation.bar_types,
        simulation.start_ns,
        simulation.end_ns,
        simulation.ticks_per_bar,
    )


def spare_analyzer(engine: BacktestEngine) -> None:
    """
    Keep Nautilus's analyzer from recording trades: it copies all of them on each one.

    Reports come from the event catalog instead.
    """
    engine.kernel.portfolio.analyzer.record_trade = lambda *_args: None


def build_run_config(simulation: Simulation) -> BacktestRunConfig:
    """Return Nautilus's configuration of the run."""
    return BacktestRunConfig(
        engine=BacktestEngineConfig(
            logging=LoggingConfig(bypass_logging=True),
            run_analysis=False,
            data_engine=DataEngineConfig(time_bars_build_with_no_updates=False),
            risk_engine=RiskEngineConfig(max_order_submit_rate="100000/00:00:01"),
            exec_engine=PURGING,
        ),
        venues=[build_venue(simulation)],
        data=[
            BacktestDataConfig(
                catalog_path=str(Path(simulation.data_catalog).absolute()),
                data_cls="nautilus_trader.model.data:Bar",
                bar_types=list(simulation.bar_types),
                instrument_ids=sorted({name.rsplit("-", 4)[0] for name in simulation.bar_types}),
                start_time=simulation.start_ns,
                end_time=simulation.end_ns,
            )
        ],
        chunk_size=None if simulation.ticks_per_bar else CHUNK_BARS,
        raise_exception=True,
        dispose_on_completion=False,
    )


def build_venue(simulation: Simulation) -> BacktestVenueConfig:
    """Return the simulated exchange: Bybit's netting margin account with its fees, funding and slippage."""
    modules = []
    if simulation.funding:
        modules.append(
            ImportableActorConfig(
                actor_path="nautilus_bot.node.funding:FundingModule",
                config_path="nautilus_bot.node.funding:FundingModuleConfig",
                config={"rates": simulation.funding},
            )
        )
    fill_model = None
    if simulation.slippage_ticks:
        fill_model = ImportableFillModelConfig(
            fill_model_path="nautilus_trader.backtest.models:FillModel",
            config_path="nautilus_trader.backtest.config:FillModelConfig",
            config={"prob_slippage": 1.0, "random_seed": 1},
        )
    latency = None
    if simulation.latency_ms:
        latency = ImportableLatencyModelConfig(
            latency_model_path="nautilus_trader.backtest.models:LatencyModel",
            config_path="nautilus_trader.backtest.config:LatencyModelConfig",
            config={"base_latency_nanos": int(simulation.latency_ms * 1_000_000)},
        )
    return BacktestVenueConfig(
        name="BYBIT",
        oms_type="NETTING",
        account_type="MARGIN",
        starting_balances=[f"{simulation.capital_usdt} USDT"],
        base_currency="USDT",
        default_leverage=float(simulation.leverage),
        modules=modules,
        fill_model=fill_model,
        latency_model=latency,
        bar_execution=simulation.ticks_per_bar == 0,
    )
