"""Narrow a configuration to what the command line asks for."""

from collections.abc import Sequence

import msgspec

from nautilus_bot.config.bot import BotConfig
from nautilus_bot.config.strategies import StrategiesConfig
from nautilus_bot.config.timerange import parse_timerange
from nautilus_bot.core.errors import ConfigError, NotFound, did_you_mean
from strategies.table import STRATEGIES


def narrow(
    config: BotConfig,
    *,
    strategies: Sequence[str] = (),
    symbols: Sequence[str] = (),
    timeframe: str = "",
    timerange: str = "",
    data_catalog: str = "",
) -> BotConfig:
    """
    Return the configuration of a part of a session.

    Parameters
    ----------
    config : BotConfig
        The whole session.
    strategies : Sequence[str]
        Class names; a strategy that the files switch off runs when it is named. Empty for all enabled.
    symbols : Sequence[str]
        Symbols of the venue's file; empty for those of the session.
    timeframe : str
        Replaces that of every strategy; empty for that of the files.
    timerange : str
        ``YYYYMMDD-YYYYMMDD``, both days included; empty for that of the file.

    data_catalog : str
        Folder of the data catalog; empty for that of the file.

    Raises
    ------
    NotFound
        If a strategy or symbol does not exist.
    ConfigError
        If the timeframe or time range is wrong.
    """
    if strategies:
        config = _with_strategies(config, strategies)
    changes: dict[str, object] = {}
    if symbols:
        changes["symbols"] = tuple(dict.fromkeys(_symbol(name, config) for name in symbols))
    if timeframe:
        changes["timeframe"] = _timeframe(timeframe, config)
    if timerange:
        parse_timerange(timerange)
        changes["timerange"] = timerange
    if data_catalog:
        changes["data_catalog_path"] = data_catalog
    return msgspec.structs.replace(config, backtest=msgspec.structs.replace(config.backtest, **changes))


def _with_strategies(config: BotConfig, names: Sequence[str]) -> BotConfig:
    for name in names:
        if name not in STRATEGIES:
            raise NotFound(f"no strategy {name!r}; {did_you_mean(name, STRATEGIES)}")
    chosen = [
        msgspec.structs.replace(entry, enabled=True)
        for entry in config.strategies.strategies
        if entry.strategy in names
    ]
    listed = {entry.strategy for entry in chosen}
    if missing := [name for name in names if name not in listed]:
        raise NotFound(
            f"{config.files['strategies']}: a strategy that is to run must be listed, {missing[0]} is not"
        )
    return msgspec.structs.replace(config, strategies=StrategiesConfig(strategies=tuple(chosen)))


def _symbol(name: str, config: BotConfig) -> str:
    symbol = name.upper()
    if symbol not in config.venue.symbols:
        raise NotFound(
            f"{config.files['venue']}: no symbol {name!r}; {did_you_mean(symbol, config.venue.symbols)}"
        )
    return symbol


def _timeframe(name: str, config: BotConfig) -> str:
    if name not in config.venue.timeframes:
        raise ConfigError(
            f"{config.files['venue']}: no timeframe {name!r}; {did_you_mean(name, config.venue.timeframes)}"
        )
    return name
