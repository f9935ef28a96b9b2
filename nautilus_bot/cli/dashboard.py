"""``nautilus-bot dashboard``: the control panel in a browser, for whoever has the token that is printed."""

import importlib.util
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import webbrowser
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Annotated, Final

import msgspec
import typer

import monitoring
from monitoring.dashboard.settings import VARIABLE, PanelSettings
from nautilus_bot.cli.output import JsonFlag, emit
from nautilus_bot.config.loader import load_config
from nautilus_bot.core.errors import ProcessError
from nautilus_bot.process.loopback import take_port
from nautilus_bot.process.pidfile import run_dir
from nautilus_bot.process.up.leash import open_leash

HOST: Final = "127.0.0.1"
DEFAULT_PORT: Final = 8501
TOKEN_VARIABLE: Final = "BOT_PANEL_TOKEN"  # noqa: S105  the name of a variable, not a secret
TOKEN_BYTES: Final = 24
READY_SECS: Final = 60.0
ANSWER_SECS: Final = 5.0
STOP_SECS: Final = 10.0
POLL_SECS: Final = 0.1
SCRIPT: Final = Path(monitoring.__path__[0]) / "dashboard" / "app.py"


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """A panel that can be opened."""

    url: str
    pid: int


def dashboard(
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="[-- OPTIONS]", help="Options of a bot that is started from the panel."),
    ] = None,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="On 127.0.0.1; 0 takes a free one.")
    ] = DEFAULT_PORT,
    name: Annotated[str, typer.Option("--name", help="Which bot; the one that runs by default.")] = "",
    config: Annotated[Path, typer.Option("-c", "--config", help="backtest.json or its folder.")] = Path(
        "configs"
    ),
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Only print the address.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Serve the control panel until Ctrl-C, to whoever has the address that is printed."""
    _require_streamlit()
    chosen = _free_port(port)
    token = os.environ.get(TOKEN_VARIABLE) or secrets.token_urlsafe(TOKEN_BYTES)
    told = _settings(token, name, config, tuple(words or ()))
    signal.signal(signal.SIGTERM, _as_interrupt)
    with open_leash() as leash, suppress(KeyboardInterrupt):
        process = subprocess.Popen(  # noqa: S603  our own command line
            leash.words(_command(chosen)), env=_environment(told), stdin=leash.stdin, **leash.options()
        )
        try:
            _await_ready(process, chosen)
            opened = Opened(url=f"http://{HOST}:{chosen}/?token={token}", pid=process.pid)
            emit(opened, as_json, _render)
            if not no_browser:
                webbrowser.open(opened.url)
            process.wait()
        finally:
            _end(process)
        raise ProcessError(
            f"the panel must serve until it is told to end, it ended with {process.returncode}"
        )


def _require_streamlit() -> None:
    if importlib.util.find_spec("streamlit") is None:
        raise ModuleNotFoundError(name="streamlit")


def _free_port(port: int) -> int:
    if port == 0:
        return take_port(0)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as e:
            raise ProcessError(
                f"port {port} must be free for the panel, but: {e.strerror}; choose another with --port "
                "(0 takes a free one)"
            ) from e
        return int(probe.getsockname()[1])


def _settings(token: str, name: str, config: Path, words: tuple[str, ...]) -> PanelSettings:
    bot = load_config(config).backtest
    return PanelSettings(
        token=token,
        name=name,
        run_dir=str(run_dir().absolute()),
        event_root=str(Path(bot.event_store_path).absolute()),
        reports=(str(Path(bot.report_path).absolute()),),
        start_words=words,
    )


def _command(port: int) -> tuple[str, ...]:
    options = {
        "server.address": HOST,
        "server.port": str(port),
        "server.headless": "true",
        "server.enableXsrfProtection": "true",
        "server.enableCORS": "true",
        "server.fileWatcherType": "none",
        "server.showEmailPrompt": "false",
        "browser.gatherUsageStats": "false",
        "client.toolbarMode": "minimal",
        "client.showErrorDetails": "none",
        "logger.level": "warning",
        "logger.hideWelcomeMessage": "true",
        "theme.base": "dark",
        "theme.primaryColor": "#2dd4bf",
        "theme.backgroundColor": "#0a0e14",
        "theme.secondaryBackgroundColor": "#121823",
        "theme.textColor": "#e6edf6",
    }
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    return (sys.executable, "-m", "streamlit", "run", str(SCRIPT), *words)


def _environment(told: PanelSettings) -> dict[str, str]:
    root = str(SCRIPT.parents[2])
    path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH", ""))))
    # the token travels in one variable only, and nothing that the panel starts inherits it
    kept = {name: value for name, value in os.environ.items() if name != TOKEN_VARIABLE}
    return kept | {VARIABLE: msgspec.json.encode(told).decode(), "PYTHONPATH": path}


def _await_ready(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + READY_SECS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise ProcessError(f"the panel must start, Streamlit ended with {process.returncode}; see above")
        try:
            with urllib.request.urlopen(f"http://{HOST}:{port}/_stcore/health", timeout=ANSWER_SECS):
                return
        except OSError:
            time.sleep(POLL_SECS)
    raise ProcessError(f"the panel must answer within {READY_SECS:g} s, it did not")


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(STOP_SECS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _as_interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _render(opened: Opened) -> str:
    return f"control panel: {opened.url}\nwhoever has this address may act on the bot; Ctrl-C ends the panel"
