"""The real control panel in a real headless Chromium, over a real paper bot."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException, WebDriverException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from catalog.queries import EventQueries
from catalog.store import EventStore
from nautilus_bot.control.client import ControlClient
from nautilus_bot.process.pidfile import RunFile

ROOT = Path(__file__).parents[3]
CHROMIUM, DRIVER = "/usr/bin/chromium", "/usr/bin/chromedriver"
NAME = "panel-test"
TOKEN = "a-token-of-the-test"
WAIT_SECS = 150.0
STRATEGIES = 6
FORBIDDEN = '[data-testid="stException"], [data-testid="stAlert"], .stException'
"""What Streamlit shows for an error that nobody caught."""
STARTED_QUICKLY = ("--control-port", "0", "--metrics-port", "0", "--speed", "60")


def require(path: str) -> None:
    """Skip without a program, unless services are required."""
    if not Path(path).exists():
        reason = f"{path} is not installed (apt-get install chromium chromium-driver)"
        if os.environ.get("BOT_REQUIRE_SERVICES") == "1":
            pytest.fail(reason)
        pytest.skip(reason)


def wait_for[T](what: str, ready: Callable[[], T]) -> T:
    """Wait until something is true; the limit only guards against hanging."""
    deadline = time.monotonic() + WAIT_SECS
    trouble = ""
    while time.monotonic() < deadline:
        try:
            found = ready()
        except WebDriverException as error:
            # the page replaced what was looked at; chromedriver has several names for that
            trouble = f"; the browser said last: {error.msg}"
        else:
            if found:
                return found
        time.sleep(0.2)
    pytest.fail(f"{what} did not happen within {WAIT_SECS:g} s{trouble}")


class Panel:
    """
    A panel in a process of its own, with folders of its own.

    Parameters
    ----------
    folder : Path
        Where run files, logs, events and reports go.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = os.environ | {
            "BOT_RUN_DIR": str(folder / "run"),
            "BOT_LOG_DIR": str(folder / "log"),
            "BOT_BACKTEST__EVENT_STORE_PATH": str(folder / "events"),
            "BOT_BACKTEST__REPORT_PATH": str(folder / "reports"),
            "BOT_PANEL_TOKEN": TOKEN,
            "PYTHONPATH": str(ROOT),
            # five-minute bars: something happens within a minute of the test
            **{f"BOT_STRATEGIES__STRATEGIES__{number}__TIMEFRAME": "5m" for number in range(STRATEGIES)},
        }
        self.output = folder / "panel.out"
        words = ["--port=0", "--no-browser", f"--name={NAME}", "--json", "--", *STARTED_QUICKLY]
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                self._command("dashboard", *words, f"--state={folder / 'exchange.sqlite'}"),
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self.url = wait_for("the panel's address", self._read_url)

    def _command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "nautilus_bot.cli.main", *words]

    def _read_url(self) -> str:
        text = self.output.read_text()
        assert self.process.poll() is None, text
        found = re.search(r"(http://127\.0\.0\.1:\d+/)\?token=", text)
        return found.group(1) if found else ""

    def call(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the command line in the same folders."""
        return subprocess.run(
            self._command(*words), cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False
        )

    @property
    def bot(self) -> RunFile:
        """The bot's run file."""
        return RunFile(**json.loads((self.folder / "run" / f"{NAME}.json").read_text()))

    @property
    def control(self) -> ControlClient:
        """The bot's control API."""
        return ControlClient(self.bot.control_url, self.bot.token, WAIT_SECS)

    @property
    def catalog(self) -> EventQueries:
        """Questions about the bot's run."""
        return EventQueries(EventStore(self.folder / "events"), self.bot.run_id)

    def close(self) -> None:
        """End the panel, and a bot that a failed test left behind."""
        self.process.terminate()
        self.process.wait(timeout=120)
        self.call("force-stop", "--name", NAME)


class Browser:
    """Chromium, with the few things that a person does in it."""

    def __init__(self, driver: webdriver.Chrome, shots: Path) -> None:
        self.driver = driver
        self._shots = shots

    def open(self, address: str) -> None:
        """Open an address in a new session."""
        self.driver.get("about:blank")
        self.driver.get(address)

    def all(self, selector: str) -> list[WebElement]:
        """Return what a CSS selector finds."""
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def wait(self, selector: str, text: str = "") -> WebElement:
        """Return the first element that shows itself with that text."""

        def ready() -> WebElement | None:
            found = (one for one in self.all(selector) if one.is_displayed() and text in one.text)
            return next(found, None)

        try:
            return wait_for(f"{selector!r} with {text!r}", ready)
        except pytest.fail.Exception:
            self.keep("failure")
            raise

    def wait_same(self, selector: str, figure: Callable[[], str]) -> None:
        """Wait until the first element shows what is asked for anew each time: both may still move."""

        def same() -> bool:
            return figure() in self.text(selector)

        try:
            wait_for(f"{selector!r} with the same as {figure()!r}", same)
        except pytest.fail.Exception:
            self.keep("failure")
            raise

    def text(self, selector: str) -> str:
        """Return the text of the first element, empty while there is none."""
        try:
            return next((one.text for one in self.all(selector)), "")
        except StaleElementReferenceException:
            return ""

    def click(self, selector: str) -> None:
        """Click what is there, again when the page replaced it just then."""

        def clicked() -> bool:
            found = [one for one in self.all(selector) if one.is_displayed() and one.is_enabled()]
            if found:
                self.driver.execute_script("arguments[0].click()", found[0])
            return bool(found)

        wait_for(f"a click on {selector!r}", clicked)

    def go(self, title: str) -> None:
        """Choose a page."""
        self.click(f'[data-testid="stSidebarNav"] a[href$="/{"" if title == "Live" else title.lower()}"]')
        self.wait(".head h1", title)

    def confirm(self, told: str) -> None:
        """Say yes in the dialog and wait for what came of it."""
        self.click(".st-key-confirm button")
        self.wait("#told", told)

    def type(self, selector: str, text: str) -> None:
        """Write into a field."""
        self.wait(selector).send_keys(text)

    def complaints(self) -> list[str]:
        """Return error elements of the page and errors of the console since the last look."""
        told = [one.text or one.get_attribute("outerHTML") or "" for one in self.all(FORBIDDEN)]
        return told + [
            line["message"] for line in self.driver.get_log("browser") if line["level"] == "SEVERE"
        ]

    def keep(self, name: str) -> None:
        """Keep a picture of the page."""
        self._shots.mkdir(exist_ok=True)
        self.driver.save_screenshot(str(self._shots / f"{name}.png"))

    def resize(self, width: int, height: int) -> None:
        """Show the page as on a screen of that size."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def foreign(self, own: str) -> list[str]:
        """Return what the page loaded from anywhere else."""
        names = self.driver.execute_script("return performance.getEntries().map(entry => entry.name)")
        return [
            name for name in names if "://" in name and not name.startswith((own, own.replace("http", "ws")))
        ]

    @property
    def overhang(self) -> int:
        """Pixels by which the page is wider than the screen."""
        script = """
            const page = document.documentElement, main = document.querySelector('[data-testid="stMain"]');
            return Math.max(page.scrollWidth - innerWidth, main.scrollWidth - main.clientWidth);
        """
        return int(self.driver.execute_script(script))


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    require(CHROMIUM)
    running = Panel(tmp_path_factory.mktemp("panel"))
    try:
        yield running
    finally:
        running.close()


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    require(CHROMIUM)
    require(DRIVER)
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(word)
    options.add_argument("--window-size=1440,1000")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    shots = Path(os.environ.get("BOT_ARTEFACTS", tmp_path_factory.mktemp("shots")))
    try:
        yield Browser(driver, shots)
    finally:
        driver.quit()


@pytest.fixture(name="wait_for")
def _wait_for() -> Callable[[str, Callable[[], Any]], Any]:
    return wait_for


@pytest.fixture(name="token", scope="session")
def _token() -> str:
    return TOKEN


@pytest.fixture(name="bot_name")
def _bot_name() -> str:
    return NAME
