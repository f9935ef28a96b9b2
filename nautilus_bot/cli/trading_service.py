"""A trading session as a service: ``paper`` and ``live`` from the command line to its end."""

import asyncio
import sys
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from adapters.bybit.clients import BybitVenue
from nautilus_bot.cli.output import emit
from nautilus_bot.config.bot import BotConfig
from nautilus_bot.node.metrics import metrics_beside
from nautilus_bot.node.session import Companion, SessionEnd, TradingSession, run_until_stopped
from nautilus_bot.process.service import Service


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceOptions:
    """How a session is reached and how it ends, from the command line."""

    name: str
    duration: float
    metrics_port: int
    control_port: int
    log_file: Path | None
    as_json: bool


def trade_as_service(
    mode: Literal["paper", "live"],
    bot: BotConfig,
    opened: AbstractAsyncContextManager[BybitVenue],
    options: ServiceOptions,
) -> None:
    """Trade on a venue until told to stop, under the options' name, and print how it ended."""
    current: list[TradingSession] = []

    async def work() -> SessionEnd:
        async with opened as venue:
            service.hide(venue.api_key, venue.api_secret)
            metrics = metrics_beside(options.metrics_port, service.serves_metrics)
            # Nautilus writes its log to standard output, which holds one document then
            log_level = "OFF" if options.as_json else "WARNING"
            ending = (stop_after(options.duration),) if options.duration else ()
            companions = (*service.companions, *metrics, *ending)
            session = TradingSession(bot, mode, venue, companions, log_level=log_level)
            current.append(session)
            return await session.trade()

    with _open_service(mode, options) as service:
        end = run_until_stopped(work, lambda: current[0] if current else None)
        service.ended(end)
    emit(end, options.as_json, _render_end)


def stop_after(secs: float, reason: str = "the time is up") -> Companion:
    """Return what ends a session so many seconds after it began to trade; a slow start takes nothing away."""

    async def stop(session: TradingSession) -> None:
        await asyncio.sleep(secs)
        session.stop(reason)

    return stop


def _render_end(end: SessionEnd) -> str:
    return (
        f"run {end.run_id} ended: {end.reason}; {end.entries} entries; "
        f"started in {end.start_secs:.1f} s, stopped in {end.stop_secs:.1f} s\n"
        f"see it: nautilus-bot events tail --run {end.run_id}"
    )


def _open_service(mode: str, options: ServiceOptions) -> Service:
    """Return the service of this process, to be entered; it remembers the words it was started with."""
    words = sys.argv[1:]
    arguments = tuple(_without_own(words[words.index(mode) + 1 :])) if mode in words else ()
    return Service(
        options.name or mode, mode, options.control_port, log=options.log_file, arguments=arguments
    )


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
