"""The dialog that asks once more, and what happens after a yes."""

import shlex
import time
from pathlib import Path

import streamlit as st

from monitoring.dashboard import frame, lifecycle
from monitoring.dashboard.actions import ASKED, Asked
from monitoring.dashboard.bot_api import BotApi
from monitoring.dashboard.lifecycle import Done
from monitoring.dashboard.markup import notice
from nautilus_bot.core.control import AnyCommand, StopBot
from nautilus_bot.core.errors import BotError

TOLD = "told"
TOLD_SECS = 30.0
LIVE_WORD = "LIVE"


def show_asked() -> None:
    """Open the dialog for what a button noted, if one did."""
    asked = st.session_state.pop(ASKED, None)
    if asked is not None:
        st.dialog(asked.title)(_confirm)(asked)


def show_told() -> None:
    """Show for a while what came of the last action."""
    done, told_at = st.session_state.get(TOLD, (None, 0.0))
    if done is not None and time.monotonic() - told_at < TOLD_SECS:
        st.html(f'<div id="told">{notice(done.text, "ok" if done.well else "bad")}</div>')


def _confirm(asked: Asked) -> None:
    st.write(asked.sentence)
    words = _words(asked)
    if words:
        st.code(shlex.join(["nautilus-bot", *words]), language=None, wrap_lines=True)
    if st.button("Yes", type="primary", key="confirm", disabled=not _is_sure(words), width="stretch"):
        with st.spinner("Working: the answer comes once it is really so"):
            done = _do(asked, words)
        frame.watch().forget()
        st.session_state[TOLD] = (done, time.monotonic())
        st.rerun()


def _words(asked: Asked) -> list[str]:
    """Return the command line behind START and STOP."""
    bot, known = frame.sight().bot, frame.settings()
    if asked.wish == "start":
        return lifecycle.start_words(bot, known)
    return lifecycle.stop_words(bot, known) if asked.wish == "stop" else []


def _is_sure(words: list[str]) -> bool:
    """Ask for a word before a bot is started that trades on a real account."""
    if words[:2] != ["start", "live"]:
        return True
    st.html(notice("This bot trades on a real account.", "warn"))
    typed: str = st.text_input(f"Type {LIVE_WORD} to go on", key="live-word")
    return typed == LIVE_WORD


def _do(asked: Asked, words: list[str]) -> Done:
    if not isinstance(asked.wish, str):
        return _send(asked.wish)
    if asked.wish == "start":
        return lifecycle.call(words, lifecycle.START_SECS)
    return _stop() or lifecycle.call(words, lifecycle.STOP_SECS)


def _stop() -> Done | None:
    """Ask the bot to stop, in the panel's name; None when it cannot be asked or does not end."""
    bot = frame.sight().bot
    if bot is None or not _send(StopBot(reason="stopped on the panel")).well:
        return None
    return lifecycle.await_end(Path(frame.settings().run_dir), bot)


def _send(command: AnyCommand) -> Done:
    bot = frame.sight().bot
    if bot is None or not bot.control_url:
        return Done(False, "no bot runs that could be asked")
    try:
        outcome = BotApi(bot).send(command)
    except BotError as e:
        return Done(False, str(e))
    return Done(outcome.done, outcome.text)
