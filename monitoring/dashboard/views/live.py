"""Live: equity, drawdown, profit, positions, orders, and signals with their verdicts."""

import streamlit as st

from monitoring.dashboard import charts, frame, live_figures
from monitoring.dashboard.markup import notice, table
from monitoring.dashboard.sight import Sight
from monitoring.dashboard.views.last_run import show_last_run
from nautilus_bot.core.errors import BotError
from nautilus_bot.core.snapshot import Snapshot

SIGNALS_SHOWN = 14


@st.fragment(run_every=frame.REFRESH_SECS)
def page() -> None:
    """Show the page, again and again."""
    seen = frame.head("Live")
    with frame.one_line_on_failure():
        if seen.snapshot is not None:
            _show(seen, seen.snapshot)
        else:
            show_last_run(seen)


def _show(seen: Sight, snapshot: Snapshot) -> None:
    if snapshot.gaps:
        st.html(notice(f"{snapshot.gaps} events did not fit what is known: do not trust these figures"))
    st.html(live_figures.account_cards(snapshot, _funding(seen.run_id)))
    trace = frame.trace(seen.run_id)
    trace.add(snapshot.market_ns, snapshot.account.equity_usdt)
    with st.container(key="equity"):
        st.html("<h3>Equity</h3>")
        with frame.one_line_on_failure():
            points = trace.behind(frame.recorded(seen.run_id).curve())
            st.plotly_chart(charts.equity_chart(points), key="equity-chart", config=charts.CONFIG, theme=None)
    st.html(
        table("Positions", live_figures.POSITIONS, live_figures.position_rows(snapshot), "No open position.")
    )
    rows = live_figures.signal_rows(snapshot.signals, SIGNALS_SHOWN)
    st.html(table("Signals", live_figures.SIGNALS, rows, "No signal since the start."))
    st.html(table("Open orders", live_figures.ORDERS, live_figures.order_rows(snapshot), "No open order."))


def _funding(run: str) -> float:
    """Return the run's funding; a run that cannot be read says so below its figures."""
    try:
        paid: float = frame.recorded(run).funding_usdt()
    except BotError:
        return 0.0
    return paid
