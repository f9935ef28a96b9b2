"""The options that ``paper`` and ``live`` share: what the bot is called, how it is reached, where it logs."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from nautilus_bot.process.service import Service

NameOption = Annotated[
    str, typer.Option("--name", help="What this bot is called; the mode by default. One bot a name.")
]
ControlPort = Annotated[
    int, typer.Option(min=0, max=65_535, help="Port of the control API on 127.0.0.1; 0 any free one.")
]
LogFileOption = Annotated[
    Path | None, typer.Option("--log-file", help="Write JSON lines there instead of to the terminal.")
]


def open_service(mode: str, name: str, control_port: int, log_file: Path | None) -> Service:
    """Return the service of this process, to be entered; it remembers the words it was started with."""
    words = sys.argv[1:]
    arguments = words[words.index(mode) + 1 :] if mode in words else []
    return Service(name or mode, mode, control_port, log=log_file, arguments=tuple(_without_own(arguments)))


def _without_own(arguments: list[str]) -> list[str]:
    """Leave out what ``start`` adds itself."""
    kept: list[str] = []
    words = iter(arguments)
    for word in words:
        if word in ("--name", "--log-file"):
            next(words, None)
        elif not word.startswith(("--name=", "--log-file=")):
            kept.append(word)
    return kept
