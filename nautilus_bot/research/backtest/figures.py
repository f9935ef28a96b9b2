"""The pictures of a backtest's report, as plotly figures in one dark, quiet style."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from nautilus_bot.core.clocks import NS_PER_DAY
from nautilus_bot.research.backtest.rows import IntArray, Period, Row, realised_curve
from nautilus_bot.research.backtest.statistics import FloatArray, drawdowns_pct
from nautilus_bot.research.backtest.table import short_name
from nautilus_bot.research.backtest.trades import Trade

TEXT: Final = "#c9d1dc"
MUTED: Final = "#7d8896"
GRID: Final = "#222a35"
ACCENT: Final = "#6cb2f0"
GAIN: Final = "#45c08b"
LOSS: Final = "#ea6a72"
PALETTE: Final = ("#6cb2f0", "#e2b35c", "#b58cf0", "#45c08b", "#ea8f6a", "#5fc7c7", "#d98ac2", "#9aa7b8")
FONT: Final = "Inter, 'Segoe UI', system-ui, sans-serif"
MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def draw_equity(times: IntArray, equity: FloatArray, held_times: IntArray, held: FloatArray) -> go.Figure:
    """
    Draw the account's equity above its drawdown, with buy and hold beside it.

    Parameters
    ----------
    times, equity : IntArray, FloatArray, shape (n,)
        Hourly marks, ns UTC and USDT.
    held_times, held : IntArray, FloatArray, shape (n_days + 1,)
        Buy and hold of equal parts.
    """
    figure = make_subplots(rows=2, shared_xaxes=True, row_heights=[0.72, 0.28], vertical_spacing=0.03)
    figure.add_scatter(
        x=dates(held_times),
        y=np.round(held, 2),
        name="buy and hold",
        line={"color": MUTED, "width": 1, "dash": "dot"},
        hovertemplate="%{y:,.2f}",
        row=1,
        col=1,
    )
    figure.add_scatter(
        x=dates(times),
        y=np.round(equity, 2),
        name="account",
        line={"color": ACCENT, "width": 1.6},
        hovertemplate="%{y:,.2f}",
        row=1,
        col=1,
    )
    figure.add_scatter(
        x=dates(times),
        y=-np.round(drawdowns_pct(equity), 3),
        name="drawdown",
        line={"color": LOSS, "width": 1},
        fill="tozeroy",
        fillcolor="rgba(234, 106, 114, 0.18)",
        hovertemplate="%{y:.2f} %",
        showlegend=False,
        row=2,
        col=1,
    )
    figure.update_yaxes(title_text="USDT", tickformat=",.0f", row=1, col=1)
    figure.update_yaxes(title_text="below peak, %", row=2, col=1)
    return style(figure, height=520)


def draw_strategies(rows: Sequence[Row], trades: Sequence[Trade], period: Period) -> go.Figure:
    """Draw each strategy's realised profit and loss, after fees and funding."""
    figure = go.Figure()
    for row, colour in zip(rows, _cycle(len(rows)), strict=True):
        own = [trade for trade in trades if trade.strategy_id.startswith(f"{row.strategy}-")]
        times, balance = realised_curve(own, period)
        times, balance = np.append(times, period.end_ns), np.append(balance, balance[-1])
        figure.add_scatter(
            x=dates(times),
            y=np.round(balance - float(period.capital), 2),
            name=short_name(row.strategy),
            line={"color": colour, "width": 1.3, "shape": "hv"},
            hovertemplate="%{y:+,.2f}",
        )
    figure.update_yaxes(title_text="USDT", tickformat="+,.0f")
    return style(figure, height=380)


