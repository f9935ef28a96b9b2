"""Ports of this machine alone: whether one is free, which one to take, who answers there."""

import errno
import http.client
import os
import secrets
import socket
from collections.abc import Collection
from typing import Final
from urllib.parse import urlsplit

LOOPBACK: Final = "127.0.0.1"
PORTS: Final = {
    "metrics": 8080,
    "control": 8787,
    "panel": 8501,
    "prometheus": 9090,
    "grafana": 3000,
    "alertmanager": 9093,
}
"""Where the bot and what stands beside it usually are."""
QUIET_PORTS: Final = range(20_000, 32_768)
"""Below those that Linux, macOS and Windows hand out by themselves: nobody gets one of these by chance."""
TRIES: Final = 100
PROBE_SECS: Final = 1.0
OK: Final = 200


def is_free(port: int) -> bool:
    """Return whether a server could listen on a port of loopback."""
    with socket.socket() as probe:
        if os.name != "nt":
            # as servers do: a connection that was closed a minute ago is in nobody's way
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            return error.errno != errno.EADDRINUSE
        return True


def take_port(wanted: int, taken: Collection[int] = ()) -> int:
    """
    Return the port that is wanted if it is free, else a free one.

    Whoever is told the port listens a good while later. So it is none that the system gives to the next
    connection or server that wants any.

    Parameters
    ----------
    wanted : int
        0 wants any.
    taken : Collection[int], default ()
        Ports that others will listen on, though nobody does yet.
    """
    chosen = (secrets.choice(QUIET_PORTS) for _ in range(TRIES))
    for port in (wanted, *chosen) if wanted else chosen:
        if port not in taken and is_free(port):
            return port
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def listens(port: int, timeout_secs: float = PROBE_SECS) -> bool:
    """Return whether anything takes connections on a port of loopback."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout_secs):
            return True
    except OSError:
        return False


def is_ready(url: str) -> bool:
    """Return whether a server answers a question after its health with yes."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=PROBE_SECS)
    try:
        connection.request("GET", address.path)
        return connection.getresponse().status == OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
