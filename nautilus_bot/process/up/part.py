"""What stands beside the bot: a program, where it is seen, and why one is left out."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec

from nautilus_bot.config.bot import BotConfig

type PartName = Literal["prometheus", "alertmanager", "panel", "telegram", "watchdog"]


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """
    A program beside the bot.

    Parameters
    ----------
    name : str
        What the operator calls it.
    command : tuple[str, ...]
        Its command line.
    url : str, default ""
        Where a person looks; empty for one without a page.
    secret : str, default ""
        What the address ends with for whoever may act there; never written down.
    ready_url : str, default ""
        Answers 200 when it is well.
    environment : Mapping[str, str]
        Added to ours.
    prints_secret : bool, default False
        Whether what it prints on standard output must not be kept; its errors are.
    """

    name: PartName
    command: tuple[str, ...]
    url: str = ""
    secret: str = ""
    ready_url: str = ""
    environment: Mapping[str, str] = {}
    prints_secret: bool = False


class LeftOut(msgspec.Struct, frozen=True):
    """
    A part that is not started.

    Parameters
    ----------
    name : str
        Of the part.
    reason : str
        What is missing and how to get it, in one line.
    wanted : bool
        Whether somebody who insists on everything would miss it.
    """

    name: PartName
    reason: str
    wanted: bool = True


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """
    What the parts have to know of each other.

    Parameters
    ----------
    name : str
        Of the bot.
    config : BotConfig
        As loaded.
    config_path : Path
        From where.
    folder : Path
        Where the parts keep their files.
    ports : Mapping[str, int]
        One that is free for ``metrics``, ``control`` and each part with a page.
    metrics_url : str
        Where the bot's metrics will be.
    bot_words : tuple[str, ...]
        Options of the bot, for the panel to start it again alike.
    scrape_secs : float
        How often Prometheus asks.
    policy : str
        What the watchdog does.
    without : frozenset[str]
        Parts that are not wanted.
    """

    name: str
    config: BotConfig
    config_path: Path
    folder: Path
    ports: Mapping[str, int]
    metrics_url: str
    bot_words: tuple[str, ...] = ()
    scrape_secs: float = 15.0
    policy: str = "alert"
    without: frozenset[str] = frozenset()
