"""Where the venue is reached: every address is set explicitly, since an unset one dials the real Bybit."""

from ipaddress import ip_address
from typing import Final, Literal
from urllib.parse import urlsplit

import msgspec
from nautilus_trader.core import nautilus_pyo3
from nautilus_trader.core.nautilus_pyo3 import BybitEnvironment, BybitProductType

from nautilus_bot.core.errors import ConfigError

type EnvironmentName = Literal["mainnet", "testnet", "demo", "simulated"]

ENVIRONMENTS: Final = {
    "mainnet": BybitEnvironment.MAINNET,
    "testnet": BybitEnvironment.TESTNET,
    "demo": BybitEnvironment.DEMO,
    "simulated": BybitEnvironment.MAINNET,
}


class BybitAddresses(msgspec.Struct, frozen=True, kw_only=True):
    """
    The four addresses that Nautilus's clients and pybit need, none of them empty.

    Parameters
    ----------
    rest_url : str
        Scheme, host and port, no trailing slash.
    ws_public_url : str
        Full path of the linear public stream.
    ws_private_url, ws_trade_url : str
        Full paths of the private stream and of order entry.
    """

    rest_url: str
    ws_public_url: str
    ws_private_url: str
    ws_trade_url: str


def simulated_addresses(http_url: str, ws_url: str) -> BybitAddresses:
    """
    Return the addresses of a simulated Bybit.

    Parameters
    ----------
    http_url, ws_url : str
        Scheme, host and port as the simulator tells them.
    """
    return check_addresses(
        "simulated",
        BybitAddresses(
            rest_url=http_url,
            ws_public_url=f"{ws_url}/v5/public/linear",
            ws_private_url=f"{ws_url}/v5/private",
            ws_trade_url=f"{ws_url}/v5/trade",
        ),
    )


def resolve_addresses(environment: EnvironmentName, **overrides: str) -> BybitAddresses:
    """
    Return the addresses of an environment, with those that are given replaced.

    Parameters
    ----------
    environment : EnvironmentName
        Simulated has no addresses of its own: all must be given.
    **overrides : str
        Fields of ``BybitAddresses``; empty ones count as not given.

    Raises
    ------
    ConfigError
        If an address is missing, malformed, or not on loopback in the simulated environment.
    """
    defaults = {} if environment == "simulated" else _defaults(ENVIRONMENTS[environment])
    known = defaults | {name: url for name, url in overrides.items() if url}
    missing = [name for name in BybitAddresses.__struct_fields__ if not known.get(name)]
    if missing:
        raise ConfigError(
            f"every address of the {environment} venue must be set, missing: {', '.join(missing)}; "
            "an unset address would dial the real Bybit"
        )
    return check_addresses(environment, BybitAddresses(**known))


def resolve_rest_url(environment: EnvironmentName, rest_url: str = "") -> str:
    """
    Return the one address that public history needs.

    Parameters
    ----------
    environment : EnvironmentName
        Simulated has no address of its own.
    rest_url : str, default ""
        Replaces that of the environment.

    Raises
    ------
    ConfigError
        If there is none, it is malformed, or not on loopback in the simulated environment.
    """
    if not rest_url and environment == "simulated":
        raise ConfigError(
            "the simulated venue has no address of its own: give --url http://127.0.0.1:PORT of a running "
            "`nautilus-bot simulator`, or --environment mainnet for Bybit's history (no keys needed)"
        )
    url = rest_url or _defaults(ENVIRONMENTS[environment])["rest_url"]
    _check_address(environment, "rest_url", url)
    return url.rstrip("/")


def check_addresses(environment: EnvironmentName, addresses: BybitAddresses) -> BybitAddresses:
    """
    Return the addresses if they may be used.

    Raises
    ------
    ConfigError
        If a scheme is wrong, or a simulated venue is not on loopback.
    """
    for name, url in msgspec.structs.asdict(addresses).items():
        _check_address(environment, name, url)
    return addresses


def _check_address(environment: EnvironmentName, name: str, url: str) -> None:
    parts = urlsplit(url)
    schemes = ("http", "https") if name == "rest_url" else ("ws", "wss")
    if parts.scheme not in schemes or not parts.hostname:
        raise ConfigError(f"{name} must be a full {' or '.join(schemes)} address, was {url!r}")
    if environment == "simulated" and not _is_loopback(parts.hostname):
        raise ConfigError(f"{name} of the simulated venue must be on loopback, was {url!r}")
    if environment != "simulated" and parts.scheme in ("http", "ws") and not _is_loopback(parts.hostname):
        raise ConfigError(f"{name} must be encrypted (https, wss), was {url!r}")


def _defaults(environment: BybitEnvironment) -> dict[str, str]:
    return {
        "rest_url": nautilus_pyo3.get_bybit_http_base_url(environment),
        "ws_public_url": nautilus_pyo3.get_bybit_ws_url_public(BybitProductType.LINEAR, environment),
        "ws_private_url": nautilus_pyo3.get_bybit_ws_url_private(environment),
        "ws_trade_url": nautilus_pyo3.get_bybit_ws_url_trade(environment),
    }


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
