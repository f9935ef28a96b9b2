"""Run a backtest: configuration in, journal and result out."""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Final

import msgspec
from nautilus_trader.model.data import BarType

from catalog.decisions import decisions_digest
from catalog.store import EventStore, Run
from nautilus_bot.config.bot import BotConfig
from nautilus_bot.core.errors import JournalHalted
from nautilus_bot.market.candles import Candles
from nautilus_bot.market.data_catalog import load_candles
from nautilus_bot.market.instruments import symbol_of
from nautilus_bot.market.intervals import bar_length_ns, interval_of
from nautilus_bot.node.backtest import BacktestHost, build_backtest
from nautilus_bot.node.compose import build_node_spec, build_simulation
from nautilus_bot.node.modes import MODES
from nautilus_bot.node.provenance import code_hash, library_versions
from nautilus_bot.node.spec import NodeSpec
from nautilus_bot.research.backtest.benchmark import build_benchmarks, hold_curves
from nautilus_bot.research.backtest.market import BacktestMarket, load_market
from nautilus_bot.research.backtest.recorded import Recorded, load_recorded
from nautilus_bot.research.backtest.result import BacktestResult
from nautilus_bot.research.backtest.rows import Period
from nautilus_bot.research.backtest.rowset import Instance, RowSet, build_rows
from nautilus_bot.research.backtest.trades import Trade, build_trades
from nautilus_bot.risk.loader import load_rules

SESSION: Final = "BT"
"""The same ids in every backtest, so that two runs can be compared by the byte."""

type OnDay = Callable[[int, int, int], None]


class Finished(msgspec.Struct, frozen=True, kw_only=True):
    """
    A backtest that has run, with what the HTML report draws.

    Parameters
    ----------
    result : BacktestResult
        The document.
    recorded : Recorded
        The journal's records.
    trades : tuple[Trade, ...]
        Made of them.
    candles : dict[str, Candles]
        Prices by symbol.
    period : Period
        Time and capital.
    """

    result: BacktestResult
    recorded: Recorded
    trades: tuple[Trade, ...]
    candles: dict[str, Candles]
    period: Period


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
    return _finish(config, market, run, instances, seconds)


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
    report_day = None
    if on_day is not None:
        report_day = _DayReport(on_day, market)
    try:
        host = build_backtest(spec, simulation, run.journal, on_day=report_day)
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


class _DayReport:
    """Tell a listener how far the run is."""

    def __init__(self, listener: OnDay, market: BacktestMarket) -> None:
        self._listener = listener
        self._bounds = market.start_ns, market.end_ns

    def __call__(self, ts_ns: int) -> None:
        self._listener(ts_ns, *self._bounds)


def _finish(
    config: BotConfig, market: BacktestMarket, run: Run, instances: Sequence[Instance], seconds: float
) -> Finished:
    recorded = load_recorded(run.folder)
    trades = build_trades(recorded.bookings)
    kinds = [BarType.from_str(query.identifier) for query in market.queries]
    start_ns = min(
        query.start_ns - bar_length_ns(kind) for query, kind in zip(market.queries, kinds, strict=True)
    )
    period = Period(start_ns, market.end_ns, Decimal(str(config.backtest.capital_usdt)))
    rows = build_rows(instances, recorded, trades, period)
    candles = _load_all(market, kinds)
    return Finished(
        result=_build_result(market, run, recorded, rows, candles, period, seconds),
        recorded=recorded,
        trades=tuple(trades),
        candles=candles,
        period=period,
    )


def _load_all(market: BacktestMarket, kinds: Sequence[BarType]) -> dict[str, Candles]:
    """Return one series per symbol, the shortest timeframe first."""
    root = Path(market.data_catalog)
    loaded: dict[str, Candles] = {}
    for kind in sorted(kinds, key=bar_length_ns):
        symbol = symbol_of(kind.instrument_id)
        if symbol not in loaded:
            query = next(one for one in market.queries if one.identifier == str(kind))
            loaded[symbol] = load_candles(root, kind, query.start_ns, query.end_ns)
    order = dict.fromkeys(symbol_of(kind.instrument_id) for kind in kinds)
    return {symbol: loaded[symbol] for symbol in order}


def _build_result(
    market: BacktestMarket,
    run: Run,
    recorded: Recorded,
    rows: RowSet,
    candles: dict[str, Candles],
    period: Period,
    seconds: float,
) -> BacktestResult:
    kinds = [BarType.from_str(query.identifier) for query in market.queries]
    return BacktestResult(
        run_id=run.run_id,
        event_catalog=str(run.folder),
        market=market.origin,
        timeframes=tuple(dict.fromkeys(interval_of(kind) for kind in kinds)),
        first_bar=_iso(period.start_ns),
        last_bar=_iso(period.end_ns),
        bars=market.bars,
        content_hashes={query.identifier: query.content_hash for query in market.queries},
        capital_usdt=period.capital,
        final_balance_usdt=recorded.balance,
        final_equity_usdt=recorded.equity[-1].equity if recorded.equity else float(period.capital),
        overall=rows.overall,
        by_strategy=rows.by_strategy,
        by_symbol=rows.by_symbol,
        rows=rows.rows,
        benchmark=build_benchmarks(hold_curves(candles, period)),
        halts=recorded.halts,
        gaps=recorded.gaps,
        notes=market.absences,
        decisions_digest=decisions_digest(run.folder),
        seconds=seconds,
        bars_per_second=market.bars / seconds,
    )


def _iso(ts_ns: int) -> str:
    return datetime.fromtimestamp(ts_ns // 10**9, UTC).isoformat().replace("+00:00", "Z")
