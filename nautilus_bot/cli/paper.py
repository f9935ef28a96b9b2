"""``nautilus-bot paper``: trade on a simulated Bybit that the bot starts itself."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from monitoring.exporter import DEFAULT_PORT
from nautilus_bot.cli.output import JsonFlag
from nautilus_bot.cli.service_options import (
    ControlPort,
    Duration,
    LogFileOption,
    MetricsPort,
    NameOption,
)
from nautilus_bot.cli.trading_service import ServiceOptions, trade_as_service
from nautilus_bot.config.loader import load_config
from nautilus_bot.core.control import DEFAULT_PORT as DEFAULT_CONTROL_PORT
from nautilus_bot.node.venue import SimulatorSettings, own_simulator

ConfigOption = Annotated[Path, typer.Option("-c", "--config", help="backtest.json or its folder.")]


def paper(
    config: ConfigOption = Path("configs/backtest.json"),
    speed: Annotated[float, typer.Option(min=0.1, help="Market seconds per wall second.")] = 1.0,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the synthetic market.")] = 1,
    prices: Annotated[
        Literal["synthetic", "relay"], typer.Option(help="Where prices come from.")
    ] = "synthetic",
    relay_ws: Annotated[str, typer.Option(help="Public stream to relay, ws(s)://host.")] = "",
    relay_http: Annotated[str, typer.Option(help="REST address to read history from.")] = "",
    state: Annotated[Path, typer.Option(help="File that keeps the account over restarts.")] = Path(
        "var/paper/exchange.sqlite"
    ),
    duration: Duration = 0.0,
    metrics_port: MetricsPort = DEFAULT_PORT,
    control_port: ControlPort = DEFAULT_CONTROL_PORT,
    name: NameOption = "",
    log_file: LogFileOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Trade on the simulated Bybit with the real execution client, until told to stop."""
    bot = load_config(config)
    settings = SimulatorSettings(
        state=str(state),
        speed=speed,
        seed=seed,
        wallet_usdt=str(bot.backtest.capital_usdt),
        prices=prices,
        relay_ws_url=relay_ws,
        relay_http_url=relay_http,
        leverage=bot.venue.leverage,
    )
    options = ServiceOptions(
        name=name,
        duration=duration,
        metrics_port=metrics_port,
        control_port=control_port,
        log_file=log_file,
        as_json=as_json,
    )
    trade_as_service("paper", bot, own_simulator(settings, bot.backtest.symbols), options)
