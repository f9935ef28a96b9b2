"""The parts beside the bot in the order in which they start: one literal table."""

import os
import secrets
import shutil
import sys
from collections.abc import Callable
from importlib.util import find_spec
from typing import Final

from nautilus_bot.process.loopback import LOOPBACK
from nautilus_bot.process.up.part import LeftOut, Part, PartName, Plan
from nautilus_bot.process.up.prometheus import alertmanager_config, prometheus_config

RETENTION_VARIABLE: Final = "PROMETHEUS_RETENTION"
DEFAULT_RETENTION: Final = "200h"
PANEL_TOKEN_VARIABLE: Final = "BOT_PANEL_TOKEN"  # noqa: S105  the name of a variable, not a secret
TELEGRAM_TOKEN_VARIABLE: Final = "TELEGRAM_BOT_TOKEN"  # noqa: S105  likewise
TOKEN_BYTES: Final = 24
ALERTMANAGERS: Final = ("prometheus-alertmanager", "alertmanager")


def build_alertmanager(plan: Plan) -> Part | LeftOut:
    """Return Alertmanager, which groups alerts and shows them; Telegram is told by the bot's own part."""
    program = _find_alertmanager(plan)
    if program is None:
        return LeftOut("alertmanager", "it is not installed (apt-get install prometheus-alertmanager)")
    address = f"{LOOPBACK}:{plan.ports['alertmanager']}"
    config = plan.folder / "alertmanager.yml"
    config.write_text(alertmanager_config(), encoding="utf-8")
    return Part(
        name="alertmanager",
        command=(
            program,
            f"--config.file={config}",
            f"--storage.path={plan.folder / 'alertmanager'}",
            f"--web.listen-address={address}",
            "--cluster.listen-address=",
        ),
        url=f"http://{address}",
        ready_url=f"http://{address}/-/ready",
    )


def build_prometheus(plan: Plan) -> Part | LeftOut:
    """Return Prometheus, asking this bot, with the project's rules."""
    program = shutil.which("prometheus")
    if program is None:
        return LeftOut("prometheus", "it is not installed (apt-get install prometheus)")
    address = f"{LOOPBACK}:{plan.ports['prometheus']}"
    config = plan.folder / "prometheus.yml"
    alerts = plan.ports["alertmanager"] if _find_alertmanager(plan) else 0
    text = prometheus_config(plan.ports["metrics"], plan.ports["prometheus"], alerts, plan.scrape_secs)
    config.write_text(text, encoding="utf-8")
    return Part(
        name="prometheus",
        command=(
            program,
            f"--config.file={config}",
            f"--storage.tsdb.path={plan.folder / 'prometheus'}",
            f"--storage.tsdb.retention.time={os.environ.get(RETENTION_VARIABLE) or DEFAULT_RETENTION}",
            f"--web.listen-address={address}",
        ),
        url=f"http://{address}",
        ready_url=f"http://{address}/-/ready",
    )


def build_panel(plan: Plan) -> Part | LeftOut:
    """Return the control panel; its token goes through the environment, never over a command line."""
    if find_spec("streamlit") is None:
        return LeftOut("panel", "Streamlit is not installed (pip install 'nautilus-bot[dashboard]')")
    port = plan.ports["panel"]
    token = os.environ.get(PANEL_TOKEN_VARIABLE) or secrets.token_urlsafe(TOKEN_BYTES)
    words = ("--port", str(port), "--name", plan.name, "--config", str(plan.config_path), "--no-browser")
    return Part(
        name="panel",
        command=_own("dashboard", *words, "--", *plan.bot_words),
        url=f"http://{LOOPBACK}:{port}",
        secret=f"/?token={token}",
        ready_url=f"http://{LOOPBACK}:{port}/_stcore/health",
        environment={PANEL_TOKEN_VARIABLE: token},
        prints_secret=True,
    )


def build_telegram(plan: Plan) -> Part | LeftOut:
    """Return what tells the operator's phone and obeys it, when it is configured."""
    alerts = plan.config.alerts
    if not alerts.enabled:
        return LeftOut("telegram", f"it is not enabled in {plan.config.files['alerts']}", wanted=False)
    if not (alerts.telegram_chat_id and os.environ.get(TELEGRAM_TOKEN_VARIABLE)):
        return LeftOut("telegram", f"telegram_chat_id and {TELEGRAM_TOKEN_VARIABLE} must be set")
    return Part(
        name="telegram", command=_own("telegram", "--name", plan.name, "--config", str(plan.config_path))
    )


def build_watchdog(plan: Plan) -> Part | LeftOut:
    """Return what looks after the bot from outside."""
    return Part(name="watchdog", command=_own("watchdog", "--name", plan.name, "--policy", plan.policy))


PARTS: Final[tuple[tuple[PartName, Callable[[Plan], Part | LeftOut]], ...]] = (
    ("alertmanager", build_alertmanager),
    ("prometheus", build_prometheus),
    ("panel", build_panel),
    ("telegram", build_telegram),
    ("watchdog", build_watchdog),
)


def build_parts(plan: Plan) -> tuple[list[Part], list[LeftOut]]:
    """Return what can be started, and what is left out though nobody asked for that."""
    plan.folder.mkdir(parents=True, exist_ok=True)
    built = [build(plan) for name, build in PARTS if name not in plan.without]
    return [one for one in built if isinstance(one, Part)], [one for one in built if isinstance(one, LeftOut)]


def _find_alertmanager(plan: Plan) -> str | None:
    if "alertmanager" in plan.without:
        return None
    return next((path for name in ALERTMANAGERS if (path := shutil.which(name))), None)


def _own(*words: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "nautilus_bot.cli.main", *words)
