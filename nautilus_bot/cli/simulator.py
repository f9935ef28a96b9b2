"""``nautilus-bot simulator``: run the simulated Bybit until it is told to stop."""

import asyncio
import contextlib
import os
import signal
import sys
import threading
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import typer

from adapters.bybit_simulator.config import BybitSimulatorConfig
from adapters.bybit_simulator.faults import load_scenario
from adapters.bybit_simulator.launch import start_simulator
from adapters.bybit_simulator.server import BybitSimulator
from nautilus_bot.cli.output import JsonFlag, emit
from nautilus_bot.core.errors import ConfigError


class SimulatorStarted(msgspec.Struct, frozen=True):
    """Where a simulator listens and what its clients and operators must show."""

    http_url: str
    ws_url: str
    api_key: str
    api_secret: str
    control_token: str
    symbols: tuple[str, ...]
    speed: float


def simulator(
    port: Annotated[
        int, typer.Option(min=0, max=65_535, help="Port on 127.0.0.1; 0 takes a free one.")
    ] = 18_080,
    speed: Annotated[float, typer.Option(help="Market seconds per wall second.")] = 1.0,
    scenario: Annotated[
        str | None, typer.Option(help="Fault scenario: a shipped name or a JSON file.")
    ] = None,
    symbols: Annotated[str, typer.Option(help="Symbols, separated by commas.")] = "BTCUSDT,ETHUSDT,SOLUSDT",
    state: Annotated[Path | None, typer.Option(help="SQLite file that keeps the account.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the synthetic market.")] = 1,
    wallet: Annotated[str, typer.Option(help="Cash of a new account, USDT.")] = "100000",
    prices: Annotated[
        Literal["synthetic", "relay"], typer.Option(help="Where prices come from.")
    ] = "synthetic",
    relay_ws: Annotated[str, typer.Option(help="Public stream to relay, ws(s)://host.")] = "",
    relay_http: Annotated[str, typer.Option(help="REST address to read history from.")] = "",
    until_eof: Annotated[
        bool, typer.Option("--until-eof", help="End when standard input is closed.", hidden=True)
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Run a local Bybit V5 exchange for linear USDT perpetuals."""
    config = BybitSimulatorConfig(
        port=port,
        speed=_positive(speed),
        scenario=scenario,
        symbols=tuple(word.strip().upper() for word in symbols.split(",") if word.strip()),
        state_path=None if state is None else str(state),
        seed=seed,
        wallet_usdt=_usdt(wallet),
        prices=prices,
        relay_ws_url=relay_ws,
        relay_http_url=relay_http,
    )
    if scenario is not None:
        load_scenario(scenario)
    asyncio.run(_run(config, as_json, until_eof))


async def _run(config: BybitSimulatorConfig, as_json: bool, until_eof: bool) -> None:
    running = await start_simulator(config)
    try:
        emit(_started(running), as_json, _render)
        await _until_told(running, until_eof)
    finally:
        await running.stop()


async def _until_told(running: BybitSimulator, until_eof: bool) -> None:
    """Return at SIGTERM, Ctrl-C, the end of the market, or that of the process which started this one."""
    told = asyncio.Event()
    if until_eof:
        _watch_input(asyncio.get_running_loop(), told)
    # Windows's loop has no signal handlers; there Ctrl-C raises KeyboardInterrupt, which also ends the run.
    if hasattr(signal, "SIGHUP"):
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, told.set)
    waiting = asyncio.create_task(told.wait())
    market = asyncio.create_task(running.wait())
    await asyncio.wait((waiting, market), return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if market.done():
        market.result()
    else:
        market.cancel()


def _watch_input(loop: asyncio.AbstractEventLoop, told: asyncio.Event) -> None:
    """
    Tell when standard input ends: the other end is held by the parent alone, and even a killed one lets go.

    A thread waits, since a pipe cannot be watched by the loop on every system.
    """

    def wait() -> None:
        # not through sys.stdin, whose lock this thread would still hold when the interpreter ends
        while os.read(sys.stdin.fileno(), 1):
            pass
        # the loop may have ended first; then nobody needs to be told
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(told.set)

    threading.Thread(target=wait, name="stdin", daemon=True).start()


def _started(running: BybitSimulator) -> SimulatorStarted:
    config = running.config
    return SimulatorStarted(
        http_url=running.http_url,
        ws_url=running.ws_url,
        api_key=config.api_key,
        api_secret=config.api_secret,
        control_token=running.control_token,
        symbols=config.symbols,
        speed=config.speed,
    )


def _render(started: SimulatorStarted) -> str:
    return (
        f"simulated Bybit on {started.http_url} and {started.ws_url}/v5 (public/linear, private, trade)\n"
        f"{', '.join(started.symbols)} at {started.speed:g} x real time; "
        f"key {started.api_key}, secret {started.api_secret}, control token {started.control_token}\n"
        "stop with Ctrl-C"
    )


def _positive(speed: float) -> float:
    if speed <= 0:
        raise ConfigError(f"--speed must be above zero, was {speed:g}")
    return speed


def _usdt(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation as e:
        raise ConfigError(f"--wallet must be an amount of USDT such as 100000, was {text!r}") from e
    if not value.is_finite() or value <= 0:
        raise ConfigError(f"--wallet must be above zero, was {text}")
    return value
