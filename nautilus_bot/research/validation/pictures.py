"""Figures of the reports: stitched equity, windows, parameters over time, neighbours, stresses."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from nautilus_bot.core.clocks import NS_PER_DAY
from nautilus_bot.research.backtest.figures import ACCENT, GAIN, LOSS, MUTED, PALETTE, dates, style
from nautilus_bot.research.backtest.statistics import drawdowns_pct
from nautilus_bot.research.validation.robustness import Plateau, Stress
from nautilus_bot.research.validation.space import Space
from nautilus_bot.research.validation.walk_forward import WalkForward, WindowResult


def draw_stitched(found: WalkForward) -> go.Figure:
    """Draw what 100 would have become out-of-sample, with a line where parameters were chosen anew."""
    equity = 100.0 * np.concatenate([[1.0], np.cumprod(1.0 + np.array(found.returns))])
    times = [day_text(found.days[0] - 1), *(day_text(day) for day in found.days)]
    figure = make_subplots(rows=2, shared_xaxes=True, row_heights=[0.72, 0.28], vertical_spacing=0.03)
    figure.add_scatter(
        x=times,
        y=np.round(equity, 3),
        name="out-of-sample",
        line={"color": ACCENT, "width": 1.6},
        hovertemplate="%{y:.2f}",
        row=1,
        col=1,
    )
    figure.add_scatter(
        x=times,
        y=-np.round(drawdowns_pct(equity), 3),
        showlegend=False,
        line={"color": LOSS, "width": 1},
        fill="tozeroy",
        fillcolor="rgba(234, 106, 114, 0.18)",
        hovertemplate="%{y:.2f} %",
        row=2,
        col=1,
    )
    for window in found.windows:
        figure.add_vline(x=day_text(window.test[0]), line={"color": MUTED, "width": 1, "dash": "dot"})
    figure.update_yaxes(title_text="start = 100", row=1, col=1)
    figure.update_yaxes(title_text="below peak, %", row=2, col=1)
    return style(figure, height=480)


def draw_windows(windows: Sequence[WindowResult]) -> go.Figure:
    """Draw the Sharpe ratio of each window in-sample and out-of-sample."""
    names = [day_text(one.test[0]) for one in windows]
    figure = go.Figure()
    figure.add_bar(x=names, y=_rounded(one.inside.sharpe for one in windows), name="in-sample")
    figure.add_bar(x=names, y=_rounded(one.outside.sharpe for one in windows), name="out-of-sample")
    figure.data[0].marker.color = MUTED
    figure.data[1].marker.color = ACCENT
    figure.update_layout(barmode="group", bargap=0.35)
    figure.update_xaxes(type="category", title_text="out-of-sample begins")
    figure.update_yaxes(title_text="annual Sharpe ratio")
    return style(figure, height=340)


def draw_parameters(space: Space, windows: Sequence[WindowResult]) -> go.Figure:
    """Draw each chosen parameter from window to window, as a share of its searched range."""
    figure = go.Figure()
    chosen = [one for one in windows if one.parameters is not None]
    names = [day_text(one.test[0]) for one in chosen]
    for index, one in enumerate(space):
        values = [(window.parameters or {})[one.name] for window in chosen]
        width = one.high - one.low
        figure.add_scatter(
            x=names,
            y=[100.0 * (value - one.low) / width if width else 50.0 for value in values],
            customdata=values,
            name=one.name,
            mode="lines+markers",
            line={"color": PALETTE[index % len(PALETTE)], "width": 1.4},
            hovertemplate="%{customdata:.4g}",
        )
    figure.update_xaxes(type="category")
    figure.update_yaxes(title_text="% of the range", range=[-4, 104])
    return style(figure, height=360)


def draw_plateau(plateau: Plateau) -> go.Figure:
    """Draw the Sharpe ratios of the neighbours, sorted, and that of the chosen set."""
    sharpes = sorted(plateau.neighbours)
    figure = go.Figure(go.Bar(y=_rounded(sharpes), marker={"color": ACCENT}, name="neighbours"))
    figure.add_hline(y=plateau.centre, line={"color": GAIN, "dash": "dot"}, annotation_text="chosen")
    figure.update_xaxes(showticklabels=False)
    figure.update_yaxes(title_text="annual Sharpe ratio")
    return style(figure, height=300)


def draw_stresses(stresses: Sequence[Stress]) -> go.Figure:
    """Draw the return under each condition."""
    returns = [one.return_pct for one in stresses]
    colours = [GAIN if value > 0 else LOSS for value in returns]
    figure = go.Figure(
        go.Bar(x=_rounded(returns), y=[one.name for one in stresses], orientation="h", marker_color=colours)
    )
    figure.update_yaxes(autorange="reversed")
    figure.update_xaxes(title_text="return, %")
    return style(figure, height=240, hovermode="y unified")


def day_text(day: int) -> str:
    """Return a day (since 1970) as ISO 8601."""
    return dates(np.array([day * NS_PER_DAY]))[0][:10]


def _rounded(values: Any) -> list[float]:
    return [round(float(value), 3) for value in values]
