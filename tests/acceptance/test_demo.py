"""AC-11: the demo, as a newcomer runs it: a backtest, a bot on a simulated Bybit, six explained signals."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(420)
def test_the_demo_trades_explains_six_signals_and_verifies_its_journal(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "configs", tmp_path / "configs")
    done = subprocess.run(
        [sys.executable, "-m", "nautilus_bot.cli.main", "demo", "--duration", "45", "--json"],
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if not name.startswith("BOT_")},
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    result = json.loads(done.stdout)
    assert "signals" in done.stderr, "there must be something moving while it trades"
    qa = result["qa"]
    assert [signal["side"] for signal in qa["signals"]] == ["BUY"] * 3 + ["SELL"] * 3
    assert all(s["outcome"] in ("filled", "closed") or s["rule"] or s["reason"] for s in qa["signals"])
    assert result["orders_of_strategies"] > 0
    assert result["journal"]["ok"]
    assert Path(tmp_path, result["qa_report"]).is_file()
