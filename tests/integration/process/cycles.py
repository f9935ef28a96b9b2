"""
Start, stop and kill a real paper bot over and over through the command line, in every way that goes wrong.

``python tests/integration/process/cycles.py 50`` prints a line a cycle (``make cycles``); the tests run each
kind once. State and exit code are compared after every step.
"""

import json
import os
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec

from nautilus_bot.process.identity import descendants, is_alive, process_birth
from nautilus_bot.process.pidfile import RunFile

ROOT = Path(__file__).parents[3]
NAME = "cycles"
SPEED = "60"
OK, FAILED, NOT_RUNNING = 0, 1, 3
GONE_SECS = 120.0
STOP_SECS = 120.0
"""A bot that was asked has half of it until it is signalled: the usual 15 s are few on a busy machine."""


class Cycles:
    """
    Drive one bot.

    Parameters
    ----------
    folder : Path
        Where it keeps everything.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.start_secs: list[float] = []
        self.stop_secs: list[float] = []
        self._environment = os.environ | {
            "BOT_RUN_DIR": str(folder / "run"),
            "BOT_LOG_DIR": str(folder / "log"),
            "BOT_BACKTEST__EVENT_STORE_PATH": str(folder / "events"),
        }

    # -- the command line ---------------------------------------------------------------------------

    def call(self, *words: str, expect: int, limit_files: bool = False) -> dict[str, Any]:
        """Run one command and compare its exit code."""
        done = subprocess.run(
            [sys.executable, "-m", "nautilus_bot.cli.main", *words, "--json"],
            cwd=ROOT,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            preexec_fn=no_room if limit_files else None,
        )
        assert done.returncode == expect, (
            f"{words}: {done.returncode}, not {expect}: {done.stdout}{done.stderr}"
        )
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def start(self, expect: int = OK, *, limit_files: bool = False) -> dict[str, Any]:
        """Start the bot."""
        answer = self.call(
            "start",
            "paper",
            "--name",
            NAME,
            "--control-port=0",
            "--metrics-port=0",
            f"--speed={SPEED}",
            f"--state={self.folder / 'exchange.sqlite'}",
            expect=expect,
            limit_files=limit_files,
        )
        if expect == OK:
            self.start_secs.append(answer["start_secs"])
        return answer

    def stop(self, expect: int = OK) -> dict[str, Any]:
        """Stop it."""
        answer = self.call("stop", "--name", NAME, f"--timeout={STOP_SECS:g}", expect=expect)
        if expect == OK:
            self.stop_secs.append(answer["stop_secs"])
        return answer

    def status(self, expect: int, state: str) -> dict[str, Any]:
        """Ask for its status and compare its state."""
        answer = self.call("status", "--name", NAME, expect=expect)
        assert answer["state"] == state, answer
        return answer

    @property
    def run_path(self) -> Path:
        """Its run file."""
        return self.folder / "run" / f"{NAME}.json"

    def write_run_file(self, pid: int, birth: str) -> None:
        """Leave a run file behind as a bot that died would."""
        self.run_path.parent.mkdir(parents=True, exist_ok=True)
        left = RunFile(
            name=NAME, mode="paper", pid=pid, birth=birth, state="trading", started_ns=time.time_ns()
        )
        self.run_path.write_bytes(msgspec.json.encode(left))

    # -- the kinds of cycle -------------------------------------------------------------------------

    def plain(self) -> None:
        """Start, look, start again in vain, stop."""
        started = self.start()
        report = self.status(OK, "trading")
        assert report["pid"] == started["pid"]
        assert report["bot"]["run_id"] == started["run_id"]
        again = self.start(FAILED)
        assert "only one bot" in again["error"]
        below = descendants(started["pid"])
        assert below, "the bot runs no exchange of its own"
        stopped = self.stop()
        assert stopped["how"] == "asked"
        assert stopped["exit_code"] == OK
        self.status(NOT_RUNNING, "ended")
        assert not any(is_alive(*child) for child in below)

    def killed(self) -> None:
        """Kill -9: nothing is left, and the next start is not in its way."""
        started = self.start()
        below = descendants(started["pid"])
        birth = process_birth(started["pid"])
        os.kill(started["pid"], signal.SIGKILL)
        wait_until(lambda: not is_alive(started["pid"], birth))
        wait_until(lambda: not any(is_alive(*child) for child in below))
        self.status(NOT_RUNNING, "crashed")
        self.stop(NOT_RUNNING)
        self.start()
        self.stop()
        self.status(NOT_RUNNING, "ended")

    def forced(self) -> None:
        """Force-stop takes the exchange along."""
        started = self.start()
        below = descendants(started["pid"])
        answer = self.call("force-stop", "--name", NAME, expect=OK)
        assert answer["how"] == "killed"
        self.status(NOT_RUNNING, "killed")
        assert not any(is_alive(*child) for child in below)
        self.call("force-stop", "--name", NAME, expect=NOT_RUNNING)

    def stale(self) -> None:
        """A run file whose process is long gone stands in nobody's way."""
        gone = subprocess.Popen([sys.executable, "-c", ""])
        birth = process_birth(gone.pid)
        gone.wait()
        self.write_run_file(gone.pid, birth or "boot:gone:1")
        self.status(NOT_RUNNING, "crashed")
        self.stop(NOT_RUNNING)
        self.start()
        self.stop()

    def reused(self) -> None:
        """A process that has the old bot's id by now is left alone."""
        innocent = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        try:
            self.write_run_file(innocent.pid, "boot:another:12345")
            self.status(NOT_RUNNING, "crashed")
            self.stop(NOT_RUNNING)
            self.call("force-stop", "--name", NAME, expect=NOT_RUNNING)
            self.start()
            self.stop()
            assert innocent.poll() is None, "an innocent process was killed"
        finally:
            innocent.kill()
            innocent.wait()

    def full_at_start(self) -> None:
        """No room on the disk: one clear line, no bot, and a start that works once there is room."""
        refused = self.start(FAILED, limit_files=True)
        assert "must be writable" in refused["error"], refused
        self.call("stop", "--name", NAME, expect=NOT_RUNNING)
        self.start()
        self.stop()

    def full_while_running(self) -> None:
        """The disk fills up: the journal halts trading, status says so, and stop still works."""
        started = self.start()
        resource.prlimit(started["pid"], resource.RLIMIT_FSIZE, (0, 0))
        wait_until(lambda: self.status(OK, "trading")["bot"]["breakers"]["state"] == "halted")
        report = self.status(OK, "trading")
        assert report["bot"]["breakers"]["rule"] == "journal"
        assert not report["bot"]["health"]["ok"]
        self.stop()
        # its last word did not fit on the disk any more
        assert not self.call("status", "--name", NAME, expect=NOT_RUNNING)["running"]

    def signalled(self) -> None:
        """SIGTERM alone is a graceful stop, too."""
        started = self.start()
        birth = process_birth(started["pid"])
        os.kill(started["pid"], signal.SIGTERM)
        wait_until(lambda: not is_alive(started["pid"], birth))
        report = self.status(NOT_RUNNING, "ended")
        assert report["exit_code"] == OK
        assert report["reason"] == "told to stop"

    def stopped_early(self) -> None:
        """Told to stop before it trades: it ends, and start says that there is no bot."""
        before = len(list(self.folder.glob("events/runs/*")))
        with ThreadPoolExecutor(max_workers=1) as aside:
            starting = aside.submit(self.start, FAILED)
            wait_until(lambda: len(list(self.folder.glob("events/runs/*"))) > before)
            found = msgspec.json.decode(self.run_path.read_bytes(), type=RunFile)
            below = descendants(found.pid)
            # a signal, since the command line takes about as long to load as the bot takes to connect
            os.kill(found.pid, signal.SIGTERM)
            refused = starting.result()
        assert "did not start" in refused["error"], refused
        self.stop(NOT_RUNNING)
        self.status(NOT_RUNNING, "ended")
        wait_until(lambda: not any(is_alive(*child) for child in below))


