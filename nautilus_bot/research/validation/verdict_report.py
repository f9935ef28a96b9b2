"""What a validation shows: one document, a table for the terminal, an HTML report."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from nautilus_bot.research.page import grid, header, section, tiles, write_page
from nautilus_bot.research.validation.gate import Evidence, Verdict
from nautilus_bot.research.validation.load import Subject
from nautilus_bot.research.validation.pictures import draw_plateau, draw_stitched, draw_stresses, draw_windows

WORDS = (1, 2)
"""Columns of the table of checks that hold words."""


class VerdictDocument(msgspec.Struct, frozen=True, kw_only=True):
    """
    A verdict with what it was passed on.

    Parameters
    ----------
    strategy, symbol, interval, market : str
        What was examined.
    verdict : Verdict
        Pass or fail, and why.
    report : str
        Path of the HTML report.
    """

    strategy: str
    symbol: str
    interval: str
    market: str
    verdict: Verdict
    report: str


def document_of(subject: Subject, verdict: Verdict, folder: Path) -> VerdictDocument:
    """
    Write the HTML report and return the document.

    Parameters
    ----------
    subject : Subject
        What was examined.
    verdict : Verdict
        What was found.
    folder : Path
        Where reports are written.

    Raises
    ------
    DataError
        If the report cannot be written.
    """
    strategy, symbol, interval = subject.setting.strategy, subject.symbol, subject.interval
    path = folder / f"validation-{strategy}-{symbol}-{interval}.html"
    document = VerdictDocument(
        strategy=strategy,
        symbol=symbol,
        interval=interval,
        market=subject.origin,
        verdict=verdict,
        report=str(path),
    )
    write_page(path, f"Validation of {strategy}", _parts(document))
    return document


def render_verdicts(documents: tuple[VerdictDocument, ...]) -> RenderableType:
    """Return everything that a person wants to see after validations."""
    return Group(*(part for document in documents for part in _shown(document)))


def _shown(document: VerdictDocument) -> Iterator[RenderableType]:
    verdict = document.verdict
    yield Text(
        f"{document.strategy} · {document.symbol} {document.interval} · {document.market}", style="bold"
    )
    checks = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for column in ("", "check", "what was found"):
        checks.add_column(column, overflow="fold")
    for one in verdict.checks:
        mark = Text("pass", style="green") if one.passed else Text("FAIL", style="red")
        checks.add_row(mark, one.name, one.reads)
    yield checks
    yield Text(_sentence(verdict), style="bold green" if verdict.passed else "bold red")
    yield Text(f"report: {document.report}\n")


def _sentence(verdict: Verdict) -> str:
    failed = [one.name for one in verdict.checks if not one.passed]
    if not failed:
        return f"PASS: all {len(verdict.checks)} checks passed."
    return f"FAIL: {', '.join(failed)}. This is not distinguishable from luck, or would not survive trading."


def _parts(document: VerdictDocument) -> Iterator[str]:
    verdict = document.verdict
    facts = (f"{document.symbol} {document.interval}", document.market)
    yield header(f"Validation of {document.strategy}", facts, (_sentence(verdict),))
    rows = (("pass" if one.passed else "FAIL", one.name, one.reads) for one in verdict.checks)
    if verdict.evidence is None:
        yield section("Checks", "nothing more to examine", grid(("", "check", "what was found"), rows, WORDS))
        return
    yield tiles(_figures(verdict.evidence))
    yield section("Checks", "all must pass", grid(("", "check", "what was found"), rows, WORDS))
    yield from _pictures(verdict.evidence)


def _figures(found: Evidence) -> tuple[tuple[str, str], ...]:
    return (
        ("Sharpe in-sample, best of all trials", f"{found.sharpe:.2f}"),
        ("Sharpe of the luckiest without edge", f"{found.expected_max_sharpe:.2f}"),
        ("deflated Sharpe", f"{found.deflated_sharpe:.3f}"),
        ("the same, trials' own variance", f"{found.deflated_sharpe_observed:.3f}"),
        ("Sharpe out-of-sample", f"{found.walk_forward.outside.sharpe:.2f}"),
        ("probability of overfitting", f"{100 * found.overfitting_probability:.0f} %"),
        ("days for 95 %", f"{found.min_track_record_days:,.0f}"),
        ("drawdown, 95 % of orders", f"{found.drawdown_95_pct:.1f} %"),
    )


def _pictures(found: Evidence) -> Iterator[str]:
    forward = found.walk_forward
    yield section("Out-of-sample", "walk-forward, anchored", draw_stitched(forward))
    yield section("In-sample and out-of-sample", "by window", draw_windows(forward.windows))
    yield section(
        "Plateau", "each neighbour is one parameter a tenth of its range aside", draw_plateau(found.plateau)
    )
    yield section("Stress", "the chosen parameters under worse conditions", draw_stresses(found.stresses))
    chosen = ((name, f"{value:g}") for name, value in found.parameters.items())
    yield section(
        "Chosen parameters", "by a search over the whole history", grid(("parameter", "value"), chosen)
    )
