"""A running demo bot, and the real Prometheus that scrapes it every second."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from catalog.queries import EventQueries
from catalog.store import EventStore
from nautilus_bot.process.loopback import take_port

ROOT = Path(__file__).parents[3]
MONITORING = ROOT / "monitoring"
STRATEGIES = 6
WAIT_SECS = 200.0
STARTING = 503
"""What Prometheus answers until it has opened its data."""


def require(program: str) -> str:
    """Return the path of a program; skip without it, unless services are required."""
    found = shutil.which(program)
    if found is None:
        reason = f"{program} is not installed (apt-get install prometheus prometheus-alertmanager)"
        if os.environ.get("BOT_REQUIRE_SERVICES") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


def free_port() -> int:
    """Return a port that is still free when a server that has to be started first listens on it."""
    return take_port(0)


def wait_for(what: str, ready: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + WAIT_SECS
    while time.monotonic() < deadline:
        found = ready()
        if found:
            return found
        time.sleep(0.25)
    pytest.fail(f"{what} did not happen within {WAIT_SECS:g} s")


def launch(command: list[str], log: Path, **options: Any) -> subprocess.Popen[bytes]:
    with log.open("wb") as output:
        return subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, **options)


def stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=120)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Bot:
    """A paper session in a process of its own, on five-minute bars, much accelerated."""

    def __init__(self, folder: Path, metrics_port: int, sabotage: str = "") -> None:
        self.sabotage = sabotage
        self.folder = folder
        self.metrics_port = metrics_port
        self.log = folder / "bot.log"
        self.process = launch(self._command(), self.log, cwd=folder, env=os.environ | self._settings())

    def _command(self) -> list[str]:
        return [
            *(sys.executable, "-c", f"{self.sabotage}\nfrom nautilus_bot.cli.main import run\nrun()"),
            *("paper", "--json", "--speed=120"),
            *(f"--config={ROOT / 'configs'}", f"--state={self.folder / 'exchange.sqlite'}"),
            *(
                f"--metrics-port={self.metrics_port}",
                "--control-port=0",
                f"--name=metrics-{self.metrics_port}",
            ),
        ]

    def _settings(self) -> dict[str, str]:
        faster = {f"BOT_STRATEGIES__STRATEGIES__{n}__TIMEFRAME": "5m" for n in range(STRATEGIES)}
        return faster | {
            "BOT_BACKTEST__EVENT_STORE_PATH": str(self.folder / "events"),
            "PYTHONPATH": str(ROOT),
        }

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.metrics_port}/metrics"

    @property
    def is_running(self) -> bool:
        return self.process.poll() is None

    def metrics(self) -> str:
        """Return what the exporter says; empty while it does not answer."""
        assert self.is_running, self.log.read_text(errors="replace")[-2_000:]
        try:
            with urllib.request.urlopen(self.url, timeout=30) as answer:
                return str(answer.read().decode())
        except OSError:
            return ""

    def catalog(self) -> EventQueries:
        """Return questions about all runs of this bot."""
        return EventQueries(EventStore(self.folder / "events"), "all")


class PrometheusApi:
    """Questions to a Prometheus that runs."""

    def __init__(self, port: int) -> None:
        self.port = port

    def query(self, expr: str) -> list[dict[str, Any]]:
        """Return the series of an instant query; an error of Prometheus fails the test."""
        url = f"http://127.0.0.1:{self.port}/api/v1/query?" + urllib.parse.urlencode({"query": expr})
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:
                document = json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code == STARTING:
                return []
            pytest.fail(f"{expr}: {error.read().decode()}")
        except OSError:
            return []
        assert document["status"] == "success", document
        result: list[dict[str, Any]] = document["data"]["result"]
        return result

    def value(self, expr: str) -> float:
        """Return the one number that a query answers; 0 for none."""
        found = self.query(expr)
        return float(found[0]["value"][1]) if found else 0.0


class Prometheus(PrometheusApi):
    """The real server with the project's configuration, except for ports and pace."""

    def __init__(self, folder: Path, bot_port: int, alertmanager_port: int = 0) -> None:
        super().__init__(free_port())
        self.folder = folder
        text = (MONITORING / "prometheus.yml").read_text()
        text = text.replace("15s", "1s").replace("127.0.0.1:8080", f"127.0.0.1:{bot_port}")
        text = text.replace("127.0.0.1:9090", f"127.0.0.1:{self.port}")
        text = text.replace("127.0.0.1:9093", f"127.0.0.1:{alertmanager_port or free_port()}")
        (folder / "rules").mkdir()
        for rules in ("recording.yml", "alerts.yml"):
            # a minute of patience is for an operator's night, not for a test
            patient = (MONITORING / "rules" / rules).read_text()
            (folder / "rules" / rules).write_text(patient.replace("for: 1m", "for: 1s"))
        (folder / "prometheus.yml").write_text(text)
        command = [
            require("prometheus"),
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{self.port}",
        ]
        self.process = launch(command, folder / "prometheus.log")


