"""A search's summary as a table for the terminal."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from nautilus_bot.research.optimize.score import Figures
from nautilus_bot.research.optimize.summary import Finalist, Summary

_FIGURES = ("return %", "max DD %", "RMD", "Sharpe", "trades")


def render_summary(summary: Summary) -> RenderableType:
    """Return the best parameters, their figures in- and out-of-sample, and what the node says."""
    return Group(*_parts(summary))


def _parts(summary: Summary) -> Iterator[RenderableType]:
    yield Text(
        f"{summary.study}: {summary.trials} trials, {summary.pruned} pruned, "
        f"{summary.infeasible} not feasible; {summary.new_trials} of them now in {summary.seconds:.1f} s "
        f"({summary.trials_per_second:.0f} a second)"
    )
    yield Text(
        f"searched {summary.first_bar[:10]} to {summary.split[:10]}, held out to {summary.last_bar[:10]}, "
        f"{summary.bars:,} bars ({summary.market})"
    )
    yield _figures_table(summary)
    if summary.best is None:
        yield Text("no trial kept to the constraints: loosen them, or search longer")
    else:
        yield _parameters_table(summary, summary.best)
    if summary.confirmation:
        yield _confirmation_table(summary)
    for note in summary.notes:
        yield Text(note)
    yield Text(
        f"study {summary.storage}\nsummary {summary.file}\nreport {summary.report}\nrun {summary.run_id}"
    )


def _figures_table(summary: Summary) -> Table:
    grid = Table(title="Finalists", title_justify="left", header_style="bold")
    grid.add_column("trial")
    for part in ("in-sample", "held out"):
        for name in _FIGURES:
            grid.add_column(f"{part}\n{name}", justify="right")
    for one in (*summary.finalists, summary.present):
        name = "present" if one.number < 0 else str(one.number)
        kept = _cells(one.out_of_sample) if one.out_of_sample else ("-",) * len(_FIGURES)
        grid.add_row(name, *_cells(one.in_sample), *kept)
    return grid


def _cells(figures: Figures) -> tuple[str, ...]:
    return (
        f"{figures.total_return:+.2f}",
        f"{figures.max_drawdown:.2f}",
        f"{figures.rmd:.2f}",
        f"{figures.sharpe:.2f}",
        str(figures.trades),
    )


def _parameters_table(summary: Summary, best: Finalist) -> Table:
    grid = Table(title=f"Parameters of trial {best.number}", title_justify="left", header_style="bold")
    grid.add_column("parameter")
    grid.add_column("present", justify="right")
    grid.add_column("best", justify="right")
    for name, value in best.parameters.items():
        grid.add_row(name, f"{summary.present.parameters.get(name, float('nan')):g}", f"{value:g}")
    return grid


def _confirmation_table(summary: Summary) -> Table:
    grid = Table(title="Confirmed on the node, whole period", title_justify="left", header_style="bold")
    for name in (
        "trial",
        "node trades",
        "fast",
        "node equity",
        "fast",
        "difference %",
        "node max DD %",
        "fast",
        "run",
    ):
        grid.add_column(name, justify="left" if name in {"trial", "run"} else "right")
    for one in summary.confirmation:
        grid.add_row(
            str(one.number),
            str(one.node_trades),
            str(one.fast_trades),
            f"{one.node_equity_usdt:,.2f}",
            f"{one.fast_equity_usdt:,.2f}",
            f"{one.equity_difference_pct:+.3f}",
            f"{one.node_max_drawdown:.2f}",
            f"{one.fast_max_drawdown:.2f}",
            one.run_id,
        )
    return grid
