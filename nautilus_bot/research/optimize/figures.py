"""The pictures of a search's report, in the style of the backtest's."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from nautilus_bot.research.backtest.figures import (
    ACCENT,
    GAIN,
    LOSS,
    MUTED,
    PALETTE,
    dates,
    style,
)
from nautilus_bot.research.backtest.statistics import FloatArray
from nautilus_bot.research.optimize.score import Ints
from nautilus_bot.research.optimize.summary import Finalist
from nautilus_bot.research.optimize.trials import Trial

MAX_POINTS = 3_000


def draw_history(trials: Sequence[Trial], metric: str) -> go.Figure:
    """Draw the leading metric of every complete trial and the best so far."""
    complete = [one for one in trials if one.state == "complete"]
    fair = [one for one in complete if one.feasible]
    figure = go.Figure()
    for name, group, colour in (
        ("feasible", fair, ACCENT),
        ("not feasible", [one for one in complete if not one.feasible], MUTED),
    ):
        figure.add_scatter(
            x=[one.number for one in group],
            y=[round(one.values[0], 4) for one in group],
            name=name,
            mode="markers",
            marker={"color": colour, "size": 4, "opacity": 0.7},
            hovertemplate="trial %{x}: %{y:.3f}<extra></extra>",
        )
    if fair:
        figure.add_scatter(
            x=[one.number for one in fair],
            y=np.round(np.maximum.accumulate([one.values[0] for one in fair]), 4),
            name="best so far",
            line={"color": GAIN, "width": 1.6, "shape": "hv"},
            hovertemplate="%{y:.3f}<extra></extra>",
        )
    figure.update_yaxes(title_text=metric)
    figure.update_xaxes(title_text="trial")
    return style(figure, height=380, hovermode="closest")


def draw_importance(importance: Mapping[str, float]) -> go.Figure:
    """Draw how much of the metric's variation each parameter explains."""
    names = list(importance)
    figure = go.Figure(
        go.Bar(
            y=names,
            x=[round(100.0 * importance[name], 2) for name in names],
            orientation="h",
            marker={"color": ACCENT, "line": {"width": 0}},
            hovertemplate="%{y}: %{x:.1f} %<extra></extra>",
        )
    )
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_xaxes(title_text="share of the variation, %")
    return style(figure, height=90 + 26 * max(1, len(names)), hovermode="closest")


def draw_slices(finalists: Sequence[Finalist]) -> go.Figure:
    """Draw the return of each slice of time, for the finalists and the present parameters."""
    figure = go.Figure()
    for one, colour in zip(finalists, PALETTE, strict=False):
        figure.add_bar(
            x=[f"slice {number}" for number in range(1, len(one.slices) + 1)],
            y=[round(value, 3) for value in one.slices],
            name=name_of(one),
            marker={"color": colour, "line": {"width": 0}},
            hovertemplate="%{y:+.2f} %",
        )
    figure.update_layout(barmode="group", bargap=0.3)
    figure.update_yaxes(title_text="return, % of the capital", tickformat="+.1f")
    return style(figure, height=320)


def draw_sides(finalists: Sequence[Finalist], metric: str) -> go.Figure:
    """Draw the leading metric on the searched and on the held-out part, side by side."""
    figure = go.Figure()
    kept = [one for one in finalists if one.out_of_sample is not None]
    for name, colour, values in (
        ("searched", ACCENT, [getattr(one.in_sample, metric) for one in kept]),
        ("held out", LOSS, [getattr(one.out_of_sample, metric) for one in kept]),
    ):
        figure.add_bar(
            x=[name_of(one) for one in kept],
            y=[round(value, 4) for value in values],
            name=name,
            marker={"color": colour, "line": {"width": 0}},
            hovertemplate="%{y:.3f}",
        )
    figure.update_layout(barmode="group", bargap=0.4)
    figure.update_yaxes(title_text=metric)
    return style(figure, height=320)


def draw_curves(curves: Mapping[str, tuple[Ints, FloatArray]], split_ns: int) -> go.Figure:
    """
    Draw equity over the whole time, with the beginning of the held-out part.

    Parameters
    ----------
    curves : Mapping[str, tuple[Ints, FloatArray]]
        Times (ns UTC) and equity (USDT) by name.
    split_ns : int
        Where the searched part ends.
    """
    figure = go.Figure()
    for (name, (times, equity)), colour in zip(curves.items(), PALETTE, strict=False):
        some = np.unique(np.linspace(0, len(times) - 1, MAX_POINTS).astype(np.int64))
        figure.add_scatter(
            x=dates(times[some]),
            y=np.round(equity[some], 2),
            name=name,
            line={"color": colour, "width": 1.4},
            hovertemplate="%{y:,.2f}",
        )
    edge = dates(np.array([split_ns], dtype=np.int64))[0]
    figure.add_shape(
        type="line",
        x0=edge,
        x1=edge,
        y0=0,
        y1=1,
        yref="paper",
        line={"color": MUTED, "width": 1, "dash": "dot"},
    )
    figure.update_yaxes(title_text="USDT", tickformat=",.0f")
    return style(figure, height=420)


def draw_front(trials: Sequence[Trial], front: Sequence[Trial], metrics: Sequence[str]) -> go.Figure:
    """Draw the first two metrics of a multi-objective study, and its Pareto front."""
    figure = go.Figure()
    complete = [one for one in trials if one.state == "complete"]
    for name, group, colour, size in (("trials", complete, MUTED, 4), ("Pareto front", front, GAIN, 8)):
        figure.add_scatter(
            x=[round(one.values[0], 4) for one in group],
            y=[round(one.values[1], 4) for one in group],
            text=[f"trial {one.number}" for one in group],
            name=name,
            mode="markers",
            marker={"color": colour, "size": size},
            hovertemplate="%{text}: %{x:.3f}, %{y:.3f}<extra></extra>",
        )
    figure.update_xaxes(title_text=metrics[0])
    figure.update_yaxes(title_text=metrics[1])
    return style(figure, height=420, hovermode="closest")


def name_of(one: Finalist) -> str:
    """Return how a finalist is called in pictures."""
    return "present" if one.number < 0 else f"trial {one.number}"
