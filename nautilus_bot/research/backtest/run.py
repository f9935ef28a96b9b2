"""Run a backtest: configuration in, journal and result out."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
from nautilus_trader.model.data import BarType

from catalog.store import EventStore, Run
from nautilus_bot.config.bot import BotConfig
from nautilus_bot.core.errors import JournalHalted
from nautilus_bot.market.instruments import symbol_of
from nautilus_bot.node.backtest import BacktestHost, build_backtest
from nautilus_bot.node.compose import build_node_spec, build_simulation
from nautilus_bot.node.modes import MODES
from nautilus_bot.node.provenance import code_hash, library_versions
from nautilus_bot.node.spec import NodeSpec
from nautilus_bot.research.backtest.finish import Finished, finish
from nautilus_bot.research.backtest.market import BacktestMarket, load_market
from nautilus_bot.research.backtest.rowset import Instance
from nautilus_bot.risk.loader import load_rules

SESSION: Final = "BT"
"""The same ids in every backtest, so that two runs can be compared by the byte."""

type OnDay = Callable[[int, int, int], None]


def run_backtest(config: BotConfig, *, on_day: OnDay | None = None) -> Finished:
    """
    Run a session's strategies over its market and record every event.

    Parameters
    ----------
    config : BotConfig
        The session, see ``selection.narrow`` for a part of one.
    on_day : OnDay | None
        Called once per simulated day with its time and the first and last time of the run (ns UTC).

    Raises
    ------
    NotFound
        If there are no bars.
    ConfigError
        If a rule or figure of the configuration is wrong.
    DataError
        If a file of the data catalog is damaged.
    JournalHalted
        If the journal could not be written; there is no result then.
    """
    spec = build_node_spec(config, MODES["backtest"], SESSION)
    # a wrong rule is found before a run is begun
    load_rules(spec.rules, spec.rules_source)
    wanted = [BarType.from_str(name) for name in dict.fromkeys(one.bar_type for one in spec.strategies)]
    market = load_market(config.backtest, wanted)
    spec = _with_bars(spec, market)
    started = time.perf_counter()
    run, host = _simulate(config, spec, market, on_day)
    seconds = time.perf_counter() - started
    instances = [
        Instance(str(one.id), one.name, symbol_of(one.instrument_id)) for one in host.wiring.strategies
    ]
    host.dispose()
    return finish(config, market, run, instances, seconds)


def _with_bars(spec: NodeSpec, market: BacktestMarket) -> NodeSpec:
    present = {query.identifier for query in market.queries}
    left = tuple(one for one in spec.strategies if one.bar_type in present)
    return msgspec.structs.replace(spec, strategies=left)


def _simulate(
    config: BotConfig, spec: NodeSpec, market: BacktestMarket, on_day: OnDay | None
) -> tuple[Run, BacktestHost]:
    simulation = build_simulation(
        config,
        spec,
        data_catalog=Path(market.data_catalog),
        start_ns=market.start_ns,
        end_ns=market.end_ns,
        funding=market.funding,
    )
    run = EventStore(Path(config.backtest.event_store_path)).new_run(
        "backtest",
        msgspec.json.encode(config),
        durable=False,
        code_hash=code_hash(),
        data_queries=market.queries,
        session=SESSION,
        versions=library_versions(),
    )
    try:
        host = build_backtest(spec, simulation, run.journal, on_day=_within(market, on_day))
        host.run()
    except BaseException:
        # the manifest goes on saying RUNNING without an owner: a run that did not end is never a result
        run.journal.close()
        raise
    run.end()
    halt = host.wiring.context.breakers.halt
    if halt is not None and halt.rule == "journal":
        raise JournalHalted(f"a backtest must be recorded whole, {run.folder} is not: {halt.reason}")
    return run, host


def _within(market: BacktestMarket, on_day: OnDay | None) -> Callable[[int], None] | None:
    if on_day is None:
        return None
    return lambda ts_ns: on_day(ts_ns, market.start_ns, market.end_ns)
