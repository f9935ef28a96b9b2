"""Reports: the HTML pages of backtests, optimisations and checks, shown inside the panel."""

import streamlit as st

from monitoring.dashboard import frame, report_files
from monitoring.dashboard.markup import notice, table

HEIGHT = 1_000


def page() -> None:
    """Show the page; it changes only when it is asked to."""
    frame.still_head("Reports")
    found = report_files.report_files(frame.settings().reports)
    if not found:
        text = "No report yet: `nautilus-bot backtest`, `optimize`, `walk-forward` and `validate` write them."
        st.html(notice(text, "idle"))
        return
    names = [one.name for one in found]
    chosen = st.selectbox("Show a report", range(len(names)), format_func=names.__getitem__, key="report")
    with frame.one_line_on_failure():
        st.iframe(report_files.report_address(found[chosen]), height=HEIGHT)
    st.html(table("Reports", report_files.COLUMNS, report_files.report_rows(found), "None."))
