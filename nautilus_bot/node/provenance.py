"""What a run was made with: a hash of the program's own source, and the versions that matter."""

import platform
from hashlib import sha256
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Final

PACKAGES: Final = ("nautilus_bot", "strategies", "adapters", "catalog")
"""What can change a decision; monitoring only watches."""
LIBRARIES: Final = ("nautilus-bot", "nautilus_trader", "numpy", "msgspec")


def code_hash() -> str:
    """
    Return the first 16 hexadecimal digits of SHA-256 over all source files, by path and content.

    Of the files as they were when this process loaded them: what it runs stays that when they change.
    """
    return _LOADED


def _hash_sources() -> str:
    digest = sha256()
    for package in PACKAGES:
        root = Path(import_module(package).__path__[0])
        for path in sorted(root.rglob("*.py")):
            digest.update(f"{package}/{path.relative_to(root).as_posix()}".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


_LOADED: Final = _hash_sources()


def library_versions() -> dict[str, str]:
    """Return the versions of the bot, of what it computes with, and of Python."""
    return {name: version(name) for name in LIBRARIES} | {"python": platform.python_version()}
