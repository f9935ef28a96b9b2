"""Files that only their owner may read, since they hold tokens, replaced whole."""

import os
from pathlib import Path

import msgspec

from nautilus_bot.core.errors import ProcessError


def replace_private(path: Path, value: msgspec.Struct) -> None:
    """
    Write a value as JSON, so that a reader finds the old file or the new one and nothing between.

    Raises
    ------
    ProcessError
        If it cannot be written, e.g. since the disk is full.
    """
    draft = path.with_name(path.name + ".tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(value), indent=2))
        draft.replace(path)
    except OSError as e:
        raise ProcessError(f"{path} must be writable, but: {e.strerror}") from e
