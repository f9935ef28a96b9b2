"""What the checks look at: configuration, environment, ports, and the venue, which is asked once for all."""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final, Literal

import msgspec

from adapters.bybit.addresses import resolve_rest_url
from adapters.bybit.rest import BybitRest
from nautilus_bot.config.bot import BotConfig
from nautilus_bot.core.errors import BotError
from nautilus_bot.process.doctor.deadline import within
from nautilus_bot.process.loopback import PORTS

ASK_SECS: Final = 5.0
NS_PER_MS: Final = 1_000_000


class VenueAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """
    What the venue said when it was asked for the time.

    Parameters
    ----------
    url : str
        Who was asked; empty when there is nobody to ask.
    error : str
        Why there is no answer; empty when there is one.
    ahead_ms : float
        How far this machine's clock is before the venue's; negative when behind.
    round_trip_ms : float
        How long the answer took: half of it is how wrong ``ahead_ms`` may be.
    """

    url: str = ""
    error: str = ""
    ahead_ms: float = 0.0
    round_trip_ms: float = 0.0


@dataclass(frozen=True)
class Surroundings:
    """
    Where a bot is to run.

    Parameters
    ----------
    mode : {"paper", "live"}
        What it is to do.
    config : BotConfig | None
        None when it is not valid; then ``config_error`` says why.
    config_error : str, default ""
        Names file, place, what must hold and what was found.
    config_path : Path
        Where the configuration was looked for.
    environ : Mapping[str, str]
        The environment.
    ports : Mapping[str, int]
        Ports by the names of ``PORTS``.
    ask_secs : float, default 5
        Longest wait for any one answer from outside.
    """

    mode: Literal["paper", "live"] = "paper"
    config: BotConfig | None = None
    config_error: str = ""
    config_path: Path = Path("configs")
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    ports: Mapping[str, int] = field(default_factory=lambda: PORTS)
    ask_secs: float = ASK_SECS

    @cached_property
    def venue(self) -> VenueAnswer:
        """Return what the venue of the configuration says; asked at the first look."""
        if self.config is None:
            return VenueAnswer()
        venue = self.config.venue
        if venue.environment == "simulated" and not venue.addresses.rest_url:
            return VenueAnswer()
        url = resolve_rest_url(venue.environment, venue.addresses.rest_url)
        try:
            return within(self.ask_secs, url, lambda: self._ask_for_time(url))
        except BotError as error:
            return VenueAnswer(url=url, error=str(error))

    def _ask_for_time(self, url: str) -> VenueAnswer:
        rest = BybitRest.public(url, timeout_secs=max(1, int(self.ask_secs)))
        try:
            rest.server_time_ns()  # opens the connection, so that the next answer is a quick one
            asked_ns = time.time_ns()
            theirs_ns = rest.server_time_ns()
            answered_ns = time.time_ns()
        finally:
            rest.close()
        ours_ns = (asked_ns + answered_ns) / 2
        return VenueAnswer(
            url=url,
            ahead_ms=(ours_ns - theirs_ns) / NS_PER_MS,
            round_trip_ms=(answered_ns - asked_ns) / NS_PER_MS,
        )
