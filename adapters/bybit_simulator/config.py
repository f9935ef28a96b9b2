"""Configuration of the simulated exchange."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Literal

import msgspec

# The simulator never listens anywhere else: it has no TLS and its keys are published here.
HOST = "127.0.0.1"


class BybitSimulatorConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    Configuration of ``BybitSimulator``.

    Parameters
    ----------
    port : int, default 0
        TCP port on loopback; 0 takes a free one, which ``BybitSimulator.port`` then tells.
    api_key, api_secret : str
        The only credentials; worth nothing outside the simulator.
    control_token : str, default ""
        Token of ``/control``; drawn at random when empty.
    symbols : tuple[str, ...]
        Listed linear perpetuals.
    wallet_usdt : Decimal, default 100000
        Cash of a new account, USDT.
    prices : "synthetic" | "relay" | "none", default "synthetic"
        Where prices come from; with ``none`` the caller publishes ticks itself.
    relay_ws_url, relay_http_url : str
        Public stream and REST address that prices are relayed from.
    speed : float, default 1
        Market seconds per wall second.
    market_start_ms : int, optional
        Market time of the first live tick, ms UTC; by default now, or a fixed day when accelerated, so that
        the market clock never runs ahead of the wall clock.
    history_bars : int, default 2000
        Minute bars that exist before the start.
    seed : int, default 1
        Seed of the synthetic market and of jitter.
    state_path : str, optional
        SQLite file that keeps the account over restarts; the account lives in memory when absent.
    scenario : str, optional
        Name or path of a fault scenario to play from the start.
    rate_limits : Mapping[str, int]
        Requests per second by path that differ from Bybit's.
    rate_limit_scale : float, optional
        Factor on all limits; by default the speed, because an accelerated market makes the same orders
        in less wall time.
    funding_executions : bool, default True
        Whether a funding settlement is also listed and pushed as an execution, as Bybit does. Nautilus's own
        client takes it for a fill, ours does not: without it for clients that must not meet it.
    """

    port: Annotated[int, msgspec.Meta(ge=0, le=65_535)] = 0
    api_key: str = "SIMULATED"
    api_secret: str = "SIMULATED"  # noqa: S105  a published secret of a loopback server
    control_token: str = ""
    symbols: tuple[str, ...] = ("BTCUSDT", "ETHUSDT", "SOLUSDT")
    wallet_usdt: Decimal = Decimal(100_000)
    prices: Literal["synthetic", "relay", "none"] = "synthetic"
    relay_ws_url: str = ""
    relay_http_url: str = ""
    speed: Annotated[float, msgspec.Meta(gt=0)] = 1.0
    market_start_ms: int | None = None
    history_bars: Annotated[int, msgspec.Meta(ge=0)] = 2_000
    seed: Annotated[int, msgspec.Meta(ge=0)] = 1
    state_path: str | None = None
    scenario: str | None = None
    rate_limits: Mapping[str, int] = {}
    rate_limit_scale: float | None = None
    funding_executions: bool = True
