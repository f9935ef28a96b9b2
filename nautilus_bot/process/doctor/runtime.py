"""Python and packages: what runs is what was locked and tested."""

import platform
import re
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Final

from nautilus_bot.process.doctor.finding import Said, fail, ok, warn
from nautilus_bot.process.doctor.surroundings import Surroundings

LOWEST, BEYOND = (3, 12), (3, 15)
LOCK: Final = Path(__file__).parents[3] / "requirements.lock"
PINNED: Final = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]+\])?==(\S+)( ; )?", re.MULTILINE)
"""Name, version, and whether it is only wanted on some systems."""
NAMED: Final = re.compile(r"^[A-Za-z0-9._-]+")
NAMES_SHOWN: Final = 5
INSTALL: Final = "`make setup`, or pip install --require-hashes -r requirements.lock"


def check_python(_: Surroundings) -> Iterator[Said]:
    """Say whether this Python is one that the bot is tested with."""
    found = f"Python {platform.python_version()} at {sys.executable}"
    if LOWEST <= sys.version_info[:2] < BEYOND:
        yield ok(found)
    else:
        yield fail(
            f"{found}; 3.12, 3.13 or 3.14 is needed", "install one of them, remove .venv and run `make setup`"
        )


def check_packages(_: Surroundings) -> Iterator[Said]:
    """Compare installed packages with the lock, or where there is none with what the package asks for."""
    if LOCK.exists():
        pinned = PINNED.findall(LOCK.read_text(encoding="utf-8"))
        elsewhere = {name for name, _, condition in pinned if condition and _installed(name) is None}
        yield _compare({name: locked for name, locked, _ in pinned if name not in elsewhere})
        return
    asked = [text for text in requires("nautilus-bot") or [] if "extra ==" not in text]
    missing = [name for name in _names(asked) if _installed(name) is None]
    if missing:
        yield fail(f"{_some(missing)} must be installed, and not found", INSTALL)
    else:
        yield ok(f"{len(asked)} packages are there; no lock beside the program to compare versions with")


def _compare(locked: dict[str, str]) -> Said:
    found = {name: _installed(name) for name in locked}
    missing = [name for name, there in found.items() if there is None]
    others = [
        f"{name} {there}, not {locked[name]}"
        for name, there in found.items()
        if there is not None and there != locked[name]
    ]
    if missing:
        return fail(f"{_some(missing)} must be installed, not found", INSTALL)
    if others:
        return warn(f"versions differ from requirements.lock: {_some(others)}", INSTALL)
    return ok(f"{len(locked)} packages, all at the locked versions")


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _names(asked: list[str]) -> list[str]:
    return [match[0] for text in asked if (match := NAMED.match(text))]


def _some(names: list[str]) -> str:
    more = len(names) - NAMES_SHOWN
    return ", ".join(names[:NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")
