"""``nautilus-bot live``: trade on Bybit, once everything that guards real money says yes."""

from contextlib import nullcontext
from typing import Annotated

import typer

from monitoring.exporter import DEFAULT_PORT
from nautilus_bot.cli.backtest import CONFIG_FOLDER, ConfigOption
from nautilus_bot.cli.output import JsonFlag, note
from nautilus_bot.cli.service_options import (
    ControlPort,
    Duration,
    LogFileOption,
    MetricsPort,
    NameOption,
)
from nautilus_bot.cli.trading_service import ServiceOptions, trade_as_service
from nautilus_bot.config.bot import BotConfig
from nautilus_bot.config.loader import load_config
from nautilus_bot.core.control import DEFAULT_PORT as DEFAULT_CONTROL_PORT
from nautilus_bot.core.errors import ConfigError
from nautilus_bot.node.compose import live_capital_usdt, step_in_force
from nautilus_bot.node.venue import configured_venue

CONFIRMATION = "trade with real money"


def live(
    config: ConfigOption = CONFIG_FOLDER,
    confirm: Annotated[
        bool, typer.Option("--confirm-live", help="Confirm on the command line instead of typing it.")
    ] = False,
    duration: Duration = 0.0,
    metrics_port: MetricsPort = DEFAULT_PORT,
    control_port: ControlPort = DEFAULT_CONTROL_PORT,
    name: NameOption = "",
    log_file: LogFileOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Trade on the venue of bybit_x_config.json with keys from the environment."""
    bot = load_config(config)
    missing = what_is_missing(bot)
    if missing:
        raise ConfigError("live trading needs " + "; ".join(missing))
    venue = configured_venue(bot)
    step = step_in_force(bot)
    note(
        f"live on {venue.environment}: step {step.name!r}, capital {live_capital_usdt(bot):g} USDT, "
        f"symbols {', '.join(step.symbols) or 'all'}, strategies {', '.join(step.strategies) or 'all'}"
    )
    symbols = ", ".join(venue.symbols)
    note(f"leverage {venue.leverage} will be set at the venue for {symbols}; one-way mode, cross margin")
    if not confirm:
        _ask()
    options = ServiceOptions(
        name=name,
        duration=duration,
        metrics_port=metrics_port,
        control_port=control_port,
        log_file=log_file,
        as_json=as_json,
    )
    trade_as_service("live", bot, nullcontext(venue), options)


def what_is_missing(bot: BotConfig) -> list[str]:
    """Return what stands between this configuration and live trading, one clause each."""
    where = bot.files["venue"]
    missing = []
    if not bot.venue.live.enabled:
        missing.append(f'"live": {{"enabled": true}} in {where}')
    if not bot.venue.live.step:
        missing.append(f'a step in force ("live": {{"step": ...}}) in {where}')
    return missing


def _ask() -> None:
    try:
        typed = typer.prompt(f'Type "{CONFIRMATION}" to go on', err=True)
    except typer.Abort as e:
        raise ConfigError("live trading needs a confirmation: type it, or pass --confirm-live") from e
    if typed.strip() != CONFIRMATION:
        raise ConfigError(f'live trading needs the words "{CONFIRMATION}", typed {typed!r}')
