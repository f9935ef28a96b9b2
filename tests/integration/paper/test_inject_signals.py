"""A detached paper bot, six injected signals, a graceful stop: all through the command line."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def nautilus_bot(folder: Path, *arguments: str, timeout: float = 150) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "nautilus_bot.cli.main", *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONWARNINGS": "default"},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


@pytest.mark.timeout(660)
def test_six_injected_signals_reach_an_explained_end_and_the_sells_close_the_buys(tmp_path: Path) -> None:
    configs = str(ROOT / "configs")
    started = nautilus_bot(
        tmp_path, "start", "paper", "-c", configs, "--control-port", "0", "--metrics-port", "0", "--json"
    )
    assert started.returncode == 0, started.stderr
    try:
        injected = nautilus_bot(tmp_path, "inject-signals", "-c", configs, "--json")
        assert injected.returncode == 0, injected.stderr
        report = json.loads(injected.stdout)
    finally:
        stopped = nautilus_bot(tmp_path, "stop", "--timeout", "120")
    assert stopped.returncode == 0, stopped.stderr
    asked = [(s["side"], s["symbol"], s["outcome"]) for s in report["signals"]]
    buys = [("BUY", symbol, "filled") for symbol in ("ETHUSDT", "BTCUSDT", "SOLUSDT")]
    sells = [("SELL", symbol, "closed") for symbol in ("ETHUSDT", "BTCUSDT", "SOLUSDT")]
    assert asked == buys + sells
    assert report["open_after"] == {}
    assert all(s["to_notice_ms"] is not None for s in report["signals"])
    verified = nautilus_bot(tmp_path, "events", "verify", "--run", report["run_id"])
    assert verified.returncode == 0, verified.stdout + verified.stderr
