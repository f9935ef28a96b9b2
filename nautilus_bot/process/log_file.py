"""
The bot's log: JSON lines in ``var/log/<name>.log``, rotated, without secrets.

Everything that a bot would print, Nautilus's own log above all, goes through a pipe to one thread that
writes it down: trading never waits for the disk, and a full disk costs log lines, not trades.
"""

import logging
import os
import queue
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from logging.handlers import QueueHandler, QueueListener, RotatingFileHandler
from pathlib import Path
from typing import Final

import msgspec

from nautilus_bot.core.errors import ProcessError
from nautilus_bot.process.redaction import Redactor

LOG_DIR_VARIABLE: Final = "BOT_LOG_DIR"
DEFAULT_LOG_DIR: Final = "var/log"
FILE_BYTES: Final = 10_000_000
FILES_KEPT: Final = 5
JOIN_SECS: Final = 2.0
_ANSI: Final = re.compile(r"\x1b\[[0-9;]*m")
_NAUTILUS: Final = re.compile(r"(?P<ts>\d{4}-\S+Z) \[(?P<level>[A-Z]+)\] (?P<logger>\S+): (?P<text>.*)")
_LEVELS: Final = {"WARN": "WARNING", "WRN": "WARNING", "INF": "INFO", "ERR": "ERROR", "DBG": "DEBUG"}


class LogLine(msgspec.Struct, frozen=True):
    """One line of the log."""

    ts: str
    level: str
    logger: str
    text: str


def log_dir() -> Path:
    """Return the folder of logs: ``BOT_LOG_DIR``, else ``var/log``."""
    return Path(os.environ.get(LOG_DIR_VARIABLE, DEFAULT_LOG_DIR))


def log_path(name: str) -> Path:
    """Return the log of a bot."""
    return log_dir() / f"{name}.log"


def parse_printed(text: str) -> LogLine:
    """Return a printed line as a log line: one of Nautilus's keeps its time, level and component."""
    plain = _ANSI.sub("", text).rstrip()
    match = _NAUTILUS.fullmatch(plain)
    if match is None:
        return LogLine(_now(), "INFO", "output", plain)
    level = _LEVELS.get(match["level"], match["level"])
    return LogLine(match["ts"], level, match["logger"], match["text"])


class LogFile(RotatingFileHandler):
    """
    Write JSON lines and rotate; a line that cannot be written is dropped and counted.

    Parameters
    ----------
    path : Path
        Of the current file; older ones get a number.
    redactor : Redactor
        Takes secrets out.

    Raises
    ------
    ProcessError
        If the file cannot be opened.
    """

    def __init__(
        self, path: Path, redactor: Redactor, *, file_bytes: int = FILE_BYTES, kept: int = FILES_KEPT
    ) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            super().__init__(path, maxBytes=file_bytes, backupCount=kept, encoding="utf-8")
        except OSError as e:
            raise ProcessError(f"the log {path} must be writable, but: {e.strerror}") from e
        self._redactor = redactor
        self.dropped = 0

    def write_line(self, line: LogLine) -> None:
        """Write a line that is no log record."""
        self.handle(logging.makeLogRecord({"line": line}))

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one JSON object, without secrets."""
        line: LogLine | None = getattr(record, "line", None)
        if line is None:
            text = record.getMessage()
            if record.exc_text:
                text = f"{text}\n{record.exc_text}"
            line = LogLine(_moment(record.created), record.levelname, record.name, text)
        return msgspec.json.encode(
            msgspec.structs.replace(line, text=self._redactor.clean(line.text))
        ).decode()

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802, ARG002  logging's own name
        """Count a line that could not be written; printing it would only come back here."""
        self.dropped += 1


@contextmanager
def logged_to(path: Path, redactor: Redactor) -> Iterator[LogFile]:
    """
    Send everything that this process prints or logs to a file for as long as the context lasts.

    Parameters
    ----------
    path : Path
        The log.
    redactor : Redactor
        Takes secrets out.
    """
    sink = LogFile(path, redactor)
    records: queue.SimpleQueue[logging.LogRecord] = queue.SimpleQueue()
    handler = QueueHandler(records)
    listener = QueueListener(records, sink)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    listener.start()
    try:
        with _printed_to(sink):
            yield sink
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        listener.stop()
        sink.close()


@contextmanager
def _printed_to(sink: LogFile) -> Iterator[None]:
    _flush()
    stdout, stderr = os.dup(1), os.dup(2)
    read_end, write_end = os.pipe()
    os.dup2(write_end, 1)
    os.dup2(write_end, 2)
    os.close(write_end)
    pump = threading.Thread(target=_pump, args=(read_end, sink), name="log", daemon=True)
    pump.start()
    try:
        yield
    finally:
        _flush()
        os.dup2(stdout, 1)
        os.dup2(stderr, 2)
        os.close(stdout)
        os.close(stderr)
        pump.join(JOIN_SECS)


def _pump(read_end: int, sink: LogFile) -> None:
    with os.fdopen(read_end, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if line.strip():
                sink.write_line(parse_printed(line))


def _flush() -> None:
    sys.stdout.flush()
    sys.stderr.flush()


def _now() -> str:
    return _moment(datetime.now(UTC).timestamp())


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
