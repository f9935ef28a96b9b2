"""
The watchdog: a process outside the bot that notices when it dies, hangs, goes deaf or stands without a stop.

It looks through the run file and the control API only. What it finds becomes an alert once, when it begins,
and once when it is over; by policy it also starts a dead bot again, or makes it flat.
"""

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Literal

import msgspec

from nautilus_bot.control.client import ControlClient
from nautilus_bot.core.control import CloseAll, HaltTrading, Health
from nautilus_bot.core.errors import BotError, ProcessError
from nautilus_bot.process.pidfile import RunFile, load_run_file

AUTHOR: Final = "watchdog"
RESTARTS_ALLOWED: Final = 3
RESTART_WINDOW_SECS: Final = 600.0

type Policy = Literal["alert", "restart", "flatten"]
type Severity = Literal["info", "error", "critical"]
type Alert = Callable[[Severity, str], None]


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """
    What is still well.

    Parameters
    ----------
    answer_secs : float, default 5
        Longest wait for an answer.
    misses : int, default 3
        Looks in a row without an answer, or without a new beat, before the bot counts as hanging.
    stall_secs : float, default 60
        Longest time in which the journal may stand still.
    """

    answer_secs: float = 5.0
    misses: int = 3
    stall_secs: float = 60.0


@dataclass(slots=True)
class Memory:
    """What the last looks saw."""

    pid: int = 0
    misses: int = 0
    beat: int = -1
    seq: int = -1
    grew_at: float = 0.0
    restarts: list[float] = field(default_factory=list)


class Watchdog:
    """
    Watch the bot of one name.

    Parameters
    ----------
    name : str
        Its name.
    policy : Policy
        ``alert`` only tells; ``restart`` also starts a dead bot again; ``flatten`` also halts trading and
        closes all positions when the bot was dead or a position has no stop.
    alert : Alert
        Takes severity and text.
    limits : Limits
        What is still well.
    clock : Callable[[], float]
        Monotonic seconds.
    """

    def __init__(
        self,
        name: str,
        policy: Policy,
        alert: Alert,
        limits: Limits | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name = name
        self._policy = policy
        self._alert = alert
        self._limits = limits or Limits()
        self._clock = clock
        self._memory = Memory()
        self._troubles: dict[str, str] = {}

    def look(self) -> dict[str, str]:
        """Look once, tell what changed and act on it; return the present troubles by kind."""
        troubles = self._troubles_now()
        for kind, text in troubles.items():
            if kind not in self._troubles:
                self._alert("critical", f"bot {self._name!r}: {text}")
                self._act(kind)
        for kind in self._troubles.keys() - troubles.keys():
            self._alert("info", f"bot {self._name!r}: {kind} is over")
        self._troubles = troubles
        return troubles

    def watch(self, every_secs: float) -> None:
        """Look until interrupted."""
        while True:
            self.look()
            time.sleep(every_secs)

    def _troubles_now(self) -> dict[str, str]:
        try:
            found = load_run_file(self._name)
        except ProcessError as e:
            return {"run file": str(e)}
        if found is None or found.state in ("ended", "killed"):
            return {}  # stopped on purpose
        if found.state == "failed":
            return {"dead": f"it failed: {found.reason}"}
        if not found.is_running:
            return {"dead": f"process {found.pid} died without a word, while {found.state}"}
        if found.state != "trading":
            return {}
        return self._troubles_of_living(found)

    def _troubles_of_living(self, found: RunFile) -> dict[str, str]:
        memory = self._memory
        if found.pid != memory.pid:
            self._memory = memory = Memory(pid=found.pid, grew_at=self._clock(), restarts=memory.restarts)
        try:
            health = ControlClient(found.control_url, found.token, self._limits.answer_secs).health()
        except ProcessError as e:
            memory.misses += 1
            return self._hanging(f"it does not answer: {e}")
        return self._troubles_told(health)

    def _troubles_told(self, health: Health) -> dict[str, str]:
        memory = self._memory
        memory.misses = memory.misses + 1 if health.beat == memory.beat else 0
        if health.seq != memory.seq:
            memory.grew_at = self._clock()
        memory.beat, memory.seq = health.beat, health.seq
        troubles = self._hanging("its trading loop stands still")
        idle_secs = self._clock() - memory.grew_at
        if idle_secs > self._limits.stall_secs:
            troubles["stalled"] = f"its journal has stood still for {idle_secs:.0f} s at entry {health.seq}"
        return troubles | {check.name: check.text for check in health.checks if not check.ok}

    def _hanging(self, text: str) -> dict[str, str]:
        if self._memory.misses < self._limits.misses:
            return {"hanging": text} if "hanging" in self._troubles and self._memory.misses else {}
        return {"hanging": text}

    # -- acting -------------------------------------------------------------------------------------

    def _act(self, kind: str) -> None:
        if self._policy == "alert":
            return
        in_danger = kind == "stops" or (kind == "dead" and self._restart())
        if in_danger and self._policy == "flatten":
            self._flatten()

    def _restart(self) -> bool:
        now = self._clock()
        recent = [at for at in self._memory.restarts if now - at < RESTART_WINDOW_SECS]
        self._memory.restarts = [*recent, now]
        if len(recent) >= RESTARTS_ALLOWED:
            self._alert(
                "critical", f"bot {self._name!r}: died {RESTARTS_ALLOWED} times lately, left as it is"
            )
            return False
        # the command line starts it, so that the bot is nobody's child and outlives this watchdog
        done = subprocess.run(  # noqa: S603  our own command line
            [sys.executable, "-m", "nautilus_bot.cli.main", "restart", "--name", self._name],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        if done.returncode:
            said = done.stderr.strip().splitlines()[-1:]
            self._alert("critical", f"bot {self._name!r}: could not be started again: {' '.join(said)}")
            return False
        self._alert("info", f"bot {self._name!r}: started again")
        return True

    def _flatten(self) -> None:
        try:
            found = load_run_file(self._name)
            if found is None:
                return
            client = ControlClient(found.control_url, found.token, self._limits.answer_secs)
            halted = client.send(HaltTrading(reason="the watchdog makes the bot flat"), AUTHOR)
            closed = client.send(CloseAll(), AUTHOR)
        except BotError as e:
            self._alert("critical", f"bot {self._name!r}: could not be made flat: {e}")
            return
        self._alert("critical", f"bot {self._name!r}: {halted.text}; {closed.text}")
