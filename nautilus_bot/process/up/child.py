"""One part as a running process: started on the leash, again when it dies or hangs, ended by its id."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from nautilus_bot.process.identity import process_birth
from nautilus_bot.process.loopback import is_ready
from nautilus_bot.process.up.leash import Leash
from nautilus_bot.process.up.part import Part

FIRST_WAIT_SECS: Final = 1.0
LONGEST_WAIT_SECS: Final = 60.0
SETTLED_SECS: Final = 60.0
"""A part that has lived for so long begins with the shortest wait again."""
ASK_SECS: Final = 15.0
"""How often a part with a page is asked whether it is well."""
SILENCES: Final = 4
"""So many questions in a row without an answer, and it hangs: it is killed and started again."""
STOP_SIGNAL: Final = getattr(signal, "CTRL_BREAK_EVENT", signal.SIGTERM)
LAST_WORDS_BYTES: Final = 2_000
WORDS_SHOWN: Final = 200


class Child:
    """
    Keep one part running.

    Parameters
    ----------
    part : Part
        What to run.
    leash : Leash
        Ends it with this process.
    log : Path
        Where it says what it says; a new start goes on there.
    tell : Callable[[str], None]
        Takes one line for the operator.
    clock : Callable[[], float]
        Monotonic seconds.
    """

    def __init__(
        self,
        part: Part,
        leash: Leash,
        log: Path,
        tell: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.part = part
        self.log = log
        self.starts = 0
        self._leash = leash
        self._tell = tell
        self._clock = clock
        self._process: subprocess.Popen[bytes] | None = None
        self._born_at = 0.0
        self._wait_secs = FIRST_WAIT_SECS
        self._again_at = 0.0
        self._ask_at = 0.0
        self._silences = 0

    @property
    def pid(self) -> int:
        """Process id; 0 while it does not run."""
        return self._process.pid if self._process is not None else 0

    @property
    def birth(self) -> str:
        """What tells its process from a later one of the same id."""
        return process_birth(self.pid) if self.pid else ""

    def start(self) -> bool:
        """Start it; one that cannot be started is told and tried again later."""
        try:
            self._launch()
        except OSError as error:
            self._postpone(f"{self.part.name} could not be started, log {self.log}: {error.strerror}")
            return False
        return True

    def _launch(self) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab" if self.starts else "wb") as output:
            self._process = subprocess.Popen(  # noqa: S603  from the table of parts
                self._leash.words(self.part.command),
                stdin=self._leash.stdin,
                stdout=subprocess.DEVNULL if self.part.prints_secret else output,
                stderr=output,
                env={**os.environ, "PYTHONUNBUFFERED": "1", **self.part.environment},
                **self._leash.options(),
            )
        self.starts += 1
        self._born_at = self._clock()
        self._ask_at = self._born_at + ASK_SECS
        self._silences = 0

    def look(self) -> bool:
        """Note its death, kill it when it hangs, start it again; return whether anything changed."""
        now = self._clock()
        if self._process is None:
            return now >= self._again_at and self._start_again()
        code = self._process.poll()
        if code is None:
            self._ask(self._process, now)
            return False
        if now - self._born_at >= SETTLED_SECS:
            self._wait_secs = FIRST_WAIT_SECS
        self._sweep(self._process.pid)
        self._process = None
        self._postpone(f"{self.part.name} ended ({_how(code)}){self._last_words()}")
        return True

    def _ask(self, process: subprocess.Popen[bytes], now: float) -> None:
        if not self.part.ready_url or now < self._ask_at:
            return
        self._ask_at = now + ASK_SECS
        self._silences = 0 if is_ready(self.part.ready_url) else self._silences + 1
        if self._silences == SILENCES:
            self._tell(f"{self.part.name} has not answered for {SILENCES * ASK_SECS:.0f} s: killed")
            process.kill()

    def end(self) -> None:
        """Ask it to end."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(STOP_SIGNAL)

    def wait(self, deadline: float) -> None:
        """Wait for its end, and kill it when the time is over."""
        if self._process is None:
            return
        try:
            self._process.wait(max(0.0, deadline - self._clock()))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._sweep(self._process.pid)
        self._process = None

    def _sweep(self, group: int) -> None:
        """End what a dead part has left running, e.g. a server below it: it is still in the part's group."""
        if hasattr(os, "killpg"):
            with suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)

    def _postpone(self, why: str) -> None:
        self._tell(f"{why}; again in {self._wait_secs:g} s")
        self._again_at = self._clock() + self._wait_secs
        self._wait_secs = min(LONGEST_WAIT_SECS, self._wait_secs * 2)

    def _start_again(self) -> bool:
        if not self.start():
            return False
        self._tell(f"{self.part.name} runs again, process {self.pid}")
        return True

    def _last_words(self) -> str:
        try:
            text = self.log.read_bytes()[-LAST_WORDS_BYTES:].decode(errors="replace")
        except OSError:
            return ""
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        return f": {lines[-1][:WORDS_SHOWN]}" if lines else ""


def _how(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
