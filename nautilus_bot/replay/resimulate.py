"""Run a recorded run again on the same market, its fills simulated: what would have been."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, Final

import msgspec
from nautilus_trader.backtest.config import BacktestEngineConfig, BacktestRunConfig
from nautilus_trader.backtest.node import BacktestNode
from nautilus_trader.config import LoggingConfig, RiskEngineConfig
from nautilus_trader.model.data import Bar
from nautilus_trader.model.events import AccountState

from catalog.journal import Journal
from catalog.store import EventStore, Run
from nautilus_bot.core.errors import NotFound
from nautilus_bot.core.messages import FormingBar, MarketMarked, Message, OperatorCommand, WarmupBars
from nautilus_bot.node.backtest import PURGING, Simulation, build_backtest, build_venue, spare_analyzer
from nautilus_bot.node.builder import wire
from nautilus_bot.node.compose import FundingRates
from nautilus_bot.node.modes import Mode
from nautilus_bot.node.provenance import code_hash, library_versions
from nautilus_bot.replay.feeder import Feeder, feed
from nautilus_bot.replay.original import Original
from nautilus_bot.replay.record import OPERATOR_FACTS, load_recorded_run

MARKET: Final = (Bar, MarketMarked, FormingBar, WarmupBars, OperatorCommand, *OPERATOR_FACTS)
"""Inputs that come from outside; fills and balances are made anew."""


def resimulate(original: Original, store: EventStore) -> Run:
    """
    Run it again with simulated fills, recorded as a run of mode ``replay``.

    Parameters
    ----------
    original : Original
        What ran, with what-if settings.
    store : EventStore
        Where the new run goes.

    Returns
    -------
    Run
        The ended run; its parent is the original.

    Raises
    ------
    NotFound
        If the original recorded no market.
    DataError
        If the data catalog holds other bars than it read.
    """
    run = new_replay(original, store)
    try:
        if original.is_trading:
            _resimulate_session(original, run.journal)
        else:
            _resimulate_backtest(original, run.journal)
    except BaseException:
        run.journal.close()
        raise
    run.end()
    return run


def new_replay(original: Original, store: EventStore, session: str = "") -> Run:
    """Start the run that a replay is recorded as; its ids are the original's, or of its own session."""
    manifest = original.manifest
    return store.new_run(
        "replay",
        msgspec.json.encode(original.config),
        durable=False,
        code_hash=code_hash(),
        data_queries=manifest.data_queries,
        parent_run=manifest.run_id,
        session=session or manifest.session,
        versions=library_versions(),
    )


def _resimulate_backtest(original: Original, journal: Journal) -> None:
    spec = original.spec()
    host = build_backtest(spec, original.simulation(spec), journal)
    try:
        host.run()
    finally:
        host.dispose()


def _resimulate_session(original: Original, journal: Journal) -> None:
    record = load_recorded_run(original.folder)
    simulated_mode = as_simulated(original.mode)
    spec = msgspec.structs.replace(original.spec(), mode=simulated_mode)
    node = BacktestNode([build_replay_config(original, capital_of(original, record.inputs))])
    node.build()
    engine = node.get_engines()[0]
    try:
        for instrument in record.instruments:
            engine.add_instrument(instrument)
        spare_analyzer(engine)
        wire(engine.kernel, spec, journal)
        engine.add_actor(Feeder(engine.kernel.exec_engine.process))
        feed(engine, in_market_time(record.inputs))
        node.run()
    finally:
        engine.dispose()


def as_simulated(mode: Mode) -> Mode:
    """Return a trading mode as Nautilus's exchange runs it: exits linked by the exchange, nothing durable."""
    return msgspec.structs.replace(
        mode, durable=False, exits_linked_by_venue=True, disaster_stop=False, venue_nets=False
    )


def build_replay_config(
    original: Original, capital_usdt: str, funding: FundingRates | None = None
) -> BacktestRunConfig:
    """Return Nautilus's configuration of a node that is fed by hand and fills by itself."""
    backtest = original.config.backtest
    simulation = Simulation(
        data_catalog="",
        bar_types=(),
        start_ns=0,
        end_ns=0,
        capital_usdt=capital_usdt,
        slippage_ticks=min(backtest.slippage_ticks, 1),
        latency_ms=backtest.latency_ms,
        funding=funding or {},
    )
    return BacktestRunConfig(
        engine=BacktestEngineConfig(
            logging=LoggingConfig(bypass_logging=True),
            run_analysis=False,
            risk_engine=RiskEngineConfig(max_order_submit_rate="100000/00:00:01"),
            exec_engine=PURGING,
        ),
        venues=[build_venue(simulation)],
        data=[],
        raise_exception=True,
        dispose_on_completion=False,
    )


def capital_of(original: Original, inputs: Sequence[Any]) -> str:
    """
    Return the wallet balance that a session began with, USDT.

    The configuration's capital, if that was changed for a what-if.
    """
    recorded = msgspec.convert(original.manifest.config["backtest"]["capital_usdt"], float, strict=False)
    changed = original.config.backtest.capital_usdt
    if changed != recorded:
        return format(Decimal(str(changed)), "f")
    for message in inputs:
        if isinstance(message, AccountState):
            for balance in message.balances:
                if balance.currency.code == "USDT":
                    return str(balance.total.as_decimal())
    raise NotFound(f"run {original.manifest.run_id} must have recorded its balance, it did not")


def in_market_time(inputs: Sequence[Any]) -> Iterator[Bar | Message]:
    """Yield what came from the market and the operator, bars stamped with the time they closed."""
    for message in inputs:
        if isinstance(message, Bar):
            yield Bar(
                message.bar_type,
                message.open,
                message.high,
                message.low,
                message.close,
                message.volume,
                message.ts_event,
                message.ts_event,
            )
        elif isinstance(message, MARKET):
            yield message
