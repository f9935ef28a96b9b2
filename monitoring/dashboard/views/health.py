"""Health: bot, feeds, journal, and the services beside them."""

import streamlit as st

from monitoring.dashboard import frame, health_figures
from monitoring.dashboard.markup import notice, table
from monitoring.dashboard.services import Found, probe_all


@st.cache_data(ttl=frame.SLOW_SECS, show_spinner=False)
def services() -> list[Found]:
    """Return the services, asked every few seconds at most."""
    return probe_all()


@st.fragment(run_every=frame.REFRESH_SECS)
def page() -> None:
    """Show the page, again and again."""
    seen = frame.head("Health")
    if seen.status is not None and seen.snapshot is not None:
        st.html(health_figures.bot_cards(seen.status))
        st.html(table("Checks", health_figures.CHECKS, health_figures.check_rows(seen.status), "None."))
        feeds = health_figures.feed_rows(seen.snapshot)
        st.html(table("Feeds", health_figures.FEEDS, feeds, "Nothing was heard yet."))
    else:
        st.html(notice("No bot answers: there is nothing to be well or unwell.", "idle"))
    rows = health_figures.service_rows(services())
    st.html(table("Services", health_figures.SERVICES, rows, "None."))
