"""The project's configuration of Prometheus, with this machine's ports; and a small one of Alertmanager."""

import re
from pathlib import Path
from typing import Final

import monitoring
from nautilus_bot.process.loopback import LOOPBACK

MONITORING: Final = Path(monitoring.__path__[0])
BOT, ITSELF, ALERTMANAGER = (f"{LOOPBACK}:{port}" for port in (8080, 9090, 9093))
ALERTING: Final = re.compile(r"^alerting:\n(?:[ ].*\n)+\n?", re.MULTILINE)
INTERVAL: Final = "15s"


def prometheus_config(bot_port: int, own_port: int, alertmanager_port: int, scrape_secs: float) -> str:
    """
    Return ``monitoring/prometheus.yml`` for these ports.

    Parameters
    ----------
    bot_port, own_port : int
        Where the bot's metrics and Prometheus itself are.
    alertmanager_port : int
        0 leaves it out.
    scrape_secs : float
        How often it asks and judges its rules.
    """
    text = (MONITORING / "prometheus.yml").read_text(encoding="utf-8")
    if not alertmanager_port:
        text = ALERTING.sub("", text)
    changes = {
        INTERVAL: f"{round(scrape_secs * 1000)}ms",
        BOT: f"{LOOPBACK}:{bot_port}",
        ITSELF: f"{LOOPBACK}:{own_port}",
        ALERTMANAGER: f"{LOOPBACK}:{alertmanager_port}",
        "- rules/": f"- {MONITORING.as_posix()}/rules/",
    }
    # in one pass: a port that was put in is not to be taken for one to replace
    pattern = re.compile("|".join(re.escape(word) + r"(?!\d)" for word in changes))
    return pattern.sub(lambda found: changes[found[0]], text)


def alertmanager_config() -> str:
    """Return a configuration that shows alerts on Alertmanager's page and holds no secret."""
    return (MONITORING / "alertmanager_page.yml").read_text(encoding="utf-8")
