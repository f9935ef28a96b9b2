"""What all pages share: settings, cached readers, head of the page, one line instead of a traceback."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import streamlit as st

from catalog.store import EventStore
from monitoring.dashboard import actions, words
from monitoring.dashboard.markup import badge, notice
from monitoring.dashboard.recorded import RecordedRun
from monitoring.dashboard.settings import PanelSettings, load_settings
from monitoring.dashboard.sight import NEVER, Sight, Watch
from monitoring.dashboard.trace import EquityTrace
from nautilus_bot.core.errors import BotError

NOTHING: Final = (
    "Nothing is recorded yet: press START for a paper bot, or run `nautilus-bot demo` for a first run."
)
REFRESH_SECS: Final = 2.0
SLOW_SECS: Final = 5.0
STATES: Final = {"trading": "ok", "starting": "warn", "stopping": "warn", "ended": "idle", NEVER: "idle"}


@st.cache_resource
def settings() -> PanelSettings:
    """Return what the starting command said."""
    return load_settings()


@st.cache_resource
def watch() -> Watch:
    """Return who looks at the bot, for all tabs."""
    known = settings()
    return Watch(Path(known.run_dir), known.name)


def sight() -> Sight:
    """Return the bot as it was seen last."""
    seen: Sight = watch().now()
    return seen


@st.cache_resource(max_entries=4, show_spinner=False)
def recorded(run_id: str) -> RecordedRun:
    """Return a reader of a run."""
    return RecordedRun(settings().runs, run_id)


@st.cache_resource(max_entries=4, show_spinner=False)
def trace(run_id: str) -> EquityTrace:
    """Return the equity samples of a run."""
    return EquityTrace(run_id)


def shown_run(seen: Sight) -> str:
    """Return the run that the pages speak of: the bot's own, else the latest of the catalog, else nothing."""
    known = EventStore(settings().runs).run_ids()
    if seen.run_id in known:
        return seen.run_id
    return known[-1] if known else ""


@contextmanager
def one_line_on_failure() -> Iterator[None]:
    """Show an expected failure as one line in its place."""
    try:
        yield
    except BotError as e:
        st.html(notice(" ".join(str(e).split())))


def head(title: str) -> Sight:
    """Show title, state and buttons, and return the bot as it was seen."""
    seen = sight()
    with st.container(horizontal=True, vertical_alignment="center", key="head"):
        st.html(f'<header class="head"><h1>{title}</h1><div>{_state(seen)}</div></header>')
        actions.buttons(seen)
    if seen.trouble:
        st.html(notice(f"{_who(seen)}: {' '.join(seen.trouble.split())}"))
    return seen


@st.fragment(run_every=SLOW_SECS)
def still_head(title: str) -> None:
    """Show the head of a page that stands still, again and again by itself."""
    head(title)


def _who(seen: Sight) -> str:
    return seen.bot.name if seen.bot is not None else "bot"


def _state(seen: Sight) -> str:
    kind = STATES.get(seen.state, "bad")
    parts = [badge(f"{_who(seen)} {seen.state}", f"state {kind}{' live' if seen.is_trading else ''}")]
    if seen.status is not None:
        breakers = seen.status.breakers
        if breakers.state != "active":
            parts.append(badge(breakers.state.replace("_", " "), "bad"))
        market = words.moment(seen.status.market_ns)
        parts.append(f'<span class="facts">{seen.status.mode} · market {market} UTC</span>')
    return "".join(parts)
