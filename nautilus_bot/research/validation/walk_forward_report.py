"""What a walk-forward shows: one document, a table for the terminal, an HTML report."""

from collections.abc import Iterator
from math import isnan
from pathlib import Path

import msgspec
import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from nautilus_bot.research.page import grid, header, section, tiles, write_page
from nautilus_bot.research.statistics.moments import moments_of
from nautilus_bot.research.statistics.sharpe import probabilistic_sharpe
from nautilus_bot.research.validation.load import Subject
from nautilus_bot.research.validation.pictures import day_text, draw_parameters, draw_stitched, draw_windows
from nautilus_bot.research.validation.walk_forward import WalkForward, WindowResult

COLUMNS = (
    "out-of-sample",
    "days",
    "return % in",
    "out",
    "Sharpe in",
    "out",
    "max DD % in",
    "out",
    "trades in",
    "out",
)


class WalkForwardDocument(msgspec.Struct, frozen=True, kw_only=True):
    """
    A walk-forward with what it was made on.

    Parameters
    ----------
    strategy, symbol, interval, market : str
        What was examined, e.g. ``history`` for the market.
    result : WalkForward
        The windows.
    confidence : float
        Probability that the out-of-sample Sharpe ratio is above zero (PSR).
    report : str
        Path of the HTML report.
    """

    strategy: str
    symbol: str
    interval: str
    market: str
    result: WalkForward
    confidence: float
    report: str


def document_of(subject: Subject, result: WalkForward, folder: Path) -> WalkForwardDocument:
    """
    Write the HTML report and return the document.

    Parameters
    ----------
    subject : Subject
        What was examined.
    result : WalkForward
        Its walk-forward.
    folder : Path
        Where reports are written.

    Raises
    ------
    DataError
        If the report cannot be written.
    """
    document = WalkForwardDocument(
        strategy=subject.setting.strategy,
        symbol=subject.symbol,
        interval=subject.interval,
        market=subject.origin,
        result=result,
        confidence=probabilistic_sharpe(moments_of(np.array(result.returns))),
        report="",
    )
    path = folder / f"walk-forward-{document.strategy}-{document.symbol}-{document.interval}.html"
    title = f"Walk-forward of {document.strategy}"
    write_page(path, title, _parts(document, subject))
    return msgspec.structs.replace(document, report=str(path))


def render_walk_forward(documents: tuple[WalkForwardDocument, ...]) -> RenderableType:
    """Return everything that a person wants to see after walk-forwards."""
    return Group(*(part for document in documents for part in _shown(document)))


def _shown(document: WalkForwardDocument) -> Iterator[RenderableType]:
    result = document.result
    yield Text(f"{document.strategy} · {' · '.join(_facts(document))}", style="bold")
    windows = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for index, column in enumerate(COLUMNS):
        windows.add_column(column, justify="left" if index == 0 else "right")
    for one in result.windows:
        windows.add_row(*_cells(one))
    yield windows
    for index, one in enumerate(result.windows, 1):
        chosen = "nothing earned in-sample, not traded" if one.parameters is None else _set(one.parameters)
        yield Text(f"  {index}. {chosen}", style="dim")
    yield Text("; ".join(f"{name} {value}" for name, value in _figures(document)) + ".")
    if result.stability:
        shown = (f"{one.name} {one.spread_ratio:.2f}" for one in result.stability)
        yield Text(f"parameter spread (0 always the same, 1 at random): {', '.join(shown)}")
    yield Text(f"report: {document.report}\n")


def _facts(document: WalkForwardDocument) -> tuple[str, ...]:
    plan = document.result.plan
    return (
        f"{document.symbol} {document.interval}",
        document.market,
        f"{plan.mode}, {plan.train_days} days in-sample, {plan.test_days} out-of-sample",
        f"purge {plan.purge_days}, embargo {plan.embargo_days} days",
        f"{document.result.trials} parameter sets a window",
    )


def _figures(document: WalkForwardDocument) -> tuple[tuple[str, str], ...]:
    found = document.result
    kept = "-" if isnan(found.efficiency) else f"{100 * found.efficiency:.0f} %"
    return (
        ("out-of-sample return", f"{found.outside.return_pct:+.2f} %"),
        ("Sharpe", f"{found.outside.sharpe:.2f}"),
        ("in-sample Sharpe", f"{found.inside_sharpe:.2f}"),
        ("efficiency", kept),
        ("max drawdown", f"{found.outside.drawdown_pct:.2f} %"),
        ("trades", f"{found.outside.trades:,}"),
        ("sure of an edge", f"{100 * document.confidence:.1f} %"),
    )


def _cells(window: WindowResult) -> tuple[str, ...]:
    inside, outside = window.inside, window.outside
    return (
        f"{day_text(window.test[0])} to {day_text(window.test[1])}",
        str(outside.days),
        f"{inside.return_pct:+.2f}",
        f"{outside.return_pct:+.2f}",
        f"{inside.sharpe:.2f}",
        f"{outside.sharpe:.2f}",
        f"{inside.drawdown_pct:.2f}",
        f"{outside.drawdown_pct:.2f}",
        str(inside.trades),
        str(outside.trades),
    )


def _set(parameters: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in parameters.items())


def _parts(document: WalkForwardDocument, subject: Subject) -> Iterator[str]:
    found = document.result
    yield header(f"Walk-forward of {document.strategy}", _facts(document))
    yield tiles(_figures(document))
    remark = "every day traded with parameters chosen before it; dotted lines begin a window"
    yield section("Stitched out-of-sample equity", remark, draw_stitched(found))
    yield section("In-sample and out-of-sample", "by window", draw_windows(found.windows))
    rows = ((*_cells(one), "-" if one.parameters is None else _set(one.parameters)) for one in found.windows)
    yield section(
        "Windows",
        "in-sample is the choice, out-of-sample the proof",
        grid((*COLUMNS, "chosen"), rows, (len(COLUMNS),)),
    )
    if found.stability:
        yield section(
            "Chosen parameters",
            "as a share of the searched range; a parameter that jumps from end to end is not identified",
            draw_parameters(subject.space, found.windows),
        )
        spread = (
            (one.name, f"{one.low:g}", f"{one.median:g}", f"{one.high:g}", f"{one.spread_ratio:.2f}")
            for one in found.stability
        )
        columns = ("parameter", "lowest", "median", "highest", "spread")
        yield section(
            "Stability", "spread: 0 always the same, 1 as if drawn at random", grid(columns, spread)
        )
