"""A live bot with known keys, and a scan of all that it leaves behind or answers: no key is in any of it."""

import asyncio
import base64
import json
import os
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

from adapters.bybit_simulator.config import BybitSimulatorConfig
from adapters.bybit_simulator.launch import start_simulator
from nautilus_bot.control.routes import ROUTES
from nautilus_bot.process.identity import descendants

if sys.platform == "win32":
    pytest.skip("command lines of processes are read from /proc", allow_module_level=True)

spec = spec_from_file_location("secret_scanner", Path(__file__).with_name("scanner.py"))
assert spec is not None
assert spec.loader is not None
scanner = module_from_spec(spec)
spec.loader.exec_module(scanner)

ROOT = Path(__file__).parents[3]
NAME = "secrets"
HANG_SECS = 120.0
SECRETS = {
    "BYBIT_API_KEY": "KEYqvZ81mTnW4sLd",
    "BYBIT_API_SECRET": "SECpYb6Xr0HgK2uJcE9a",
    "TELEGRAM_BOT_TOKEN": "123456789:TELoQz7Vn3Bw5Xk1Rt8Md2Hs6Yp4Cf0Lj",
    "BOT_CONTROL_TOKEN": "CTLw8Ne3Ua6Pi1Zk7Qs/+x",
    "GRAFANA_PASSWORD": "GRFt5Jm9Ob2Xy4Dv",
    "BOT_PANEL_TOKEN": "PANh4Fl8Ce1Rg6Tw",
}
WRONG_SECRET = "WRGd7Sk2Ev9Mu5Bn3Zt"


