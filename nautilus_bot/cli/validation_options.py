"""Options that the commands of validation share, and what they load."""

from pathlib import Path
from typing import Annotated, Final

import typer

from nautilus_bot.config.bot import BotConfig
from nautilus_bot.config.loader import load_config
from nautilus_bot.market.data_catalog import chosen_root
from nautilus_bot.research.backtest.selection import narrow
from nautilus_bot.research.validation.load import Subject, load_subjects

CONFIG_FOLDER: Final = Path("configs")

StrategyOption = Annotated[
    list[str], typer.Option("--strategy", "-s", help="Class name of a strategy; repeatable.")
]
ConfigOption = Annotated[
    Path, typer.Option("--config", "-c", help="Session file, or the folder of backtest.json.")
]
SymbolOption = Annotated[
    list[str] | None, typer.Option("--symbol", "-p", help="E.g. ETHUSDT; repeatable [default: all].")
]
IntervalOption = Annotated[
    str, typer.Option("--interval", "-i", help="1m, 5m, 15m or 1h [default: the file's].")
]
TimerangeOption = Annotated[
    str, typer.Option(help="First and last UTC day, YYYYMMDD-YYYYMMDD; either may be left out.")
]
DataOption = Annotated[
    str, typer.Option(help="Folder of the data catalog [default: BOT_DATA_CATALOG or the file's].")
]
TrialsOption = Annotated[int, typer.Option(help="Parameter sets that are tried.")]
SeedOption = Annotated[int, typer.Option(help="The same seed gives the same result.")]


def load(
    path: Path,
    strategies: list[str],
    symbols: list[str] | None,
    interval: str,
    timerange: str,
    data_catalog: str,
) -> tuple[BotConfig, tuple[Subject, ...]]:
    """Return the narrowed configuration and what it gives to validate."""
    config = narrow(
        load_config(path),
        strategies=strategies,
        symbols=symbols or (),
        timeframe=interval,
        timerange=timerange,
        data_catalog=chosen_root(data_catalog),
    )
    return config, load_subjects(config, path if path.is_dir() else path.parent)
