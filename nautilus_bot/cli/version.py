"""``nautilus-bot version``."""

import platform
from importlib.metadata import version as version_of

from nautilus_bot.cli.output import JsonFlag, emit


def version(as_json: JsonFlag = False) -> None:
    """Print the versions of the bot and of what it stands on."""
    emit(versions(), as_json, lambda found: "\n".join(f"{name} {text}" for name, text in found.items()))


def versions() -> dict[str, str]:
    """Return the versions of the bot and of what it stands on."""
    return {
        "nautilus-bot": version_of("nautilus-bot"),
        "nautilus_trader": version_of("nautilus_trader"),
        "python": platform.python_version(),
        "platform": platform.platform(terse=True),
    }
