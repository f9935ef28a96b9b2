"""``--duration``: so many seconds of trading, however long the start takes."""

import json
import os
import subprocess
import sys
from pathlib import Path

CONFIGS = Path(__file__).parents[3] / "configs"


def test_a_session_shorter_than_its_own_start_trades_and_ends_without_a_complaint(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "nautilus_bot.cli.main", "paper", "-c", str(CONFIGS), "--json"),
            *("--duration", "0.1", "--control-port", "0", "--metrics-port", "-1"),
        ],
        cwd=tmp_path,
        env=os.environ | {"BOT_RUN_DIR": str(tmp_path / "run")},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    end = json.loads(done.stdout)
    assert end["reason"] == "the time is up"
    assert end["start_secs"] > 0.1
