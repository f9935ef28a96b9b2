"""Run one measurement in a process of its own, so that none warms up, fills or slows another."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.market import REPO


def run_json(*words: str, python: Path | None = None) -> dict[str, Any]:
    """Run a program and return the JSON of its last line, with the machine's load when it began."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    command = [str(python or sys.executable), *words]
    done = subprocess.run(command, cwd=REPO, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    found: dict[str, Any] = msgspec.json.decode(done.stdout.splitlines()[-1])
    return found | {"load": load}
