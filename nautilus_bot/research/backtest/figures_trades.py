"""Trades on candles: where each strategy entered and left, one picture a symbol."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import plotly.graph_objects as go

from nautilus_bot.market.candles import Candles
from nautilus_bot.research.backtest.figures import GAIN, LOSS, MUTED, PALETTE, dates, style
from nautilus_bot.research.backtest.table import short_name
from nautilus_bot.research.backtest.trades import Trade

MAX_CANDLES: Final = 4_000
"""More are not told apart on a screen; they are joined, never left out."""
MAX_TRADES: Final = 4_000
"""Drawn per symbol, the latest; keeps a report of years within a few megabytes."""


def draw_trades(joined: Candles, trades: Sequence[Trade], strategies: Sequence[str]) -> go.Figure:
    """
    Draw a symbol's candles with the trades on it; a click on a strategy in the legend hides it.

    Parameters
    ----------
    joined : Candles
        Of the symbol, few enough for a screen, see ``join_candles``.
    trades : Sequence[Trade]
        Of the symbol, by all strategies.
    strategies : Sequence[str]
        Class names, for colours that stay the same in all pictures.
    """
    figure = go.Figure(
        go.Candlestick(
            x=dates(joined.ts_open),
            open=joined.open,
            high=joined.high,
            low=joined.low,
            close=joined.close,
            name="price",
            increasing={"line": {"color": "#3f8f72", "width": 1}, "fillcolor": "#3f8f72"},
            decreasing={"line": {"color": "#a2525a", "width": 1}, "fillcolor": "#a2525a"},
            hoverinfo="skip",
            showlegend=False,
        )
    )
    shown = sorted(trades, key=lambda trade: trade.opened_ns)[-MAX_TRADES:]
    for strategy, colour in zip(strategies, PALETTE * len(strategies), strict=False):
        own = [trade for trade in shown if trade.strategy_id.startswith(f"{strategy}-")]
        if own:
            _add_trades(figure, short_name(strategy), colour, own)
    figure.update_xaxes(rangeslider={"visible": False})
    figure.update_yaxes(title_text="USDT")
    return style(figure, height=560, hovermode="closest")


def join_candles(candles: Candles, most: int = MAX_CANDLES) -> Candles:
    """
    Return at most ``most`` candles over the same time: neighbours are joined, gaps stay gaps.

    Parameters
    ----------
    candles : Candles
        Oldest first, at least one.
    most : int
        Largest number to return.
    """
    factor = -(-len(candles) // most)
    if factor <= 1:
        return candles
    length = int(np.min(np.diff(candles.ts_open))) * factor
    # a first group that the clock cuts short may add one
    group = (candles.ts_open - candles.ts_open[0]) // length
    first = np.flatnonzero(np.diff(group, prepend=-1))
    last = np.append(first[1:], len(candles)) - 1
    return Candles(
        candles.ts_open[first],
        candles.open[first],
        np.maximum.reduceat(candles.high, first),
        np.minimum.reduceat(candles.low, first),
        candles.close[last],
        np.add.reduceat(candles.volume, first),
    )


def _add_trades(figure: go.Figure, name: str, colour: str, trades: Sequence[Trade]) -> None:
    entered = np.array([trade.opened_ns for trade in trades], dtype=np.int64)
    figure.add_scattergl(
        x=dates(entered),
        y=[float(trade.entry) for trade in trades],
        mode="markers",
        name=name,
        legendgroup=name,
        marker={
            "symbol": ["triangle-up" if trade.side == "LONG" else "triangle-down" for trade in trades],
            "size": 9,
            "color": colour,
            "line": {"width": 1, "color": "#0d1117"},
        },
        text=[f"{trade.side} {trade.quantity:f} at {trade.entry:.6g}" for trade in trades],
        hovertemplate=f"{name}<br>%{{text}}<br>%{{x}}<extra></extra>",
    )
    ended = [trade for trade in trades if not trade.is_open]
    figure.add_scattergl(
        x=dates(np.array([trade.closed_ns for trade in ended], dtype=np.int64)),
        y=[float(trade.exit) for trade in ended],
        mode="markers",
        name=name,
        legendgroup=name,
        showlegend=False,
        marker={
            "symbol": "x-thin-open",
            "size": 6,
            "color": [GAIN if trade.pnl > 0 else LOSS if trade.pnl < 0 else MUTED for trade in ended],
            "line": {"width": 1.4},
        },
        text=[f"{trade.ended_by} at {trade.exit:.6g}: {trade.pnl:+.2f} USDT" for trade in ended],
        hovertemplate=f"{name}<br>%{{text}}<br>%{{x}}<extra></extra>",
    )
