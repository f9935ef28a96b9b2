"""``nautilus-bot paper``: trade on a simulated Bybit that the bot starts itself."""

import asyncio
from pathlib import Path
from typing import Annotated, Literal

import typer

from monitoring.exporter import DEFAULT_PORT
from nautilus_bot.cli.output import JsonFlag, emit
from nautilus_bot.cli.service_options import ControlPort, LogFileOption, NameOption, open_service
from nautilus_bot.config.loader import load_config
from nautilus_bot.core.control import DEFAULT_PORT as DEFAULT_CONTROL_PORT
from nautilus_bot.node.metrics import metrics_beside
from nautilus_bot.node.session import SessionEnd, TradingSession, run_until_stopped
from nautilus_bot.node.venue import SimulatorSettings, own_simulator

ConfigOption = Annotated[Path, typer.Option("-c", "--config", help="backtest.json or its folder.")]
MetricsPort = Annotated[
    int, typer.Option(min=-1, max=65535, help="Port of the metrics on 127.0.0.1; 0 any free one, -1 none.")
]


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
    duration: Annotated[float, typer.Option(min=0, help="Stop after so many seconds; 0 never.")] = 0.0,
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
    current: list[TradingSession] = []

    async def work() -> SessionEnd:
        async with own_simulator(settings, bot.backtest.symbols) as venue:
            service.hide(venue.api_key, venue.api_secret)
            companions = (*service.companions, *metrics_beside(metrics_port, service.serves_metrics))
            # Nautilus writes its log to standard output, which holds one document then
            log_level = "OFF" if as_json else "WARNING"
            session = TradingSession(bot, "paper", venue, companions, log_level=log_level)
            current.append(session)
            if duration:
                asyncio.get_running_loop().call_later(duration, session.stop, "the time is up")
            return await session.trade()

    with open_service("paper", name, control_port, log_file) as service:
        end = run_until_stopped(work, lambda: current[0] if current else None)
        service.ended(end)
    emit(end, as_json, render_end)


def render_end(end: SessionEnd) -> str:
    """Return the last lines of a session."""
    return (
        f"run {end.run_id} ended: {end.reason}; {end.entries} entries; "
        f"started in {end.start_secs:.1f} s, stopped in {end.stop_secs:.1f} s\n"
        f"see it: nautilus-bot events tail --run {end.run_id}"
    )
