"""
Run a program that ends when the process that started it ends, however that happens.

``python -m nautilus_bot.process.up.leash PARENT PROGRAM WORD ...``. On Linux the kernel sends SIGTERM when
the parent is gone, and this process becomes the program. Elsewhere it stays between the two and reads its
standard input, whose other end only the parent holds: that ends even when the parent is killed.
"""

import contextlib
import ctypes
import os
import platform
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

KERNEL_TELLS: Final = platform.system() == "Linux"
PR_SET_PDEATHSIG: Final = 1
GRACE_SECS: Final = 20.0
PARENT_GONE: Final = 1
STOP_SIGNALS: Final = ("SIGTERM", "SIGINT", "SIGBREAK")
END_SIGNAL: Final = getattr(signal, "CTRL_BREAK_EVENT", signal.SIGTERM)


class Leash:
    """
    Start programs that end with this process.

    Parameters
    ----------
    stdin : int
        Standard input of what is started.
    """

    def __init__(self, stdin: int) -> None:
        self.stdin = stdin

    def words(self, command: tuple[str, ...]) -> list[str]:
        """Return the command line that runs a command on this leash; call it from the main thread only."""
        return [sys.executable, "-m", __name__, str(os.getpid()), *command]

    def options(self) -> dict[str, Any]:
        """Return how to start it: in a group of its own, so that Ctrl-C reaches this process alone."""
        return _own_group()


@contextmanager
def open_leash() -> Iterator[Leash]:
    """Hold one end of a pipe; what is on the leash reads the other, where the kernel has no signal for it."""
    if KERNEL_TELLS:
        yield Leash(subprocess.DEVNULL)
        return
    reading, writing = os.pipe()
    try:
        yield Leash(reading)
    finally:
        os.close(writing)
        os.close(reading)


def main(words: list[str]) -> int:
    """Run a command on the leash of a process."""
    parent, command = int(words[0]), words[1:]
    if not KERNEL_TELLS:
        return watch_input(command)
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        return PARENT_GONE  # it died before the kernel knew that we want to be told
    return os.execvp(command[0], command)  # noqa: S606  the command line of the one who holds the leash


def watch_input(command: list[str]) -> int:
    """Run a command as a child; end it when standard input ends, or when told to by a signal."""
    # on Windows a group of its own is what a signal can be sent to; elsewhere it stays in ours
    options = _own_group() if sys.platform == "win32" else {}
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, **options)  # noqa: S603  as above
    for name in STOP_SIGNALS:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: _end(process))

    def wait_for_end() -> None:
        while sys.stdin.buffer.read(1):
            pass
        _end(process)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE_SECS)
        process.kill()

    threading.Thread(target=wait_for_end, name="leash", daemon=True).start()
    return process.wait()


def _own_group() -> dict[str, Any]:
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(END_SIGNAL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
