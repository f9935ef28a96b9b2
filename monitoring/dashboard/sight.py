"""What the panel knows of the bot at one moment: found, asked, or in one line why it could not be asked."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from monitoring.dashboard.bot_api import BotApi
from monitoring.dashboard.bot_file import BotFile, load_bot_file
from nautilus_bot.core.control import BotStatus
from nautilus_bot.core.errors import ProcessError
from nautilus_bot.core.snapshot import Snapshot

NEVER: Final = "never started"
SILENT: Final = "not answering"
FRESH_SECS: Final = 1.0
SILENT_SECS: Final = 5.0
"""A bot that hangs costs every look its whole patience: the buttons must stay quick meanwhile."""


class Sight(msgspec.Struct, frozen=True, kw_only=True):
    """
    The bot as seen from outside.

    Parameters
    ----------
    state : str
        As the run file says; ``crashed`` for a process that is gone, ``not answering``, ``never started``.
    bot : BotFile | None
        Its run file.
    status, snapshot : BotStatus | None, Snapshot | None
        What it answered.
    trouble : str
        Why it could not be asked; empty when all is well.
    """

    state: str
    bot: BotFile | None = None
    status: BotStatus | None = None
    snapshot: Snapshot | None = None
    trouble: str = ""

    @property
    def is_trading(self) -> bool:
        """Whether it answers."""
        return self.snapshot is not None

    @property
    def is_living(self) -> bool:
        """Whether its process is there."""
        return self.bot is not None and self.bot.is_living

    @property
    def run_id(self) -> str:
        """The run it writes, or wrote last; empty when it never traded."""
        if self.status is not None:
            return self.status.run_id
        return self.bot.run_id if self.bot is not None else ""


class Watch:
    """
    Look at the bot for all tabs at once, so that their number and a bot that hangs cost little.

    Parameters
    ----------
    run_dir : Path
        Where run files are.
    name : str
        The bot; empty as in ``load_bot_file``.
    clock : Callable[[], float]
        Monotonic seconds.
    """

    def __init__(self, run_dir: Path, name: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._run_dir = run_dir
        self._name = name
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: Sight | None = None
        self._fresh_until = 0.0

    def now(self) -> Sight:
        """Return the bot as it was seen a second ago at most; longer when it could not be asked."""
        with self._lock:
            if self._seen is None or self._clock() >= self._fresh_until:
                self._seen = look(self._run_dir, self._name)
                self._fresh_until = self._clock() + (SILENT_SECS if self._seen.trouble else FRESH_SECS)
            return self._seen

    def forget(self) -> None:
        """Look again next time."""
        with self._lock:
            self._seen = None


def look(run_dir: Path, name: str) -> Sight:
    """Return the bot of a name at this moment; a failure to ask it is part of the answer."""
    try:
        bot = load_bot_file(run_dir, name)
    except ProcessError as e:
        return Sight(state=SILENT, trouble=str(e))
    if bot is None:
        return Sight(state=NEVER)
    if not bot.is_living:
        gone = bot.state in ("starting", "trading", "stopping")
        trouble = f"process {bot.pid} is gone without a word" if gone else ""
        return Sight(state="crashed" if gone else bot.state, bot=bot, trouble=trouble)
    return _ask(bot) if bot.control_url else Sight(state=bot.state, bot=bot)


def _ask(bot: BotFile) -> Sight:
    api = BotApi(bot)
    try:
        return Sight(state=bot.state, bot=bot, status=api.status(), snapshot=api.snapshot())
    except ProcessError as e:
        return Sight(state=SILENT, bot=bot, trouble=str(e))