def dashboards() -> dict[str, dict[str, Any]]:
    """Return the checked-in dashboards by file name."""
    return {
        path.name: json.loads(path.read_text())
        for path in sorted((MONITORING / "grafana/dashboards").glob("*.json"))
    }


def as_asked_by_grafana(expr: str) -> str:
    """Return a panel's query with its variables filled in, as Grafana sends it."""
    values = {"portfolio": "paper", "strategy": ".*", "symbol": ".*", "__rate_interval": "1m"}
    return re.sub(r"\$(\w+)", lambda found: values[found.group(1)], expr)


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bot]:
    require("prometheus")
    running = Bot(tmp_path_factory.mktemp("bot"), free_port())
    try:
        wait_for("metrics of the bot", running.metrics)
        yield running
    finally:
        stop(running.process)


@pytest.fixture
def start_bot() -> Iterator[Callable[..., Bot]]:
    """Return how to start a bot of the test's own, maybe with broken parts; it is stopped at the end."""
    started: list[Bot] = []

    def start(folder: Path, metrics_port: int, sabotage: str = "") -> Bot:
        started.append(Bot(folder, metrics_port, sabotage))
        return started[-1]

    yield start
    for one in started:
        stop(one.process)


@pytest.fixture(name="stop")
def _stop() -> Callable[[subprocess.Popen[bytes]], None]:
    return stop


@pytest.fixture(name="wait_for")
def _wait_for() -> Callable[[str, Callable[[], Any]], Any]:
    return wait_for


@pytest.fixture(name="free_port")
def _free_port() -> Callable[[], int]:
    return free_port


@pytest.fixture
def start_prometheus(tmp_path: Path) -> Iterator[Callable[[int, int], Prometheus]]:
    """Return how to start a server that scrapes one port and alerts another."""
    started: list[Prometheus] = []

    def start(bot_port: int, alertmanager_port: int) -> Prometheus:
        folder = tmp_path / "prometheus"
        folder.mkdir()
        started.append(Prometheus(folder, bot_port, alertmanager_port))
        return started[-1]

    yield start
    for one in started:
        stop(one.process)


@pytest.fixture
def start_alertmanager(tmp_path: Path) -> Iterator[Callable[[str], int]]:
    """Return how to start Alertmanager with a configuration; it answers with its port."""
    started: list[subprocess.Popen[bytes]] = []

    def start(config: str) -> int:
        port = free_port()
        (tmp_path / "alertmanager.yml").write_text(config)
        command = [
            require("prometheus-alertmanager"),
            f"--config.file={tmp_path / 'alertmanager.yml'}",
            f"--storage.path={tmp_path / 'alertmanager'}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--cluster.listen-address=",
        ]
        started.append(launch(command, tmp_path / "alertmanager.log"))
        return port

    yield start
    for process in started:
        stop(process)


@pytest.fixture(scope="module")
def prometheus(bot: Bot, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    server = Prometheus(tmp_path_factory.mktemp("prometheus"), bot.metrics_port)
    try:
        wait_for(
            "a closed trade in Prometheus", lambda: server.value("sum(portfolio:trades_closed:sum)") >= 1
        )
        wait_for("rates over a minute", lambda: server.query("rate(process_cpu_seconds_total[1m])"))
        yield server
    finally:
        stop(server.process)


@pytest.fixture(name="require")
def _require() -> Callable[[str], str]:
    return require


@pytest.fixture(name="monitoring")
def _monitoring() -> Path:
    return MONITORING


@pytest.fixture(name="dashboards")
def _dashboards() -> dict[str, dict[str, Any]]:
    return dashboards()


@pytest.fixture
def filled_in() -> Callable[[str], str]:
    return as_asked_by_grafana


@pytest.fixture
def alertmanager_config() -> Callable[[str], str]:
    """Return the shipped configuration with a chat, a token and another address of the Bot API."""

    def render(api_url: str) -> str:
        text = (MONITORING / "alertmanager.yml").read_text().replace("${TELEGRAM_CHAT_ID}", "42")
        # Debian's 0.25 does not know token files yet
        token = "bot_token: test-token\n        api_url: " + api_url
        return text.replace("bot_token_file: /run/secrets/telegram_bot_token", token)

    return render
