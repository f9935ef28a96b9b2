"""Live: equity, drawdown, profit, positions, orders, and signals with their verdicts."""

import streamlit as st

from monitoring.dashboard import charts, frame, live_figures
from monitoring.dashboard.markup import notice, table
from monitoring.dashboard.views.last_run import show_last_run
from nautilus_bot.core.errors import BotError

SIGNALS_SHOWN = 14


def page() -> None:
    """Show the page; a chart is drawn less often than figures, for the browser's sake."""
    _figures()
    _curve()
    _tables()


@st.fragment(run_every=frame.REFRESH_SECS)
def _figures() -> None:
    seen = frame.head("Live")
    snapshot = seen.snapshot
    if snapshot is None:
        return
    if snapshot.gaps:
        st.html(notice(f"{snapshot.gaps} events did not fit what is known: do not trust these figures"))
    frame.trace(seen.run_id).add(snapshot.market_ns, snapshot.account.equity_usdt)
    st.html(live_figures.account_cards(snapshot, _funding(seen.run_id)))


@st.fragment(run_every=frame.SLOW_SECS)
def _curve() -> None:
    seen = frame.sight()
    with frame.one_line_on_failure():
        if seen.snapshot is None:
            show_last_run(seen)
            return
        with st.container(key="equity"):
            st.html("<h3>Equity</h3>")
            points = frame.trace(seen.run_id).behind(frame.recorded(seen.run_id).curve())
            st.plotly_chart(charts.equity_chart(points), key="equity-chart", config=charts.CONFIG, theme=None)


@st.fragment(run_every=frame.REFRESH_SECS)
def _tables() -> None:
    snapshot = frame.sight().snapshot
    if snapshot is None:
        return
    positions, orders = live_figures.position_rows(snapshot), live_figures.order_rows(snapshot)
    signals = live_figures.signal_rows(snapshot.signals, SIGNALS_SHOWN)
    st.html(table("Positions", live_figures.POSITIONS, positions, "No open position."))
    st.html(table("Signals", live_figures.SIGNALS, signals, "No signal since the start."))
    st.html(table("Open orders", live_figures.ORDERS, orders, "No open order."))


def _funding(run: str) -> float:
    """Return the run's funding; a run that cannot be read says so below its figures."""
    try:
        paid: float = frame.recorded(run).funding_usdt()
    except BotError:
        return 0.0
    return paid
