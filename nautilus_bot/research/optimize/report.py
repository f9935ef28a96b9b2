"""The HTML report of a search: one self-contained file, in the style of the backtest's report."""

from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Final

import msgspec

from nautilus_bot.research.optimize.figures import (
    draw_curves,
    draw_front,
    draw_history,
    draw_importance,
    draw_sides,
    draw_slices,
    name_of,
)
from nautilus_bot.research.optimize.importance import importance_of
from nautilus_bot.research.optimize.score import Figures
from nautilus_bot.research.optimize.session import Session
from nautilus_bot.research.optimize.summary import Finalist, Summary, write_summary
from nautilus_bot.research.optimize.trials import Trial, best_trials
from nautilus_bot.research.page import facts_list, header, section, tiles, write_page

FILE: Final = "report.html"
_HEADINGS: Final = ("return %", "max DD %", "RMD", "Sharpe", "Sortino", "Calmar", "trades")


def write_report(session: Session, summary: Summary, trials: Sequence[Trial]) -> Summary:
    """
    Write the report beside the summary, note its path there, and return the summary.

    Parameters
    ----------
    session : Session
        Market and strategies.
    summary : Summary
        The document.
    trials : Sequence[Trial]
        All of the study.

    Raises
    ------
    DataError
        If it cannot be written.
    """
    path = Path(summary.file).with_name(FILE)
    summary = msgspec.structs.replace(summary, report=str(path))
    write_page(path, f"Search {summary.study}", _parts(session, summary, trials))
    write_summary(summary, Path(summary.file))
    return summary


def _parts(session: Session, summary: Summary, trials: Sequence[Trial]) -> Iterator[str]:
    shown = (*summary.finalists, summary.present)
    metric = summary.metrics[0]
    yield _header(summary)
    yield _headline(summary)
    yield section("Finalists", "trials by the leading metric, and the present parameters", _figures(shown))
    yield section("Parameters", "of the finalists, and the present ones", _parameters(shown))
    if summary.out_of_sample:
        yield section(
            "Searched against held out",
            f"{metric} on the part that was searched and on the part that was not",
            draw_sides(shown, metric),
        )
    curves = {name_of(one): session.whole.equity(one.parameters) for one in shown}
    split = max(int(leg.market.ts[-1]) for leg in session.train.legs)
    yield section("Equity", "fast simulation; not searched right of the line", draw_curves(curves, split))
    yield section("Slices of time", "return within each slice of the searched part", draw_slices(shown))
    yield section("History", "every complete trial", draw_history(trials, metric))
    if len(summary.metrics) > 1:
        yield section(
            "Pareto front",
            "by the first two metrics",
            draw_front(trials, best_trials(trials), summary.metrics),
        )
    if importance := importance_of(trials):
        yield section(
            "Importance", "how much of the leading metric follows each parameter", draw_importance(importance)
        )
    if summary.confirmation:
        yield section("Confirmed on the node", "whole period, real risk rules", _confirmation(summary))
    yield section("Run", "what it takes to do it again", _provenance(summary))


def _header(summary: Summary) -> str:
    facts = (
        summary.market,
        ", ".join(summary.timeframes),
        ", ".join(summary.symbols),
        f"{summary.bars:,} bars",
        f"searched to {summary.split[:10]}, held out to {summary.last_bar[:10]}",
    )
    return header(f"Search, {', '.join(summary.strategies)}", facts, summary.notes)


def _headline(summary: Summary) -> str:
    best, metric = summary.best, summary.metrics[0]
    figures = [
        ("trials", f"{summary.trials:,}"),
        ("pruned", f"{summary.pruned:,}"),
        ("not feasible", f"{summary.infeasible:,}"),
        ("trials a second", f"{summary.trials_per_second:,.0f}"),
    ]
    if best is not None:
        figures.insert(0, (f"{metric}, searched", f"{getattr(best.in_sample, metric):.2f}"))
        if best.out_of_sample is not None:
            figures.insert(1, (f"{metric}, held out", f"{getattr(best.out_of_sample, metric):.2f}"))
    return tiles(figures)


def _figures(shown: Sequence[Finalist]) -> str:
    head = "".join(f"<th>{name}</th>" for name in _HEADINGS)
    lines = []
    for one in shown:
        lines.append(_line(name_of(one), one.in_sample, "sum"))
        if one.out_of_sample is not None:
            lines.append(_line("held out", one.out_of_sample, "part"))
    return f"<table><tr><th></th>{head}</tr>{''.join(lines)}</table>"


def _line(name: str, figures: Figures, kind: str) -> str:
    tone = "gain" if figures.total_return > 0 else "loss"
    cells = (
        f'<span class="{tone}">{figures.total_return:+.2f}</span>',
        f"{figures.max_drawdown:.2f}",
        f"{figures.rmd:.2f}",
        f"{figures.sharpe:.2f}",
        f"{figures.sortino:.2f}",
        f"{figures.calmar:.2f}",
        f"{figures.trades:,}",
    )
    return f'<tr class="{kind}"><td>{escape(name)}</td>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>'


def _parameters(shown: Sequence[Finalist]) -> str:
    head = "".join(f"<th>{escape(name_of(one))}</th>" for one in shown)
    lines = "".join(
        f"<tr><td>{escape(name)}</td>"
        + "".join(f"<td>{one.parameters.get(name, float('nan')):g}</td>" for one in shown)
        + "</tr>"
        for name in shown[0].parameters
    )
    return f"<table><tr><th></th>{head}</tr>{lines}</table>"


def _confirmation(summary: Summary) -> str:
    head = "".join(
        f"<th>{name}</th>"
        for name in (
            "node trades",
            "fast",
            "node equity",
            "fast",
            "difference %",
            "node max DD %",
            "fast",
            "run",
        )
    )
    lines = "".join(
        f"<tr><td>trial {one.number}</td><td>{one.node_trades:,}</td><td>{one.fast_trades:,}</td>"
        f"<td>{one.node_equity_usdt:,.2f}</td><td>{one.fast_equity_usdt:,.2f}</td>"
        f"<td>{one.equity_difference_pct:+.3f}</td><td>{one.node_max_drawdown:.2f}</td>"
        f"<td>{one.fast_max_drawdown:.2f}</td><td>{escape(one.run_id)}</td></tr>"
        for one in summary.confirmation
    )
    return f"<table><tr><th></th>{head}</tr>{lines}</table>"


def _provenance(summary: Summary) -> str:
    facts = (
        ("study", summary.study),
        ("storage", summary.storage),
        ("run", summary.run_id),
        ("seed, batch, jobs", f"{summary.seed}, {summary.batch}, {summary.n_jobs}"),
        ("code", summary.code_hash),
        *((f"bars {name}", value) for name, value in summary.content_hashes.items()),
        ("search", f"{summary.new_trials:,} new trials in {summary.seconds:.1f} s"),
    )
    return facts_list(facts)
