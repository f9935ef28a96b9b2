"""The one loader: ``load_config(path) -> BotConfig``."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from nautilus_bot.config.alerts import AlertConfig
from nautilus_bot.config.backtest import BacktestConfig
from nautilus_bot.config.bot import BotConfig
from nautilus_bot.config.crosscheck import (
    check_live,
    check_rules,
    check_session,
    check_sizing,
    check_strategies,
    check_venue,
    with_all_parameters,
)
from nautilus_bot.config.files import load_file
from nautilus_bot.config.overrides import check_names
from nautilus_bot.config.risk import RiskConfig
from nautilus_bot.config.strategies import StrategiesConfig
from nautilus_bot.config.venue import VenueConfig

DEFAULT_FILE: Final = "backtest.json"


def load_config(path: Path | str, environ: Mapping[str, str] = os.environ) -> BotConfig:
    """
    Read a bot's configuration: a session file and the files it names.

    Parameters
    ----------
    path : Path | str
        A session file like ``configs/backtest.json``, or a folder that holds ``backtest.json``.
    environ : Mapping[str, str]
        Variables that replace values by name (``nautilus_bot.config.overrides``).

    Returns
    -------
    BotConfig
        With the defaults filled in and everything that one file says of another checked.

    Raises
    ------
    NotFound
        If a file is missing.
    ConfigError
        Naming file, JSON path, what must hold and what was found.
    """
    path = Path(path)
    path = path / DEFAULT_FILE if path.is_dir() else path
    check_names(environ)
    backtest, backtest_source = load_file(path, BacktestConfig, "BACKTEST", environ)
    folder = path.parent
    venue, venue_source = load_file(folder / backtest.venue_file, VenueConfig, "VENUE", environ)
    strategies, strategies_source = load_file(
        folder / backtest.strategies_file, StrategiesConfig, "STRATEGIES", environ
    )
    risk, risk_source = load_file(folder / backtest.risk_file, RiskConfig, "RISK", environ)
    alerts, alert_source = load_file(folder / backtest.alert_file, AlertConfig, "ALERTS", environ)

    check_venue(venue, venue_source)
    check_session(backtest, venue, backtest_source)
    check_strategies(strategies, venue, strategies_source)
    check_live(venue.live, venue, strategies, venue_source)
    check_sizing(risk.sizing, venue, strategies, risk_source)
    check_rules(risk, risk_source)
    return BotConfig(
        backtest=backtest,
        venue=venue,
        strategies=msgspec.structs.replace(
            strategies, strategies=tuple(with_all_parameters(entry) for entry in strategies.strategies)
        ),
        risk=risk,
        alerts=alerts,
        files={
            "backtest": backtest_source.file,
            "venue": venue_source.file,
            "strategies": strategies_source.file,
            "risk": risk_source.file,
            "alerts": alert_source.file,
        },
    )
