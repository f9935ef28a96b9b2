"""Runs: the history in the event catalog; open one, and ask why and why not."""

import streamlit as st

from catalog.identify import locate
from catalog.lineage import trace
from catalog.manifest import load_manifest
from catalog.store import EventStore
from monitoring.dashboard import frame, lifecycle, run_figures
from monitoring.dashboard.markup import notice, table
from monitoring.dashboard.silence import silence_box, silence_words
from monitoring.dashboard.story import story_tree
from monitoring.dashboard.views.last_run import show_run

RUNS_SHOWN = 200
ANSWER_SECS = 60.0


def page() -> None:
    """Show the page; it changes only when it is asked to."""
    frame.still_head("Runs")
    with frame.one_line_on_failure():
        _show(EventStore(frame.settings().runs))


def _show(store: EventStore) -> None:
    runs = store.runs()[::-1][:RUNS_SHOWN]
    for name in store.damaged():
        st.html(
            notice(f"Run {name} cannot be read; `nautilus-bot events verify --run {name}` says more.", "warn")
        )
    if not runs:
        st.html(notice(frame.NOTHING, "idle"))
        return
    st.html(table("Runs", run_figures.RUNS, run_figures.run_rows(runs), "None."))
    chosen = st.selectbox("Open a run", [one.run_id for one in runs], key="run")
    told, why, why_not = st.tabs(["Trades and equity", "Why", "Why not"])
    with told, frame.one_line_on_failure():
        show_run(chosen)
    with why, frame.one_line_on_failure():
        _why(store, chosen)
    with why_not, frame.one_line_on_failure():
        _why_not(store, chosen)


def _why(store: EventStore, run: str) -> None:
    with st.form("why"):
        name = st.text_input("Order, fill, signal or position id, or its beginning", key="why-id").strip()
        asked = st.form_submit_button("Why?", type="primary")
    if asked and name:
        st.html(story_tree(trace(locate(store, run, name), name)))


def _why_not(store: EventStore, run: str) -> None:
    strategies, symbols = run_figures.strategies_and_symbols(load_manifest(store.folder(run)))
    with st.form("why-not"):
        strategy = st.selectbox("Strategy", strategies, key="why-not-strategy")
        symbol = st.selectbox("Symbol", symbols, key="why-not-symbol")
        at = st.text_input("Market time, UTC", placeholder="2025-01-31T12:00", key="why-not-at").strip()
        asked = st.form_submit_button("Why not?", type="primary")
    if asked and at:
        words = silence_words(run, str(frame.settings().runs), strategy, symbol, at)
        with st.spinner("Evaluating the strategy again over what the run saw"):
            done = lifecycle.call(words, ANSWER_SECS)
        if not done.well:
            st.html(notice(done.text))
            return
        st.html(silence_box(done.answer))
