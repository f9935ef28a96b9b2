"""The programs beside the bot: whether they are installed, and whether they answer."""

import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Final, NamedTuple

from nautilus_bot.process.doctor.finding import Said, ok, warn
from nautilus_bot.process.doctor.surroundings import Surroundings
from nautilus_bot.process.loopback import LOOPBACK, is_ready


class Service(NamedTuple):
    """
    A program beside the bot.

    Parameters
    ----------
    name : str
        Also that of its port.
    programs : tuple[str, ...]
        What its executable may be called; empty for a part of this package.
    ready_path : str
        Answers 200 when it is well; empty for a program without a port.
    what_for : str
        What is missing without it.
    install : str
        How to get it.
    """

    name: str
    programs: tuple[str, ...]
    ready_path: str
    what_for: str
    install: str


SERVICES: Final = (
    Service(
        "prometheus", ("prometheus",), "/-/ready", "metrics over time, alerts", "apt-get install prometheus"
    ),
    Service(
        "alertmanager",
        ("prometheus-alertmanager", "alertmanager"),
        "/-/ready",
        "alerts that are grouped and sent",
        "apt-get install prometheus-alertmanager",
    ),
    Service(
        "grafana",
        ("grafana-server", "grafana"),
        "/api/health",
        "dashboards",
        "docker compose -f monitoring/docker-compose.yml up -d, or Grafana's package",
    ),
    Service("panel", (), "/_stcore/health", "control panel", "pip install 'nautilus-bot[dashboard]'"),
    Service(
        "chromium",
        ("chromium", "chromium-browser", "google-chrome"),
        "",
        "tests of the panel",
        "apt-get install chromium chromium-driver (only for tests)",
    ),
)


def check_services(around: Surroundings) -> Iterator[Said]:
    """Say of each program where it is and whether it answers; the bot trades without all of them."""
    for service in SERVICES:
        place = _place(service)
        port = around.ports.get(service.name, 0)
        ready = port > 0 and is_ready(f"http://{LOOPBACK}:{port}{service.ready_path}")
        answers = f"answers on port {port}" if ready else "does not run"
        if place:
            yield ok(f"{service.name}: {place}" + (f", {answers}" if service.ready_path else ""))
        elif ready:
            yield ok(f"{service.name}: {answers} (not installed here, maybe a container)")
        else:
            yield warn(f"{service.name} is not installed: no {service.what_for}", service.install)


def _place(service: Service) -> str:
    if not service.programs:
        return "streamlit" if find_spec("streamlit") else ""
    return next((path for name in service.programs if (path := shutil.which(name))), "")
