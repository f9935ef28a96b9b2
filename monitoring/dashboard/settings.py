"""What the panel is told by the command that starts it: one struct, handed over in one variable."""

import os
from pathlib import Path
from typing import Final

import msgspec

from nautilus_bot.core.errors import ConfigError

VARIABLE: Final = "NAUTILUS_PANEL"
"""Holds the access token, so it is taken out of the environment of everything that the panel starts."""


class PanelSettings(msgspec.Struct, frozen=True, kw_only=True):
    """
    Where the panel looks, and who may look.

    Parameters
    ----------
    token : str
        What a browser must show.
    name : str
        The bot; empty means the one that runs, else the one that ran last.
    run_dir, event_root : str
        Folders of run files and of the event catalog.
    reports : tuple[str, ...]
        Folders in which reports lie.
    start_words : tuple[str, ...]
        Options for a bot that is started from the panel; empty takes those of its last start.
    """

    token: str
    run_dir: str
    event_root: str
    name: str = ""
    reports: tuple[str, ...] = ()
    start_words: tuple[str, ...] = ()

    @property
    def runs(self) -> Path:
        """Folder of the recorded runs."""
        return Path(self.event_root)


def load_settings() -> PanelSettings:
    """
    Return what the starting command left in the environment.

    Raises
    ------
    ConfigError
        If the panel was started by anything else.
    """
    text = os.environ.get(VARIABLE, "")
    try:
        return msgspec.json.decode(text, type=PanelSettings)
    except msgspec.DecodeError as e:
        raise ConfigError("the panel must be started by `nautilus-bot dashboard`, it was not") from e
