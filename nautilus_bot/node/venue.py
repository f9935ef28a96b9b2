"""Which venue a session connects to: the one of the configuration, or a simulated Bybit of its own."""

import asyncio
import logging
import os
import secrets
import sys
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import msgspec

from adapters.bybit.addresses import resolve_addresses, simulated_addresses
from adapters.bybit.clients import BybitVenue
from nautilus_bot.config.bot import BotConfig
from nautilus_bot.core.errors import ConfigError, VenueError, VenueTimeout

LOG: Final = logging.getLogger("nautilus_bot.simulator")
CHUNK_BYTES: Final = 65_536
LINES_KEPT: Final = 50
"""The last words of a simulator that does not start."""

START_TIMEOUT_SECS = 30.0
STOP_TIMEOUT_SECS = 10.0
KEY_VARIABLE = "BYBIT_API_KEY"
SECRET_VARIABLE = "BYBIT_API_SECRET"  # noqa: S105  the name of a variable, not a secret


class SimulatorSettings(msgspec.Struct, frozen=True, kw_only=True):
    """
    How paper mode runs its own exchange.

    Parameters
    ----------
    state : str, default "var/paper/exchange.sqlite"
        File that keeps balances, orders and positions over restarts; empty keeps nothing.
    speed : float, default 1.0
        Market seconds per wall second.
    seed : int, default 1
        Seed of the synthetic market.
    wallet_usdt : str, default "10000"
        Cash of a new account.
    prices : str, default "synthetic"
        ``synthetic`` or ``relay`` (Bybit's public streams).
    relay_ws_url, relay_http_url : str
        Where prices are relayed from.
    port : int, default 0
        0 takes a free one.
    leverage : int, default 10
        Set for every symbol.
    """

    state: str = "var/paper/exchange.sqlite"
    speed: float = 1.0
    seed: int = 1
    wallet_usdt: str = "10000"
    prices: str = "synthetic"
    relay_ws_url: str = ""
    relay_http_url: str = ""
    port: int = 0
    leverage: int = 10


class _Announcement(msgspec.Struct, frozen=True):
    """The line that a simulator prints when it listens."""

    http_url: str
    ws_url: str
    api_key: str
    api_secret: str
    control_token: str


def configured_venue(config: BotConfig) -> BybitVenue:
    """
    Return the venue of ``bybit_x_config.json`` with keys from the environment.

    Raises
    ------
    ConfigError
        If an address or a key is missing.
    """
    venue = config.venue
    key, secret = os.environ.get(KEY_VARIABLE, ""), os.environ.get(SECRET_VARIABLE, "")
    missing = [name for name, value in ((KEY_VARIABLE, key), (SECRET_VARIABLE, secret)) if not value]
    if missing:
        raise ConfigError(f"keys must be set in the environment, missing: {', '.join(missing)}")
    addresses = resolve_addresses(venue.environment, **msgspec.structs.asdict(venue.addresses))
    return BybitVenue(
        venue.environment, addresses, key, secret, config.backtest.symbols, leverage=venue.leverage
    )


@asynccontextmanager
async def own_simulator(settings: SimulatorSettings, symbols: tuple[str, ...]) -> AsyncIterator[BybitVenue]:
    """
    Run a simulated Bybit as a process of its own for as long as the context lasts.

    Raises
    ------
    VenueError
        If it ends at once, e.g. since its port is in use.
    VenueTimeout
        If it does not listen in time.
    """
    account = account_of(settings)
    process = await asyncio.create_subprocess_exec(
        *_command(settings, symbols),
        # its other end is ours alone: the simulator ends with us, even when we are killed
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    complaints: deque[str] = deque(maxlen=LINES_KEPT)
    readers = [asyncio.create_task(_follow(process.stderr, logging.WARNING, complaints))]
    try:
        said = await _announcement(process, readers[0], complaints)
        assert process.stdout is not None
        readers.append(asyncio.create_task(_follow(process.stdout, logging.INFO, deque(maxlen=0))))
        yield BybitVenue(
            "simulated",
            simulated_addresses(said.http_url, said.ws_url),
            said.api_key,
            said.api_secret,
            symbols,
            leverage=settings.leverage,
            account=account,
        )
    finally:
        await _end(process)
        await asyncio.gather(*readers)


async def _follow(stream: asyncio.StreamReader, level: int, kept: deque[str]) -> None:
    """Log what the simulator says, line by line: a pipe that nobody empties would stop it."""
    rest = b""
    while chunk := await stream.read(CHUNK_BYTES):
        *lines, rest = (rest + chunk).split(b"\n")
        if len(rest) > CHUNK_BYTES:  # no line is that long: tell it in pieces
            lines, rest = [*lines, rest], b""
        for line in lines:
            _note(line, level, kept)
    _note(rest, level, kept)


def _note(line: bytes, level: int, kept: deque[str]) -> None:
    if text := line.decode(errors="replace").rstrip():
        kept.append(text)
        LOG.log(level, "%s", text)


def account_of(settings: SimulatorSettings) -> str:
    """
    Return what tells this exchange's account from others, before the exchange starts.

    A new account gets a name of its own beside its file: one that was deleted to begin anew must not inherit
    the ledgers and breakers of the old one.
    """
    name = secrets.token_hex(8)
    if not settings.state:
        return f"simulated {name}"
    state = Path(settings.state).resolve()
    named = state.with_name(f"{state.name}.account")
    if not (state.exists() and named.exists()):
        state.parent.mkdir(parents=True, exist_ok=True)
        named.write_text(name)
    return f"simulated {state.name} {named.read_text()}"


def _command(settings: SimulatorSettings, symbols: tuple[str, ...]) -> list[str]:
    command = [
        sys.executable,
        "-m",
        "nautilus_bot.cli.main",
        "simulator",
        "--json",
        "--until-eof",
        f"--port={settings.port}",
        f"--speed={settings.speed}",
        f"--seed={settings.seed}",
        f"--wallet={settings.wallet_usdt}",
        f"--prices={settings.prices}",
        f"--symbols={','.join(symbols)}",
    ]
    if settings.state:
        Path(settings.state).parent.mkdir(parents=True, exist_ok=True)
        command.append(f"--state={settings.state}")
    if settings.prices == "relay":
        command += [f"--relay-ws={settings.relay_ws_url}", f"--relay-http={settings.relay_http_url}"]
    return command


async def _announcement(
    process: asyncio.subprocess.Process, complaining: asyncio.Task[None], complaints: deque[str]
) -> _Announcement:
    assert process.stdout is not None
    try:
        async with asyncio.timeout(START_TIMEOUT_SECS):
            text = b""
            while line := await process.stdout.readline():
                text += line
                try:
                    return msgspec.json.decode(text, type=_Announcement)
                except msgspec.DecodeError:
                    continue
            await complaining
    except TimeoutError as e:
        raise VenueTimeout(f"the simulated Bybit must listen within {START_TIMEOUT_SECS:g} s") from e
    reason = "\n".join(complaints) or "no reason given"
    raise VenueError(f"the simulated Bybit must start, it ended: {reason}")


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), STOP_TIMEOUT_SECS)
    except TimeoutError:
        process.kill()
        await process.wait()
