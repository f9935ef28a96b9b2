"""The options that ``paper`` and ``live`` share: what the bot is called, how it is reached, where it logs."""

from pathlib import Path
from typing import Annotated

import typer

NameOption = Annotated[
    str, typer.Option("--name", help="What this bot is called; the mode by default. One bot a name.")
]
Duration = Annotated[float, typer.Option(min=0, help="Stop after so many seconds of trading; 0 never.")]
MetricsPort = Annotated[
    int, typer.Option(min=-1, max=65535, help="Port of the metrics on 127.0.0.1; 0 any free one, -1 none.")
]
ControlPort = Annotated[
    int, typer.Option(min=0, max=65_535, help="Port of the control API on 127.0.0.1; 0 any free one.")
]
LogFileOption = Annotated[
    Path | None, typer.Option("--log-file", help="Write JSON lines there instead of to the terminal.")
]
