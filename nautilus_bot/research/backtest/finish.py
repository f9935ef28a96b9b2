"""From a recorded run to its result."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import msgspec
from nautilus_trader.model.data import BarType

from catalog.decisions import decisions_digest
from catalog.manifest import DataQuery
from catalog.store import Run
from nautilus_bot.config.bot import BotConfig
from nautilus_bot.market.candles import Candles
from nautilus_bot.market.data_catalog import load_candles
from nautilus_bot.market.instruments import symbol_of
from nautilus_bot.market.intervals import bar_length_ns, interval_of
from nautilus_bot.research.backtest.benchmark import build_benchmarks, hold_curves
from nautilus_bot.research.backtest.market import BacktestMarket
from nautilus_bot.research.backtest.recorded import Recorded, load_recorded
from nautilus_bot.research.backtest.result import BacktestResult
from nautilus_bot.research.backtest.rows import Period
from nautilus_bot.research.backtest.rowset import Instance, RowSet, build_rows
from nautilus_bot.research.backtest.trades import Trade, build_trades


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


def finish(
    config: BotConfig, market: BacktestMarket, run: Run, instances: Sequence[Instance], seconds: float
) -> Finished:
    """
    Count what a run's journal says, and load the candles that its report draws.

    Parameters
    ----------
    config : BotConfig
        What ran.
    market : BacktestMarket
        On what.
    run : Run
        Its journal, closed.
    instances : Sequence[Instance]
        Its strategies, whether they traded or not.
    seconds : float
        Wall time of the simulation.
    """
    recorded = load_recorded(run.folder)
    trades = build_trades(recorded.bookings)
    kinds = [BarType.from_str(query.identifier) for query in market.queries]
    period = period_of(market.queries, config)
    rows = build_rows(instances, recorded, trades, period)
    candles = _load_all(market, kinds)
    return Finished(
        result=_build_result(market, run, recorded, rows, candles, period, seconds),
        recorded=recorded,
        trades=tuple(trades),
        candles=candles,
        period=period,
    )


def period_of(queries: Sequence[DataQuery], config: BotConfig) -> Period:
    """Return from the opening of the first bar to the close of the last, and the starting capital."""
    return Period(
        min(one.start_ns - bar_length_ns(BarType.from_str(one.identifier)) for one in queries),
        max(one.end_ns for one in queries),
        Decimal(str(config.backtest.capital_usdt)),
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
