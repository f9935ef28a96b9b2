"""Without a running bot: the last run of the catalog, or how to get one."""

import streamlit as st

from monitoring.dashboard import charts, frame, run_figures
from monitoring.dashboard.markup import notice
from monitoring.dashboard.sight import Sight


def show_last_run(seen: Sight) -> None:
    """Show the last recorded run, or what to do when there is none."""
    run = frame.shown_run(seen)
    if not run:
        st.html(notice(frame.NOTHING, "idle"))
        return
    st.html(notice(f"No bot answers; these are the figures of the last run, {run}.", "idle"))
    show_run(run)


def show_run(run: str) -> None:
    """Show figures, equity and trades of a recorded run."""
    reader = frame.recorded(run)
    curve, trades = reader.curve(), reader.trades(200)
    st.html(run_figures.run_cards(curve, reader.by_strategy()))
    if curve:
        with st.container(key="equity"):
            st.html("<h3>Equity</h3>")
            points = [(row["time"], row["equity_usdt"]) for row in curve]
            st.plotly_chart(
                charts.equity_chart(points), key=f"equity-{run}", config=charts.CONFIG, theme=None
            )
            falls = [(row["time"], row["drawdown_pct"]) for row in curve]
            st.html("<h3>Drawdown</h3>")
            st.plotly_chart(
                charts.drawdown_chart(falls), key=f"falls-{run}", config=charts.CONFIG, theme=None
            )
    st.html(run_figures.trade_table(trades))