def draw_months(daily: FloatArray, period: Period) -> go.Figure:
    """
    Draw the return of every month as a heat map, a row a year.

    Parameters
    ----------
    daily : FloatArray, shape (n_days + 1,)
        Equity at the start and at the end of each UTC day.
    """
    months = monthly_returns(daily, period)
    years = sorted({year for year, _ in months})
    values = [[months.get((year, month), np.nan) for month in range(1, 13)] for year in years]
    reach = max(1.0, float(np.nanmax(np.abs(values))))
    figure = go.Figure(
        go.Heatmap(
            z=values,
            x=MONTHS,
            y=[str(year) for year in years],
            text=[["" if np.isnan(value) else f"{value:+.1f}" for value in line] for line in values],
            texttemplate="%{text}",
            colorscale=[[0.0, "#8f3640"], [0.5, "#1a2029"], [1.0, "#256b4c"]],
            zmin=-reach,
            zmax=reach,
            xgap=3,
            ygap=3,
            showscale=False,
            hovertemplate="%{y} %{x}: %{z:+.2f} %<extra></extra>",
        )
    )
    figure.update_yaxes(autorange="reversed", showgrid=False, type="category")
    figure.update_xaxes(showgrid=False, side="top")
    return style(figure, height=72 + 46 * len(years), hovermode="closest")


def monthly_returns(daily: FloatArray, period: Period) -> dict[tuple[int, int], float]:
    """
    Return percent by year and month, the first and last month as far as they were traded.

    Parameters
    ----------
    daily : FloatArray, shape (n_days + 1,)
        Equity at the start and at the end of each UTC day of the period.
    """
    first = period.start_ns // NS_PER_DAY
    returns: dict[tuple[int, int], float] = {}
    begun = daily[0]
    month = _month(first)
    for day in range(len(daily) - 1):
        following = _month(first + day + 1)
        if following != month or day == len(daily) - 2:
            returns[month] = 100.0 * float(daily[day + 1] / begun - 1.0)
            begun, month = daily[day + 1], following
    return returns


def draw_refusals(rows: Sequence[Row], refused: Mapping[str, int]) -> go.Figure:
    """Draw how many signals each rule refused, by strategy."""
    rules = list(refused)
    figure = go.Figure()
    for row, colour in zip(rows, _cycle(len(rows)), strict=True):
        figure.add_bar(
            y=rules,
            x=[row.refused.get(rule, 0) for rule in rules],
            name=short_name(row.strategy),
            orientation="h",
            marker={"color": colour, "line": {"width": 0}},
            hovertemplate="%{x:,}",
        )
    figure.update_layout(barmode="stack", bargap=0.35)
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_xaxes(title_text="refused signals", tickformat=",d")
    return style(figure, height=120 + 34 * max(1, len(rules)), hovermode="y unified")


def style(figure: go.Figure, *, height: int, hovermode: str = "x unified") -> go.Figure:
    """Give a figure the common look and return it."""
    figure.update_layout(
        height=height,
        hovermode=hovermode,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": FONT, "size": 12, "color": TEXT},
        margin={"l": 64, "r": 16, "t": 36, "b": 36},
        legend_font_color=MUTED,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "traceorder": "normal"},
        hoverlabel={"bgcolor": "#1a2029", "bordercolor": GRID, "font": {"color": TEXT}},
    )
    quiet: dict[str, Any] = {
        "gridcolor": GRID,
        "zerolinecolor": "#38424f",
        "linecolor": GRID,
        "tickfont": {"color": MUTED},
        "title_font": {"color": MUTED, "size": 11},
        "automargin": True,
    }
    figure.update_xaxes(**quiet)
    figure.update_yaxes(**quiet)
    return figure


def dates(times: IntArray) -> list[str]:
    """Return times (ns UTC) as ISO 8601 to the second."""
    return [str(moment) for moment in times.astype("datetime64[ns]").astype("datetime64[s]")]


def _month(day: int) -> tuple[int, int]:
    moment = datetime.fromtimestamp(day * 86_400, UTC)
    return moment.year, moment.month


def _cycle(count: int) -> list[str]:
    return [PALETTE[index % len(PALETTE)] for index in range(count)]
