"""Read a bot's log: its last lines, and the lines to come, across rotations."""

import os
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Final

import msgspec

from nautilus_bot.process.log_file import LogLine, parse_printed

POLL_SECS: Final = 0.2


def last_lines(path: Path, count: int) -> list[LogLine]:
    """Return the last lines of a log, oldest first; none when there is no log."""
    try:
        with path.open("rb") as file:
            return [_parse(line) for line in deque(file, maxlen=count)]
    except FileNotFoundError:
        return []


def follow_lines(path: Path, is_over: Callable[[], bool]) -> Iterator[LogLine]:
    """
    Yield lines as they are written, from now on.

    Parameters
    ----------
    path : Path
        The log; when it is rotated, reading goes on in the new file.
    is_over : Callable[[], bool]
        Asked when nothing new was there: whether to end.
    """
    file: IO[bytes] = path.open("rb")
    file.seek(0, os.SEEK_END)
    partial = b""
    try:
        while True:
            partial += file.readline()
            if partial.endswith(b"\n"):
                yield _parse(partial)
                partial = b""
            elif (newer := _rotated(path, file)) is not None:
                file.close()
                file = newer
            elif is_over():
                return
            else:
                time.sleep(POLL_SECS)
    finally:
        file.close()


def _rotated(path: Path, file: IO[bytes]) -> IO[bytes] | None:
    try:
        if path.stat().st_ino == os.fstat(file.fileno()).st_ino:
            return None
        return path.open("rb")
    except FileNotFoundError:
        return None


def _parse(line: bytes) -> LogLine:
    try:
        return msgspec.json.decode(line, type=LogLine)
    except msgspec.DecodeError:
        # the end of a line that a killed process left behind
        return parse_printed(line.decode(errors="replace"))
