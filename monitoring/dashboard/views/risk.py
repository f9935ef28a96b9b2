"""Risk: limits against their use, halts and breakers, refusals."""

import streamlit as st

from catalog.manifest import load_manifest
from catalog.store import EventStore
from monitoring.dashboard import frame, risk_figures
from monitoring.dashboard.markup import box, notice, table
from monitoring.dashboard.sight import Sight

CHECKS_READ = 40
REFUSALS_SHOWN = 25


@st.fragment(run_every=frame.REFRESH_SECS)
def page() -> None:
    """Show the page, again and again."""
    seen = frame.head("Risk")
    run = frame.shown_run(seen)
    if not run:
        st.html(notice(frame.NOTHING, "idle"))
        return
    with frame.one_line_on_failure():
        _show(seen, run)


def _show(seen: Sight, run: str) -> None:
    if seen.snapshot is not None:
        st.html(
            "".join(notice(text, kind) for text, kind in risk_figures.breaker_lines(seen.snapshot.breakers))
        )
    else:
        st.html(notice(f"No bot answers; limits and refusals are those of the last run, {run}.", "idle"))
    rules = (
        load_manifest(EventStore(frame.settings().runs).folder(run)).config.get("risk", {}).get("rules", [])
    )
    reader = frame.recorded(run)
    now = risk_figures.account_limits(rules, seen.snapshot.account) if seen.snapshot is not None else []
    asked = risk_figures.verdict_limits(reader.checks(CHECKS_READ), [one.rule for one in now])
    bars = "".join(risk_figures.limit_bar(one) for one in (*now, *asked))
    st.html(box("Limits", f'<div class="limits">{bars}</div>' if bars else "<p>No entry was judged yet.</p>"))
    refusals = risk_figures.refusal_rows(reader.refusals(REFUSALS_SHOWN))
    st.html(table("Refusals", risk_figures.REFUSALS, refusals, "Nothing was refused."))
    st.html(table("Rules", risk_figures.RULES, risk_figures.rule_rows(rules), "The run names no rules."))
