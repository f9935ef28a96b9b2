"""Whether the services beside the bot answer, on the ports on which they are shipped."""

import http.client
from concurrent.futures import ThreadPoolExecutor
from typing import Final, NamedTuple

HOST: Final = "127.0.0.1"
PROBE_SECS: Final = 0.5


class Service(NamedTuple):
    """A service of this machine, and the path that says whether it is well."""

    name: str
    port: int
    path: str


class Found(NamedTuple):
    """How a service was found."""

    service: Service
    up: bool
    text: str


SERVICES: Final = (
    Service("Bot metrics", 8080, "/metrics"),
    Service("Prometheus", 9090, "/-/healthy"),
    Service("Grafana", 3000, "/api/health"),
    Service("Alertmanager", 9093, "/-/healthy"),
)


def probe_all(services: tuple[Service, ...] = SERVICES) -> list[Found]:
    """Ask all services at once; none of them can hold up the page for long."""
    with ThreadPoolExecutor(max_workers=max(1, len(services))) as pool:
        return list(pool.map(probe, services))


def probe(service: Service) -> Found:
    """Ask one service."""
    connection = http.client.HTTPConnection(HOST, service.port, timeout=PROBE_SECS)
    try:
        connection.request("GET", service.path)
        status = connection.getresponse().status
    except ConnectionRefusedError:
        return Found(service, False, "nothing listens")
    except TimeoutError:
        return Found(service, False, f"no answer within {PROBE_SECS:g} s")
    except (OSError, http.client.HTTPException) as e:
        return Found(service, False, str(e) or type(e).__name__)
    finally:
        connection.close()
    return Found(service, status == http.client.OK, f"answers {status}")