class Live:
    """A live bot on a simulated exchange that asks for the keys."""

    def __init__(self, folder: Path, exchange: Any) -> None:
        self.folder = folder
        self.answers: dict[str, str] = {}
        ws = exchange.ws_url
        self.environment = (
            os.environ
            | SECRETS
            | {
                "BOT_RUN_DIR": str(folder / "run"),
                "BOT_LOG_DIR": str(folder / "log"),
                "BOT_BACKTEST__EVENT_STORE_PATH": str(folder / "events"),
                "BOT_EVENTS_ROOT": str(folder / "events"),
                "BOT_BACKTEST__REPORT_PATH": str(folder / "reports"),
                # nobody listens there: errors of a request are where a token in an address gets out
                "BOT_ALERTS__ENABLED": "true",
                "BOT_ALERTS__TELEGRAM_CHAT_ID": "42",
                "BOT_ALERTS__TELEGRAM_API_URL": "http://127.0.0.1:1",
                "BOT_VENUE__LIVE__ENABLED": "true",
                "BOT_VENUE__LIVE__STEP": "full",
                "BOT_VENUE__ADDRESSES__REST_URL": exchange.http_url,
                "BOT_VENUE__ADDRESSES__WS_PUBLIC_URL": f"{ws}/v5/public/linear",
                "BOT_VENUE__ADDRESSES__WS_PRIVATE_URL": f"{ws}/v5/private",
                "BOT_VENUE__ADDRESSES__WS_TRADE_URL": f"{ws}/v5/trade",
            }
        )

    def call(self, *words: str, expect: tuple[int, ...] = (0,), **changes: str) -> str:
        """Run a command; what it says is kept to be scanned, its error output too."""
        done = subprocess.run(
            [sys.executable, "-m", "nautilus_bot.cli.main", *words],
            cwd=ROOT,
            env=self.environment | changes,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        self.answers[f"nautilus-bot {' '.join(words)}"] = done.stdout + done.stderr
        assert done.returncode in expect, f"{words}: {done.returncode}: {done.stdout}{done.stderr}"
        return done.stdout

    def start_telegram(self) -> subprocess.Popen[bytes]:
        """Run what tells the operator, which cannot reach anybody."""
        with (self.folder / "telegram.err").open("wb") as errors:
            return subprocess.Popen(
                [sys.executable, "-m", "nautilus_bot.cli.main", "telegram", "--name", NAME],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=errors,
                stderr=errors,
            )

    def start(self, name: str, *, expect: int = 0, **changes: str) -> None:
        words = ("start", "live", "--name", name, "--confirm-live", "--control-port=0", "--metrics-port=0")
        self.call(*words, "--json", expect=(expect,), **changes)

    @property
    def run_path(self) -> Path:
        return self.folder / "run" / f"{NAME}.json"

    @property
    def run_file(self) -> dict[str, Any]:
        return dict(json.loads(self.run_path.read_text()))

    def ask(self, url: str, token: str = "") -> None:
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"} if token else {})
        try:
            with urllib.request.urlopen(request, timeout=HANG_SECS) as answer:
                self.answers[url] = f"{answer.headers}{answer.read().decode()}"
        except urllib.error.HTTPError as refused:
            self.answers[url] = f"{refused.headers}{refused.read().decode()}"

    def command_lines(self) -> Iterator[tuple[str, bytes]]:
        pid = self.run_file["pid"]
        for one in (pid, *(child for child, _ in descendants(pid))):
            yield f"command line of {one}", Path(f"/proc/{one}/cmdline").read_bytes()


def until(what: str, look: Callable[[], object]) -> None:
    deadline = time.monotonic() + HANG_SECS
    while not look():
        assert time.monotonic() < deadline, f"{what}: not seen in time"
        time.sleep(0.1)


@pytest.fixture
def exchange() -> Iterator[Any]:
    """Run a simulated Bybit with the known key in a thread."""
    config = BybitSimulatorConfig(
        api_key=SECRETS["BYBIT_API_KEY"], api_secret=SECRETS["BYBIT_API_SECRET"], speed=60
    )
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    running = asyncio.run_coroutine_threadsafe(start_simulator(config), loop).result(HANG_SECS)
    yield running
    asyncio.run_coroutine_threadsafe(running.stop(), loop).result(HANG_SECS)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture
def live(tmp_path: Path, exchange: Any) -> Iterator[Live]:
    running = Live(tmp_path, exchange)
    running.start(NAME)
    yield running
    running.call("force-stop", "--name", NAME, expect=(0, 3))


def test_no_key_is_in_anything_that_a_run_leaves_or_answers(live: Live) -> None:
    scan = scanner.Scanner(SECRETS | {"wrong secret": WRONG_SECRET})
    url, token = live.run_file["control_url"], live.run_file["token"]
    assert token == SECRETS["BOT_CONTROL_TOKEN"], "the known token is the one in use"
    until("metrics", lambda: live.run_file["metrics_url"])

    telegram = live.start_telegram()
    live.call("telegram", "--test", expect=(1, 4, 5))

    # every way to ask, with the token, without, and with a wrong one
    paths = ["/openapi.json", *(route.path for route in ROUTES if route.method == "GET")]
    for path in paths:
        live.ask(url + path, token)
    live.ask(f"{url}/v1/status?nothing")
    live.ask(f"{url}/v1/status?wrong", base64.b64encode(token.encode()).decode()[:8])
    live.ask(live.run_file["metrics_url"])
    for words in (
        ("inject-signals", "--scenario=qa6", "--json"),
        ("status", "--name", NAME, "--json"),
        ("status", "--name", NAME),
        ("logs", "--name", NAME, "--json"),
        ("config", "show", "--json"),
        ("doctor", "--mode=live", "--json"),
        ("control", "halt", "--reason=a test", "--name", NAME, "--json"),
    ):
        live.call(*words, expect=(0, 1))
    live.start("refused", expect=4, BYBIT_API_SECRET=WRONG_SECRET)
    assert "check BYBIT_API_KEY" in json.dumps(live.answers)

    telegram.terminate()
    assert telegram.wait(HANG_SECS) == 0
    found = [leak for where, data in live.command_lines() for leak in scan.scan(where, data)]
    # the run file of a living bot holds its token, for its owner only
    assert live.run_path.stat().st_mode & 0o077 == 0
    found += scan.scan_tree(live.folder, without=(live.run_path,))
    live.call("stop", "--name", NAME, "--json")
    for words in (
        ("events", "verify", "--json"),
        ("events", "tail", "--json"),
        ("events", "seal", f"--to={live.folder / 'sealed'}", "--json"),
    ):
        live.call(*words)
    found += scan.scan_tree(live.folder)
    for where, text in live.answers.items():
        found += scan.scan(where, text)

    files = [path for path in live.folder.rglob("*") if path.is_file()]
    print(
        f"{len(SECRETS) + 1} secrets, {len(files)} files, {len(live.answers)} answers, "
        f"{scan.places} places, {scan.bytes_seen / 1e6:.1f} MB: {len(found)} found"
    )
    assert found == []
    assert {path.suffix for path in files} >= {".log", ".out", ".json", ".sqlite", ".parquet", ".md"}
