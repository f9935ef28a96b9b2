"""
Hold a bot and its parts together: start them, start a part again that dies, end them all.

The bot is a process like the one of ``nautilus-bot start``: ``status``, ``stop``, the panel and the watchdog
find it in its run file. When it ends, or is stopped and started from the panel, the parts stay.
"""

import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

from nautilus_bot.core.errors import AlreadyRunning, NotRunning, ProcessError, StopTimeout
from nautilus_bot.process.identity import descendants, is_alive, kill, process_birth
from nautilus_bot.process.log_file import log_dir
from nautilus_bot.process.loopback import is_ready
from nautilus_bot.process.pidfile import RunFile, load_run_file
from nautilus_bot.process.start import Started, start_bot
from nautilus_bot.process.stop import force_stop_bot, stop_bot
from nautilus_bot.process.up.child import Child
from nautilus_bot.process.up.leash import Leash
from nautilus_bot.process.up.part import Part, Plan
from nautilus_bot.process.up.up_file import UpFile, UpPart, load_up_file, remove_up_file, save_up_file

LOOK_SECS: Final = 0.25
READY_SECS: Final = 90.0
"""Three times what a small machine needs that starts everything at once."""
PART_STOP_SECS: Final = 15.0


class Supervisor:
    """
    Run one bot with all that watches it.

    Parameters
    ----------
    plan : Plan
        What the parts know of each other.
    parts : Sequence[Part]
        What to run beside the bot, in the order of their start.
    leash : Leash
        Ends everything with this process.
    tell : Callable[[str], None]
        Takes one line for the operator.
    author : str
        In whose name the bot is stopped.
    """

    def __init__(
        self, plan: Plan, parts: Sequence[Part], leash: Leash, tell: Callable[[str], None], author: str
    ) -> None:
        self._plan = plan
        self._leash = leash
        self._tell = tell
        self._author = author
        self.children = [Child(part, leash, log_dir() / _log_name(plan, part), tell) for part in parts]
        self._bot: RunFile | None = None
        self._has_begun = False

    def start(self) -> Started:
        """
        Start the bot, wait until it trades, then start everything else.

        Raises
        ------
        AlreadyRunning
            If there is one already.
        BotError
            As the bot ended with, when it does not trade.
        """
        self._refuse_second()
        self._save()
        try:
            started = start_bot("paper", self._plan.bot_words, self._plan.name, leash=self._leash)
        except BaseException:
            # what it began it has ended itself; a bot that ran before is not ours to stop
            remove_up_file(self._plan.name)
            raise
        self._has_begun = True
        self._bot = load_run_file(self._plan.name)
        for child in self.children:
            child.start()
        self._save()
        return started

    def await_ready(self, timeout_secs: float = READY_SECS) -> dict[str, bool]:
        """Wait until the parts answer, at most so long; return of each part with a page whether it does."""
        deadline = time.monotonic() + timeout_secs
        waiting = {child.part.name: child.part.ready_url for child in self.children if child.part.ready_url}
        answered: dict[str, bool] = dict.fromkeys(waiting, False)
        while not all(answered.values()) and time.monotonic() < deadline:
            for name, url in waiting.items():
                answered[name] = answered[name] or is_ready(url)
            self.look()
            time.sleep(LOOK_SECS)
        return answered

    def watch(self, duration_secs: float = 0.0) -> None:
        """Look after everything; return when the time is up, or never for 0."""
        deadline = time.monotonic() + duration_secs
        while not duration_secs or time.monotonic() < deadline:
            self.look()
            time.sleep(LOOK_SECS)

    def look(self) -> None:
        """Look once after the bot and all parts."""
        self._look_after_bot()
        changed = [child.look() for child in self.children]
        if any(changed):
            self._note()

    def stop(self) -> None:
        """End everything by id: who would raise an alarm first, then the bot, then those that watch it."""
        if not self._has_begun:
            return
        below = descendants(os.getpid())
        first = [child for child in self.children if child.part.name == "watchdog"]
        others = [child for child in reversed(self.children) if child not in first]
        self._end(first)
        self._stop_bot()
        self._end(others)
        for pid, birth in below:
            kill(pid, birth)
        _await_gone(below)
        remove_up_file(self._plan.name)

    # -- the bot ------------------------------------------------------------------------------------

    def _look_after_bot(self) -> None:
        known, found = self._bot, load_run_file(self._plan.name)
        if known is not None and not known.is_running:
            self._bot = None
            last = found if found is not None and found.pid == known.pid else known
            how = "died without a word" if last.has_crashed else f"{last.state}: {last.reason or 'no reason'}"
            self._tell(
                f"the bot {how}; everything else stays, "
                f"`nautilus-bot restart --name {known.name}` or the panel starts it again"
            )
        elif known is None and found is not None and found.is_running and found.state == "trading":
            self._bot = found
            self._tell(f"the bot trades again, process {found.pid}, run {found.run_id}")

    def _stop_bot(self) -> None:
        found = load_run_file(self._plan.name)
        if found is None or not found.is_running:
            return
        try:
            with suppress(NotRunning):  # it ended by itself meanwhile
                stopped = stop_bot(found, self._author)
                self._tell(f"the bot is gone after {stopped.stop_secs:.1f} s: {stopped.reason}")
        except StopTimeout as error:
            self._tell(f"{error}; killed")
            with suppress(NotRunning):
                force_stop_bot(found)

    # -- the parts ----------------------------------------------------------------------------------

    def _end(self, children: Sequence[Child]) -> None:
        deadline = time.monotonic() + PART_STOP_SECS
        for child in children:
            child.end()
        for child in children:
            child.wait(deadline)

    def _refuse_second(self) -> None:
        found = load_up_file(self._plan.name)
        if found is not None and found.is_running:
            raise AlreadyRunning(
                f"`up` may run once for bot {found.name!r}, and process {found.pid} does; "
                f"`nautilus-bot down --name {found.name}` ends it"
            )

    def _note(self) -> None:
        """Write down what changed where a full disk must not end what runs."""
        try:
            self._save()
        except ProcessError as error:
            self._tell(f"{error}; `down` and `status` know an older state")

    def _save(self) -> None:
        parts = tuple(
            UpPart(
                name=child.part.name,
                url=child.part.url,
                pid=child.pid,
                birth=child.birth,
                log=str(child.log.absolute()),
            )
            for child in self.children
        )
        save_up_file(
            UpFile(name=self._plan.name, pid=os.getpid(), birth=process_birth(os.getpid()), parts=parts)
        )


def _log_name(plan: Plan, part: Part) -> str:
    return f"{plan.name}-{part.name}.out"


def _await_gone(processes: list[tuple[int, str]]) -> None:
    deadline = time.monotonic() + PART_STOP_SECS
    while any(is_alive(*one) for one in processes) and time.monotonic() < deadline:
        time.sleep(LOOK_SECS)