KINDS: tuple[Callable[[Cycles], None], ...] = (
    Cycles.plain,
    Cycles.killed,
    Cycles.forced,
    Cycles.stale,
    Cycles.reused,
    Cycles.full_at_start,
    Cycles.full_while_running,
    Cycles.signalled,
    Cycles.stopped_early,
)


def no_room() -> None:
    """Let every write to a file fail, as on a full disk."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def wait_until(is_over: Callable[[], bool]) -> None:
    """Wait; the limit only guards against hanging."""
    deadline = time.monotonic() + GONE_SECS
    while not is_over():
        assert time.monotonic() < deadline, f"not over after {GONE_SECS:g} s"
        time.sleep(0.05)


def main(count: int) -> None:
    """Run so many cycles of all kinds in turn, and print each with its times."""
    with tempfile.TemporaryDirectory(prefix="bot-cycles-") as folder:
        cycles = Cycles(Path(folder))
        for number in range(count):
            kind = KINDS[number % len(KINDS)]
            begun = time.monotonic()
            kind(cycles)
            print(
                f"{number + 1:3} of {count}: {kind.__name__:20} ok in {time.monotonic() - begun:5.1f} s",
                flush=True,
            )
        print(f"{count} cycles ok; starts: {spread(cycles.start_secs)}")
        print(f"graceful stops: {spread(cycles.stop_secs)} (aim: under 10 s)")


def spread(secs: list[float]) -> str:
    """Return number, median and worst of a list of times."""
    return f"{len(secs)}, median {statistics.median(secs):.1f} s, worst {max(secs):.1f} s"


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50)
