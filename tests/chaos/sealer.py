"""
Seal one run in a process of its own, and die where told.

usage: sealer.py RUN_FOLDER URL STEP NUMBER

``STEP`` is one of ``open`` (a Parquet file is begun), ``write`` (half a row group is there), ``read`` (files
are read back), ``publish`` (half of the seal's own file is there), ``point`` (the seal is valid, the run's
folder does not know of it); the process kills itself at the ``NUMBER``-th time. An unknown step never comes.
"""

import os
import signal
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fsspec.implementations.local import LocalFileOpener, LocalFileSystem

from catalog import seal
from catalog.sealed import SEAL_FILE, SealedStore


def die() -> None:
    """End as a power cut would: no handler, no flush."""
    os.kill(os.getpid(), signal.SIGKILL)


def arm(step: str, number: int) -> None:
    """Put the kill into its place."""
    seen = Counter[str]()

    def due(name: str) -> bool:
        seen[name] += 1
        return name == step and seen[name] == number

    def before(method: Callable[..., Any], name: str) -> Callable[..., Any]:
        def killing(*args: Any) -> Any:
            if due(name):
                die()
            return method(*args)

        return killing

    write, pipe = LocalFileOpener.write, LocalFileSystem.pipe_file

    def write_half(self: Any, content: Any, *rest: Any, **options: Any) -> Any:
        if due("write"):
            write(self, bytes(content)[: len(bytes(content)) // 2])
            self.f.flush()
            die()
        return write(self, content, *rest, **options)

    def pipe_half(self: Any, path: str, content: bytes, **options: Any) -> Any:
        if SEAL_FILE in path and due("publish"):
            pipe(self, path, content[: len(content) // 2], **options)
            die()
        return pipe(self, path, content, **options)

    SealedStore.open = before(SealedStore.open, "open")  # type: ignore[method-assign]
    SealedStore.read = before(SealedStore.read, "read")  # type: ignore[method-assign]
    seal.save_pointer = before(seal.save_pointer, "point")
    LocalFileOpener.write = write_half
    LocalFileSystem.pipe_file = pipe_half


if __name__ == "__main__":
    arm(sys.argv[3], int(sys.argv[4]))
    seal.seal_run(Path(sys.argv[1]), sys.argv[2])
