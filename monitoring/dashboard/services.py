"""Whether the services beside the bot answer: where it and ``up`` say they are, else at their usual ports."""

import http.client
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import msgspec

from monitoring.dashboard.bot_file import BotFile

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


class _Part(msgspec.Struct, frozen=True):
    name: str
    url: str = ""


class _UpFile(msgspec.Struct, frozen=True):
    parts: tuple[_Part, ...] = ()


SERVICES: Final = {
    "metrics": Service("Bot metrics", 8080, "/metrics"),
    "prometheus": Service("Prometheus", 9090, "/-/healthy"),
    "grafana": Service("Grafana", 3000, "/api/health"),
    "alertmanager": Service("Alertmanager", 9093, "/-/healthy"),
}
"""By the name that ``up`` gives them, on the ports on which they are shipped."""


def services_of(bot: BotFile | None, run_dir: Path) -> list[Service]:
    """Return the services beside a bot, and where they are to be asked."""
    urls = {part.name: part.url for part in _parts(run_dir / f"{bot.name}.up")} if bot is not None else {}
    if bot is not None and bot.metrics_url:
        urls["metrics"] = bot.metrics_url
    return [
        service._replace(port=urlsplit(urls.get(name, "")).port or service.port)
        for name, service in SERVICES.items()
    ]


def probe_all(services: list[Service]) -> list[Found]:
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


def _parts(path: Path) -> tuple[_Part, ...]:
    """Return what ``up`` runs; nothing where there is none, or its file cannot be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=_UpFile).parts
    except (OSError, msgspec.DecodeError):
        return ()
