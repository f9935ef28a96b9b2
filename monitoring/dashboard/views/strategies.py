"""Strategies: on and off, state, trades, win rate, profit, last signal."""

import streamlit as st

from monitoring.dashboard import actions, frame, strategy_figures, words
from monitoring.dashboard.markup import notice, table
from monitoring.dashboard.strategy_figures import StrategyLine
from nautilus_bot.core.control import PauseStrategy, ResumeStrategy


@st.fragment(run_every=frame.REFRESH_SECS)
def page() -> None:
    """Show the page, again and again."""
    seen = frame.head("Strategies")
    if seen.status is None or seen.snapshot is None:
        _show_recorded(frame.shown_run(seen))
        return
    lines = strategy_figures.strategy_lines(seen.status, seen.snapshot)
    rows = [strategy_figures.strategy_row(one) for one in lines]
    st.html(table("Strategies", strategy_figures.COLUMNS, rows, "No strategy runs."))
    st.html('<h3 class="lone">Switches</h3>')
    with st.container(horizontal=True, key="switches"):
        for one in lines:
            _switch(one)
    st.html('<p class="hint">A paused strategy may close its positions, it opens none.</p>')


def _switch(one: StrategyLine) -> None:
    verb, icon = ("Resume", ":material/play_arrow:") if one.is_paused else ("Pause", ":material/pause:")
    if st.button(f"{verb} {words.strategy(one.name)}", icon=icon, key=f"switch-{one.name}"):
        if one.is_paused:
            actions.ask(
                f"Resume {one.name}?", "It may open positions again.", ResumeStrategy(strategy=one.name)
            )
        else:
            pause = PauseStrategy(strategy=one.name, reason="paused on the panel")
            actions.ask(f"Pause {one.name}?", "It opens nothing until it is resumed; its stops stay.", pause)


def _show_recorded(run: str) -> None:
    if not run:
        st.html(notice(frame.NOTHING, "idle"))
        return
    with frame.one_line_on_failure():
        found = frame.recorded(run).by_strategy()
        st.html(notice(f"No bot answers; these are the trades of the last run, {run}.", "idle"))
        st.html(strategy_figures.recorded_table(found))
