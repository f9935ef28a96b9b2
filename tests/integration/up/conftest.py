"""``nautilus-bot up`` as a user types it, and what the tests of Prometheus know about asking it."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from catalog.queries import EventQueries
from catalog.store import EventStore
from nautilus_bot.process.identity import descendants, is_alive, process_birth

ROOT = Path(__file__).parents[3]
STRATEGIES = 6
HANG_SECS = 200.0
NAME = "together"


SECRETS = {
    "BOT_CONTROL_TOKEN": "CTLw8Ne3Ua6Pi1Zk7Qs",
    "BOT_PANEL_TOKEN": "PANh4Fl8Ce1Rg6Tw",
    "TELEGRAM_BOT_TOKEN": "123456789:TELoQz7Vn3Bw5Xk1Rt8Md2Hs6Yp4Cf0Lj",
    "GRAFANA_PASSWORD": "GRFt5Jm9Ob2Xy4Dv",
}
TELEGRAM = {
    "BOT_ALERTS__ENABLED": "true",
    "BOT_ALERTS__TELEGRAM_CHAT_ID": "42",
    # nobody listens there: the part must wait and go on trying
    "BOT_ALERTS__TELEGRAM_API_URL": "http://127.0.0.1:1",
}


def load_neighbour(folder: str, name: str) -> ModuleType:
    """Return a module of other tests, which know how to ask Prometheus, and what a secret looks like."""
    path = ROOT / "tests/integration" / folder / f"{name}.py"
    spec = spec_from_file_location(f"{folder}_{name}_for_up", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


ASKING = load_neighbour("prometheus", "conftest")
PANELS = load_neighbour("prometheus", "test_panels")
SCANNER = load_neighbour("secrets", "scanner")


class Up:
    """One ``up`` in a folder of its own."""

    def __init__(self, folder: Path, *options: str, path: str = "") -> None:
        self.folder = folder
        faster = {f"BOT_STRATEGIES__STRATEGIES__{n}__TIMEFRAME": "5m" for n in range(STRATEGIES)}
        self.environment = (
            os.environ
            | faster
            | SECRETS
            | TELEGRAM
            | {
                "BOT_RUN_DIR": str(folder / "run"),
                "BOT_LOG_DIR": str(folder / "log"),
                "BOT_BACKTEST__EVENT_STORE_PATH": str(folder / "events"),
                "BOT_BACKTEST__REPORT_PATH": str(folder / "reports"),
            }
            | ({"PATH": path} if path else {})
        )
        words = (
            *("up", "--json", f"--name={NAME}", "--any-ports", f"--state={folder / 'exchange.sqlite'}"),
            *(f"--folder={folder / 'up'}", *options),
        )
        with (folder / "up.json").open("wb") as answer, (folder / "up.err").open("wb") as errors:
            self.process = subprocess.Popen(
                self.command(*words),
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=answer,
                stderr=errors,
            )
        self.birth = process_birth(self.process.pid)

    @staticmethod
    def command(*words: str) -> list[str]:
        return [sys.executable, "-m", "nautilus_bot.cli.main", *words]

    def call(self, *words: str, expect: int = 0) -> Any:
        """Run another command beside it."""
        done = subprocess.run(
            self.command(*words, "--json"),
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == expect, f"{words}: {done.returncode}: {done.stdout}{done.stderr}"
        return json.loads(done.stdout)

    def await_up(self) -> None:
        self.until("all is up", self._document)

    @property
    def parts(self) -> dict[str, dict[str, Any]]:
        """What it printed, by the name of the part."""
        return {line["name"]: line for line in self._document()["lines"]}

    @property
    def held(self) -> dict[str, dict[str, Any]]:
        """What its file says now."""
        document = json.loads((self.folder / "run" / f"{NAME}.up").read_text())
        return {part["name"]: part for part in document["parts"]}

    @property
    def bot_file(self) -> dict[str, Any]:
        return dict(json.loads((self.folder / "run" / f"{NAME}.json").read_text()))

    @property
    def notes(self) -> str:
        return (self.folder / "up.err").read_text()

    def metrics(self) -> str:
        url = self.parts["metrics"]["url"]
        with ASKING.urllib.request.urlopen(url, timeout=HANG_SECS) as answer:
            return str(answer.read().decode())

    def catalog(self) -> EventQueries:
        """Return questions about all runs of its bot; the name is that of the other tests' bot."""
        return EventQueries(EventStore(self.folder / "events"), "all")

    def entries(self) -> int:
        catalog = self.catalog()
        count = catalog.sql("SELECT count(*) FROM entries").rows[0][0]
        catalog.close()
        return int(count)

    def prometheus(self) -> Any:
        port = int(re.search(r":(\d+)$", self.parts["prometheus"]["url"])[1])  # type: ignore[index]
        return ASKING.PrometheusApi(port)

    def start_another(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end whatever that is."""
        return subprocess.run(
            self.command(*words),
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    def below(self) -> list[tuple[int, str]]:
        return descendants(self.process.pid)

    def until[T](self, what: str, look: Callable[[], T]) -> T:
        deadline = time.monotonic() + HANG_SECS
        while not (seen := look()):
            assert self.process.poll() is None, self.notes
            assert time.monotonic() < deadline, f"{what}: not seen in time\n{self.notes}"
            time.sleep(0.2)
        return seen

    def await_gone(self, processes: list[tuple[int, str]]) -> None:
        deadline = time.monotonic() + HANG_SECS
        while left := [pid for pid, birth in processes if is_alive(pid, birth)]:
            assert time.monotonic() < deadline, f"still there: {left}"
            time.sleep(0.1)

    def leaks(self) -> list[Any]:
        """Return the secrets in what it left; what it printed holds the panel's address on purpose."""
        scanner = SCANNER.Scanner(SECRETS)
        return list(scanner.scan_tree(self.folder, without=(self.folder / "up.json",)))

    def end(self) -> None:
        """End whatever the test left running."""
        below = self.below()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(HANG_SECS)
        self.await_gone(below)

    def _document(self) -> Any:
        text = (self.folder / "up.json").read_text()
        return json.loads(text) if text.rstrip().endswith("}") else None


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """Return a bot at speed with everything beside it."""
    for program in ("prometheus", "prometheus-alertmanager"):
        ASKING.require(program)
    running = Up(tmp_path_factory.mktemp("up"), "--speed=120", "--scrape=1", "--require")
    try:
        running.await_up()
        yield running
    finally:
        running.end()


@pytest.fixture
def start_up(tmp_path: Path) -> Iterator[Callable[..., Up]]:
    """Return how to start one of the test's own."""
    started: list[Up] = []

    def start(*options: str, path: str = "") -> Up:
        started.append(Up(tmp_path, *options, path=path))
        return started[-1]

    yield start
    for one in started:
        one.end()


@pytest.fixture
def panels() -> ModuleType:
    return PANELS


@pytest.fixture
def asking() -> ModuleType:
    return ASKING


@pytest.fixture
def secrets() -> dict[str, str]:
    return SECRETS
