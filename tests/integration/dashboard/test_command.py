"""The command that opens the panel: clear when it cannot, on loopback only, gone with all it started."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

ROOT = Path(__file__).parents[3]
WITHOUT_STREAMLIT = """
import sys
sys.modules["streamlit"] = None
from nautilus_bot.cli.main import main
sys.exit(main(["dashboard", "--no-browser", "--json"]))
"""


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True, check=False)


def test_without_the_extra_one_line_says_how_to_install_it() -> None:
    done = run("-c", WITHOUT_STREAMLIT)
    assert done.returncode == 4
    assert "pip install 'nautilus-bot[dashboard]'" in json.loads(done.stdout)["error"]
    assert done.stderr == ""


def test_a_port_in_use_is_one_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run("-m", "nautilus_bot.cli.main", "dashboard", "--port", str(port), "--no-browser")
    assert done.returncode == 1
    assert f"port {port} must be free" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(("sign", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 0), (signal.SIGKILL, -9)])
def test_it_listens_on_loopback_only_and_ends_with_all_that_it_started(
    tmp_path: Path, wait_for: Callable[[str, Callable[[], Any]], Any], sign: signal.Signals, code: int
) -> None:
    command = [sys.executable, "-m", "nautilus_bot.cli.main", "dashboard", "--port=0", "--no-browser"]
    settings = {"BOT_RUN_DIR": str(tmp_path), "BOT_BACKTEST__EVENT_STORE_PATH": str(tmp_path)}
    panel = subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # tests that a shell runs in the background ignore Ctrl-C, and so would what they start
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509  no other thread
    )
    try:
        assert panel.stdout is not None
        address = panel.stdout.readline().decode()
        assert "http://127.0.0.1:" in address
        server = psutil.Process(panel.pid).children(recursive=True)[-1]
        listening = {c.laddr.ip for c in server.net_connections() if c.status == psutil.CONN_LISTEN}
        assert listening == {"127.0.0.1"}
        token = address.strip().partition("token=")[2]
        assert len(token) >= 32
        assert token not in " ".join(server.cmdline())
        panel.send_signal(sign)
        assert panel.wait(120) == code
        wait_for("the end of the server", lambda: not server.is_running())
    finally:
        panel.kill()
        panel.communicate()
