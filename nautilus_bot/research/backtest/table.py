"""The result as tables for a terminal of 80 columns."""

from collections.abc import Callable, Iterator, Sequence
from math import isnan

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from nautilus_bot.research.backtest.result import BacktestResult
from nautilus_bot.research.backtest.rows import ALL, Row
from strategies.table import STRATEGIES

type Cells = Callable[[Row], list[Text]]

FIGURES = ("return%", "trades", "win%", "maxDD%", "Sharpe", "Sortino", "PF", "held%")
FLOWS = ("PnL", "fees", "funding", "signals", "executed", "refused")


def render_result(result: BacktestResult) -> RenderableType:
    """Return everything that a person wants to see after a backtest."""
    return Group(
        _heading(result),
        _grid(result, FIGURES, _figures),
        _grid(result, FLOWS, _flows),
        _refusals(result),
        *_remarks(result),
    )


def _heading(result: BacktestResult) -> Text:
    return Text(
        f"{result.market} · {', '.join(result.timeframes)} · {_minute(result.first_bar)} to "
        f"{_minute(result.last_bar)} UTC\n"
        f"{result.bars:,} bars · {result.capital_usdt:,.0f} USDT shared by all strategies",
        style="bold",
    )


def _grid(result: BacktestResult, columns: Sequence[str], cells: Cells) -> Table:
    grid = _table("strategy", columns)
    for strategy in result.by_strategy:
        grid.add_row(Text(short_name(strategy.strategy), style="bold"), *cells(strategy))
        for row in result.rows:
            if row.strategy == strategy.strategy:
                grid.add_row(f"  {row.symbol}", *cells(row))
    grid.add_section()
    for row in result.by_symbol:
        grid.add_row(row.symbol, *cells(row))
    grid.add_section()
    grid.add_row(Text("account", style="bold"), *cells(result.overall))
    return grid


def _refusals(result: BacktestResult) -> Table:
    """Return how many signals each rule refused, by strategy."""
    grid = _table("refused by", [*(STRATEGIES[row.strategy].tag for row in result.by_strategy), "all"])
    for rule in result.overall.refused:
        counts = [row.refused.get(rule, 0) for row in (*result.by_strategy, result.overall)]
        grid.add_row(rule, *(str(count or "-") for count in counts))
    return grid


def _table(first: str, columns: Sequence[str]) -> Table:
    # no padding beside the one blank between columns: eight figures and a name fit 80 columns
    grid = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold", padding=0)
    grid.add_column(first, no_wrap=True, min_width=15)
    for name in columns:
        grid.add_column(name, justify="right", no_wrap=True, min_width=5)
    return grid


def _figures(row: Row) -> list[Text]:
    return [
        _signed(row.return_pct),
        Text(str(row.trades)),
        _number(row.win_rate_pct, 1),
        _number(row.max_drawdown_pct, 2),
        _number(row.sharpe, 2),
        _number(row.sortino, 2),
        _number(row.profit_factor, 2),
        _number(row.exposure_pct, 1),
    ]


def _flows(row: Row) -> list[Text]:
    return [
        _signed(float(row.pnl_usdt)),
        _number(float(row.fees_usdt), 2),
        _signed(float(row.funding_usdt)),
        Text(str(row.signals)),
        Text(str(row.executed)),
        Text(str(row.refusals)),
    ]


def _remarks(result: BacktestResult) -> Iterator[Text]:
    held = next((one for one in result.benchmark if one.symbol == ALL), None)
    if held is not None:
        yield Text(
            f"buy and hold   {held.return_pct:+.2f} %, maxDD {held.max_drawdown_pct:.2f} %, "
            f"Sharpe {held.sharpe:.2f} (equal parts, no fees)"
        )
    row = result.overall
    before = float(row.pnl_usdt + row.fees_usdt - row.funding_usdt)
    yield Text(
        f"where it went  {before:+,.2f} USDT by price, {-row.fees_usdt:+,.2f} fees, "
        f"{row.funding_usdt:+,.2f} funding"
    )
    yield Text(
        f"at the end     balance {result.final_balance_usdt:,.2f} USDT, equity "
        f"{result.final_equity_usdt:,.2f}, {result.overall.open_trades} positions open"
    )
    yield Text(f"halted         {result.halts_text()}")
    if result.gaps:
        yield Text(f"gaps           {result.gaps} in the market data; indicators began again behind each")
    yield Text(f"speed          {result.seconds:.1f} s, {result.bars_per_second:,.0f} bars a second")
    for note in result.notes:
        yield Text(f"missing        {note}", style="yellow")
    yield Text(f"decisions      {result.decisions_digest}")
    yield Text(f"run            {result.run_id}")
    if result.report:
        yield Text(f"report         {result.report}")


def _minute(moment: str) -> str:
    return moment[:16].replace("T", " ")


def short_name(strategy: str) -> str:
    """Return a strategy's class name without the word that all of them end with."""
    return strategy.removesuffix("Strategy")


def _number(value: float, decimals: int) -> Text:
    return Text("-" if isnan(value) else f"{value:.{decimals}f}")


def _signed(value: float) -> Text:
    style = "green" if value > 0 else "red" if value < 0 else ""
    return Text(f"{value:+.2f}", style=style)
