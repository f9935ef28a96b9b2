"""Health: bot, feeds, journal, and the services beside them."""

from pathlib import Path

import streamlit as st

from monitoring.dashboard import frame, health_figures
from monitoring.dashboard.markup import notice, table
from monitoring.dashboard.services import Found, Service, probe_all, services_of


@st.cache_data(ttl=frame.SLOW_SECS, show_spinner=False)
def services(asked: list[Service]) -> list[Found]:
    """Return how services were found, asked every few seconds at most."""
    return probe_all(asked)


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
    rows = health_figures.service_rows(services(services_of(seen.bot, Path(frame.settings().run_dir))))
    st.html(table("Services", health_figures.SERVICES, rows, "None."))
