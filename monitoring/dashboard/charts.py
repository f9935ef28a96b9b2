"""The panel's charts: dark, without a toolbar, figures from the event catalog and the control API alone."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import plotly.graph_objects as go

ACCENT: Final = "#5eead4"
LOSS: Final = "#fb7185"
MUTED: Final = "#8b98a9"
GRID: Final = "rgba(148, 163, 184, 0.10)"
CONFIG: Final = {"displayModeBar": False, "responsive": True}


def equity_chart(points: Sequence[tuple[datetime, float]], height: int = 280) -> Any:
    """
    Return the equity curve.

    Parameters
    ----------
    points : Sequence[tuple[datetime, float]]
        Market time (UTC) and equity in USDT, oldest first.
    """
    times, values = [time for time, _ in points], [value for _, value in points]
    figure = go.Figure(
        go.Scatter(
            x=times,
            y=values,
            mode="lines",
            line={"color": ACCENT, "width": 2, "shape": "hv" if len(points) < 40 else "linear"},
            fill="tozeroy",
            fillcolor="rgba(94, 234, 212, 0.07)",
            hovertemplate="%{x|%d %b %H:%M:%S}<br><b>%{y:,.2f} USDT</b><extra></extra>",
        )
    )
    return _dressed(figure, height, _span(values))


def drawdown_chart(points: Sequence[tuple[datetime, float]], height: int = 160) -> Any:
    """Return the drawdown below zero, percent; ``points`` are market time and drawdown."""
    figure = go.Figure(
        go.Scatter(
            x=[time for time, _ in points],
            y=[-value for _, value in points],
            mode="lines",
            line={"color": LOSS, "width": 1.5, "shape": "hv" if len(points) < 40 else "linear"},
            fill="tozeroy",
            fillcolor="rgba(251, 113, 133, 0.10)",
            hovertemplate="%{x|%d %b %H:%M:%S}<br><b>%{y:.2f} %%</b><extra></extra>",
        )
    )
    return _dressed(figure, height, None)


def _span(values: Sequence[float]) -> list[float] | None:
    """Return the range of the value axis: the curve fills it, a flat one stays in the middle."""
    if not values:
        return None
    low, high = min(values), max(values)
    margin = max((high - low) * 0.12, abs(high) * 0.0004, 0.01)
    return [low - margin, high + margin]


def _dressed(figure: Any, height: int, span: list[float] | None) -> Any:
    axis = {"gridcolor": GRID, "zeroline": False, "tickfont": {"color": MUTED, "size": 11}}
    figure.update_layout(
        height=height,
        margin={"l": 6, "r": 62, "t": 6, "b": 38},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        showlegend=False,
        hovermode="x unified",
        hoverlabel={"bgcolor": "#131a26", "bordercolor": "#263042", "font": {"color": "#e6edf6"}},
        xaxis=axis | {"showgrid": False, "fixedrange": True},
        yaxis=axis | {"side": "right", "range": span, "fixedrange": True, "tickformat": ",~f"},
        # keeps what the reader zoomed into over a refresh
        uirevision="kept",
    )
    return figure
