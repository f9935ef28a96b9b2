"""The HTML report: one self-contained file that opens anywhere, without a network."""

from collections.abc import Callable, Iterator, Sequence
from html import escape
from math import isnan
from pathlib import Path
from typing import Final

import numpy as np

from nautilus_bot.market.instruments import instrument_id
from nautilus_bot.research.backtest.benchmark import day_ends, hold_curves
from nautilus_bot.research.backtest.figures import draw_equity, draw_months, draw_refusals, draw_strategies
from nautilus_bot.research.backtest.figures_trades import draw_trades, join_candles
from nautilus_bot.research.backtest.finish import Finished
from nautilus_bot.research.backtest.result import BacktestResult
from nautilus_bot.research.backtest.rows import ALL, Row, daily_equity, mark_curve, realised_curve
from nautilus_bot.research.backtest.table import short_name
from nautilus_bot.research.page import facts_list, header, section, tiles, write_page

_COLUMNS: Final[tuple[tuple[str, Callable[[Row], str]], ...]] = (
    ("return %", lambda row: _signed(row.return_pct)),
    ("PnL USDT", lambda row: _signed(float(row.pnl_usdt))),
    ("trades", lambda row: f"{row.trades:,}"),
    ("win %", lambda row: _number(row.win_rate_pct, 1)),
    ("max DD %", lambda row: _number(row.max_drawdown_pct, 2)),
    ("Sharpe", lambda row: _number(row.sharpe, 2)),
    ("Sortino", lambda row: _number(row.sortino, 2)),
    ("profit factor", lambda row: _number(row.profit_factor, 2)),
    ("held %", lambda row: _number(row.exposure_pct, 1)),
    ("fees", lambda row: _number(float(row.fees_usdt), 2)),
    ("funding", lambda row: _signed(float(row.funding_usdt))),
    ("signals", lambda row: f"{row.signals:,}"),
    ("executed", lambda row: f"{row.executed:,}"),
    ("refused", lambda row: f"{row.refusals:,}"),
)


def write_report(finished: Finished, folder: Path) -> Path:
    """
    Write the report of a backtest.

    Parameters
    ----------
    finished : Finished
        The backtest.
    folder : Path
        Where to; made if it does not exist.

    Returns
    -------
    Path
        ``<folder>/<run id>.html``.

    Raises
    ------
    DataError
        If it cannot be written.
    """
    run_id = finished.result.run_id
    return write_page(folder / f"{run_id}.html", f"Backtest {run_id}", _parts(finished))


def _parts(finished: Finished) -> Iterator[str]:
    result, period = finished.result, finished.period
    curve = (
        mark_curve(finished.recorded.equity, period)
        if finished.recorded.equity
        else realised_curve(finished.trades, period)
    )
    held = hold_curves(finished.candles, period)[ALL]
    held_times = np.array(day_ends(period, len(held)), dtype=np.int64)
    strategies = [row.strategy for row in result.by_strategy]
    yield _header(result)
    yield _headline(result)
    yield section(
        "Equity and drawdown", "hourly, open positions included", draw_equity(*curve, held_times, held)
    )
    yield section("Months", "return in percent", draw_months(daily_equity(*curve, period), period))
    yield section(
        "Strategies and symbols", "after fees and funding, percent of the whole capital", _table(result)
    )
    yield section(
        "Profit and loss by strategy",
        "realised, after fees and funding",
        draw_strategies(result.by_strategy, finished.trades, period),
    )
    if result.overall.refused:
        yield section(
            "Refused by risk",
            "signals that a rule refused",
            draw_refusals(result.by_strategy, result.overall.refused),
        )
    for symbol, candles in finished.candles.items():
        own = [trade for trade in finished.trades if trade.instrument_id == str(instrument_id(symbol))]
        remark = f"{len(own):,} trades; triangles enter long or short, crosses leave with a gain or a loss; "
        remark += "drag to zoom, double-click for all, click a name to hide it"
        joined = join_candles(candles)
        if len(joined) < len(candles):
            remark += f"; {len(candles):,} bars joined into {len(joined):,} candles"
        yield section(symbol, remark, draw_trades(joined, own, strategies))
    yield section("Run", "what it takes to do it again", _provenance(result))


def _header(result: BacktestResult) -> str:
    span = f"{result.first_bar[:10]} to {result.last_bar[:10]}"
    facts = (
        result.market,
        ", ".join(result.timeframes),
        f"{len(result.by_strategy)} strategies on {len(result.by_symbol)} symbols",
        f"{result.bars:,} bars",
        result.run_id,
    )
    return header(f"Backtest, {span}", facts, result.notes)


def _headline(result: BacktestResult) -> str:
    row = result.overall
    held = next((one for one in result.benchmark if one.symbol == ALL), None)
    return tiles(
        (
            ("return", f"{_signed(row.return_pct)} %"),
            ("buy and hold", "-" if held is None else f"{_signed(held.return_pct)} %"),
            ("max drawdown", f"{_number(row.max_drawdown_pct, 2)} %"),
            ("Sharpe", _number(row.sharpe, 2)),
            ("trades", f"{row.trades:,}"),
            ("win rate", f"{_number(row.win_rate_pct, 1)} %"),
            ("profit factor", _number(row.profit_factor, 2)),
            ("final balance, USDT", f"{result.final_balance_usdt:,.2f}"),
        )
    )


def _table(result: BacktestResult) -> str:
    head = "".join(f"<th>{name}</th>" for name, _ in _COLUMNS)
    lines = []
    for total in result.by_strategy:
        lines.append(_line(short_name(total.strategy), total, "sum"))
        parts = [row for row in result.rows if row.strategy == total.strategy]
        lines += [_line(row.symbol, row, "part") for row in parts]
    lines += [
        _line(row.symbol, row, "total" if index == 0 else "sum") for index, row in enumerate(result.by_symbol)
    ]
    lines.append(_line("account", result.overall, "total"))
    return f"<table><tr><th></th>{head}</tr>{''.join(lines)}</table>"


def _line(name: str, row: Row, kind: str) -> str:
    cells = "".join(f"<td>{cell(row)}</td>" for _, cell in _COLUMNS)
    return f'<tr class="{kind}"><td>{escape(name)}</td>{cells}</tr>'


def _provenance(result: BacktestResult) -> str:
    facts: Sequence[tuple[str, str]] = (
        ("run", result.run_id),
        ("event catalog", result.event_catalog),
        ("decisions, sha256", result.decisions_digest),
        *((f"bars {name}", value) for name, value in result.content_hashes.items()),
        ("trading halted", result.halts_text()),
        ("simulation", f"{result.seconds:.1f} s, {result.bars_per_second:,.0f} bars a second"),
    )
    return facts_list(facts)


def _number(value: float, decimals: int) -> str:
    return "-" if isnan(value) else f"{value:,.{decimals}f}"


def _signed(value: float) -> str:
    kind = "gain" if value > 0 else "loss" if value < 0 else ""
    return f'<span class="{kind}">{value:+,.2f}</span>'
