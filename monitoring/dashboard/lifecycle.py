"""Start and stop the bot as a person would: through the command line, in a process of its own."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

import msgspec

from monitoring.dashboard.bot_file import BotFile, load_bot_file
from monitoring.dashboard.settings import VARIABLE, PanelSettings

START_SECS: Final = 150.0
STOP_SECS: Final = 60.0
ASKED_SECS: Final = 20.0
"""Time for a bot that was asked to stop; one that is still there is left to `nautilus-bot stop`."""
POLL_SECS: Final = 0.2
SENTENCES: Final = {
    "start": "{name} trades: process {pid}, run {run_id}",
    "stop": "{name} is gone after {stop_secs:.1f} s, {how}: {reason}",
}


class Done(msgspec.Struct, frozen=True):
    """What came of it, in one line for a person, and the document that was answered."""

    well: bool
    text: str
    answer: dict[str, Any] = {}


def start_words(bot: BotFile | None, settings: PanelSettings) -> list[str]:
    """Return the words after ``nautilus-bot`` that start the bot as last time; paper by default."""
    mode = bot.mode if bot is not None else "paper"
    options = settings.start_words or (bot.arguments if bot is not None else ())
    return ["start", mode, "--name", name_of(bot, settings), *options]


def stop_words(bot: BotFile | None, settings: PanelSettings) -> list[str]:
    """Return the words after ``nautilus-bot`` that stop it."""
    return ["stop", "--name", name_of(bot, settings)]


def name_of(bot: BotFile | None, settings: PanelSettings) -> str:
    """Return what the bot is called."""
    return bot.name if bot is not None else settings.name or "paper"


def await_end(run_dir: Path, bot: BotFile, secs: float = ASKED_SECS) -> Done | None:
    """Return how a bot ended that was told to; None when its process is still there after ``secs``."""
    begun = time.monotonic()
    while bot.has_process:
        if time.monotonic() - begun > secs:
            return None
        time.sleep(POLL_SECS)
    last = load_bot_file(run_dir, bot.name) or bot
    return Done(True, f"{bot.name} is gone after {time.monotonic() - begun:.1f} s: {last.reason}")


def call(words: list[str], timeout_secs: float) -> Done:
    """Run one command of the command line to its end."""
    command = [sys.executable, "-m", "nautilus_bot.cli.main", *words, "--json"]
    environment = {name: value for name, value in os.environ.items() if name != VARIABLE}
    try:
        done = subprocess.run(  # noqa: S603  our own command line
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout_secs,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Done(False, f"`nautilus-bot {words[0]}` did not end within {timeout_secs:g} s")
    return _told(words[0], done.returncode, done.stdout, done.stderr)


def _told(verb: str, code: int, output: str, errors: str) -> Done:
    try:
        answer = msgspec.json.decode(output, type=dict[str, Any])
    except msgspec.DecodeError:
        said = errors.strip().rpartition("\n")[2]
        return Done(False, f"`nautilus-bot {verb}` ended with {code}: {said or 'it said nothing'}")
    if code:
        return Done(False, str(answer.get("error", f"`nautilus-bot {verb}` ended with {code}")))
    return Done(True, SENTENCES.get(verb, "done").format(**answer), answer)
