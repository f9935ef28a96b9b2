"""The operating system's lock that gives a journal exactly one writer; it dies with its process."""

import os
import sys
from pathlib import Path

from nautilus_bot.core.errors import AlreadyRunning


class OwnerLock:
    """
    Hold a file exclusively until ``release`` or the end of the process, however it ends.

    Parameters
    ----------
    path : Path
        Lock file, created when absent. It is never the journal itself: closing any descriptor of a SQLite
        file would drop SQLite's own locks on it.

    Raises
    ------
    AlreadyRunning
        If another owner holds it, in this process or elsewhere.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            _lock(self._fd)
        except OSError as e:
            owner = path.read_text().strip() or "unknown"
            os.close(self._fd)
            raise AlreadyRunning(
                f"a journal must have one writer, but process {owner} owns {path.parent}; stop it first"
            ) from e
        os.ftruncate(self._fd, 0)
        os.write(self._fd, f"{os.getpid()}\n".encode())

    def release(self) -> None:
        """Give the file back; a second call does nothing."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


if sys.platform == "win32":
    import msvcrt

    def _lock(fd: int) -> None:
        # a byte far behind the text, so that the owner's process id stays readable
        os.lseek(fd, 1 << 20, os.SEEK_SET)
        msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
        os.lseek(fd, 0, os.SEEK_SET)
else:
    import fcntl

    def _lock(fd: int) -> None:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
