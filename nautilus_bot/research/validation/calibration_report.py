"""Write a calibration: the mapping file that the rule reads, and an HTML report."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import plotly.graph_objects as go

from nautilus_bot.core.errors import DataError
from nautilus_bot.research.backtest.figures import ACCENT, MUTED, style
from nautilus_bot.research.page import grid, header, section, write_page
from nautilus_bot.research.validation.calibrate import StrategyCalibration
from nautilus_bot.research.validation.load import Subject
from nautilus_bot.risk.calibration import Calibration

FILE = "calibration.html"


def write_calibration(
    found: Sequence[StrategyCalibration], subjects: Sequence[Subject], path: Path, reports: Path
) -> Path:
    """
    Write mapping file and report.

    Parameters
    ----------
    found : Sequence[StrategyCalibration]
        The calibrations.
    subjects : Sequence[Subject]
        What they were fitted on.
    path : Path
        The mapping file; a running bot that reads it sees the old or the new one, never a part.
    reports : Path
        Folder of the report.

    Returns
    -------
    Path
        The report.

    Raises
    ------
    DataError
        If one of them cannot be written.
    """
    fitted_on = "; ".join(dict.fromkeys(f"{one.symbol} {one.interval}, {one.origin}" for one in subjects))
    mapping = Calibration(strategies={one.strategy: one.mapping for one in found}, fitted_on=fitted_on)
    part = path.with_name(f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(msgspec.json.format(msgspec.json.encode(mapping), indent=2) + b"\n")
        part.replace(path)
    except OSError as e:
        raise DataError(f"the mapping must be writable, {path} is not: {e}; choose another --out") from e
    return write_page(reports / FILE, "Calibration", _parts(found, fitted_on))


def _parts(found: Sequence[StrategyCalibration], fitted_on: str) -> Iterator[str]:
    yield header("Calibration of confidence", (fitted_on,))
    rows = (
        (
            one.strategy,
            f"{one.fitted:,}",
            f"{one.judged:,}",
            one.mapping.method,
            f"{100 * one.base_rate:.1f}",
            f"{100 * one.break_even:.1f}",
            f"{one.raw.brier:.4f}",
            f"{one.calibrated.brier:.4f}",
            f"{one.constant.brier:.4f}",
        )
        for one in found
    )
    columns = (
        "strategy",
        "fitted",
        "judged",
        "method",
        "won %",
        "break-even %",
        "Brier raw",
        "mapped",
        "constant",
    )
    yield section(
        "Out-of-sample", "lower Brier scores are better; constant is the base rate", grid(columns, rows)
    )
    for one in found:
        yield section(
            one.strategy, "reliability on signals that nothing was fitted on", draw_reliability(one)
        )


def draw_reliability(found: StrategyCalibration) -> go.Figure:
    """Draw what forecasts said against what came true, raw and mapped; the diagonal is perfect."""
    figure = go.Figure()
    figure.add_scatter(x=[0, 1], y=[0, 1], mode="lines", name="perfect", line={"color": MUTED, "dash": "dot"})
    for name, judged, colour in (("raw", found.raw, MUTED), ("mapped", found.calibrated, ACCENT)):
        figure.add_scatter(
            x=[round(one.forecast, 4) for one in judged.curve],
            y=[round(one.observed, 4) for one in judged.curve],
            customdata=[one.count for one in judged.curve],
            mode="lines+markers",
            name=name,
            line={"color": colour},
            hovertemplate="says %{x:.2f}, came true %{y:.2f} (%{customdata} signals)",
        )
    figure.update_xaxes(title_text="confidence", range=[0, 1])
    figure.update_yaxes(title_text="share that earned money", range=[0, 1])
    return style(figure, height=380, hovermode="closest")
