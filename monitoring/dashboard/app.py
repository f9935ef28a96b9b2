"""The script that Streamlit runs: let the operator in, then show the page that was chosen."""

from pathlib import Path

import streamlit as st

from monitoring.dashboard import confirmation, frame
from monitoring.dashboard.access import TOKEN, keeping_script, may_enter, returning_script
from monitoring.dashboard.brand import ICON, LOGO
from monitoring.dashboard.markup import notice
from monitoring.dashboard.views import health, live, reports, risk, runs, strategies

STYLE = Path(__file__).with_name("panel.css")
ENTERED = "entered"
ENTRANCE = (
    '<div class="entrance"><h1>nautilus-bot</h1>'
    "<p>The address that <code>nautilus-bot dashboard</code> printed opens the panel.</p></div>"
)
PAGES = (
    (live.page, "Live", ":material/monitoring:"),
    (strategies.page, "Strategies", ":material/psychology:"),
    (risk.page, "Risk", ":material/shield:"),
    (health.page, "Health", ":material/ecg_heart:"),
    (runs.page, "Runs", ":material/history:"),
    (reports.page, "Reports", ":material/description:"),
)


def main() -> None:
    """Show the panel to who has the token, and the question for it to everybody else."""
    st.set_page_config("nautilus-bot", page_icon=ICON, layout="wide")
    st.html(STYLE)
    entered = _has_entered()
    pages = [st.Page(page, title=title, icon=icon, url_path=title.lower()) for page, title, icon in PAGES]
    chosen = st.navigation(pages, position="sidebar" if entered else "hidden")
    if not entered:
        _ask_token()
        return
    st.logo(LOGO, icon_image=ICON, size="large")
    confirmation.show_told()
    chosen.run()
    confirmation.show_asked()


def _has_entered() -> bool:
    """Whether the token was shown, in the address or in the form."""
    token = frame.settings().token
    if TOKEN in st.query_params:
        if may_enter(st.query_params[TOKEN], token):
            st.session_state[ENTERED] = True
        del st.query_params[TOKEN]
    entered = bool(st.session_state.get(ENTERED, False))
    st.html(keeping_script(token) if entered else returning_script(), unsafe_allow_javascript=True)
    return entered


def _ask_token() -> None:
    with st.container(horizontal_alignment="center"), st.form("access", width=440):
        st.html(ENTRANCE)
        shown = st.text_input("Access token", type="password")
        if st.form_submit_button("Open the panel", type="primary"):
            if may_enter(shown.strip(), frame.settings().token):
                st.session_state[ENTERED] = True
                st.rerun()
            st.html(notice("That is not the token."))


main()
