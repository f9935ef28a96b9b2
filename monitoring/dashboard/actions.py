"""
The buttons that act on the bot, and the question that each of them asks first.

A button stands on a page that shows itself again every other second, so it only notes what is asked; the
dialog belongs to the whole panel and stays open meanwhile.
"""

import msgspec
import streamlit as st

from monitoring.dashboard.sight import Sight
from nautilus_bot.core.control import AnyCommand, CloseAll, HaltTrading, ResumeTrading

ASKED = "asked"


class Asked(msgspec.Struct, frozen=True):
    """
    What the operator wants and has not confirmed yet.

    Parameters
    ----------
    title, sentence : str
        The question, and what will happen.
    wish : AnyCommand | str
        A command for the running bot, or ``start`` or ``stop``.
    """

    title: str
    sentence: str
    wish: AnyCommand | str


START = Asked("Start the bot?", "It runs in the background and goes on when the panel is closed.", "start")
STOP = Asked("Stop the bot?", "It ends in order; protective orders stay at the venue.", "stop")
HALT = Asked(
    "Halt trading?",
    "No order that opens risk passes until trading is resumed. Stops and targets stay.",
    HaltTrading(reason="halted on the panel"),
)
RESUME = Asked(
    "Resume trading?",
    "The halt and all reduce-only marks are lifted.",
    ResumeTrading(reason="resumed on the panel"),
)
CLOSE_ALL = Asked("Close everything?", "Every strategy closes its positions at market, now.", CloseAll())


def buttons(seen: Sight) -> None:
    """Show START, or STOP and what goes with it."""
    if not seen.is_living:
        _button("START", ":material/play_arrow:", START, primary=True)
        return
    if seen.status is not None:
        if seen.status.breakers.state == "active":
            _button("HALT", ":material/pan_tool:", HALT)
        else:
            _button("RESUME", ":material/resume:", RESUME)
        if seen.status.positions:
            _button("CLOSE ALL", ":material/close:", CLOSE_ALL)
    _button("STOP", ":material/stop:", STOP, primary=True)


def ask(title: str, sentence: str, command: AnyCommand) -> None:
    """Ask the operator whether a command is meant."""
    _note(Asked(title, sentence, command))


def _button(label: str, icon: str, asked: Asked, *, primary: bool = False) -> None:
    key = label.lower().replace(" ", "-")
    if st.button(label, icon=icon, key=key, type="primary" if primary else "secondary"):
        _note(asked)


def _note(asked: Asked) -> None:
    st.session_state[ASKED] = asked
    st.rerun()
