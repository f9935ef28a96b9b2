"""
Run a program that ends when the process that started it ends, however that happens.

``python -m nautilus_bot.process.up.leash PROGRAM WORD ...`` stays between the two. Its standard input is a
pipe whose other end only the one who holds the leash has: that ends even when the holder is killed, on any
system. (Linux's signal at the death of a parent is no help: it comes once for every thread of the holder, and
the second one tells a bot to end by force.)
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

GRACE_SECS: Final = 40.0
"""Longer than a graceful stop of a bot may take."""
STOP_SIGNALS: Final = ("SIGTERM", "SIGINT", "SIGBREAK")
END_SIGNAL: Final = getattr(signal, "CTRL_BREAK_EVENT", signal.SIGTERM)
STDIN: Final = 0
SIGNALLED: Final = 128
"""A program that a signal ended has this plus its number as exit code, as shells say it."""


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
        """Return the command line that runs a command on this leash."""
        return [sys.executable, "-m", __name__, *command]

    def options(self) -> dict[str, Any]:
        """Return how to start it: in a group of its own, so that Ctrl-C reaches this process alone."""
        return _own_group()


@contextmanager
def open_leash() -> Iterator[Leash]:
    """Hold one end of a pipe; what is on the leash reads the other."""
    reading, writing = os.pipe()
    try:
        yield Leash(reading)
    finally:
        os.close(writing)
        os.close(reading)


def main(command: list[str]) -> int:
    """Run a command as a child; end it when standard input ends, or when told to by a signal."""
    # on Windows a group of its own is what a signal can be sent to; elsewhere it stays in ours
    options = _own_group() if sys.platform == "win32" else {}
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, **options)  # noqa: S603  the holder's words
    for name in STOP_SIGNALS:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: _end(process))
    threading.Thread(target=_end_with_input, args=(process,), name="leash", daemon=True).start()
    code = process.wait()
    return code if code >= 0 else SIGNALLED - code


def _end_with_input(process: subprocess.Popen[bytes]) -> None:
    # not through sys.stdin, whose lock this thread would still hold when the interpreter ends
    while os.read(STDIN, 1):
        pass
    _end(process)
    try:
        process.wait(GRACE_SECS)
    except subprocess.TimeoutExpired:
        process.kill()


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(END_SIGNAL)


def _own_group() -> dict[str, Any]:
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
