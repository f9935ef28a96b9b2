"""
The throw-away environment of the peers: ``var/bench-venv``, built by uv or by venv and pip.

backtrader is GPL: it is run beside this project, never linked with it, and never in its extras or locks.
"""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from benchmarks.market import REPO

FOLDER: Final = REPO / "var" / "bench-venv"
REQUIREMENTS: Final = Path(__file__).with_name("requirements.txt")
OPTIMISER_REQUIREMENTS: Final = Path(__file__).with_name("requirements-optimiser.txt")


def peer_python(requirements: Path = REQUIREMENTS) -> Path | None:
    """Return the environment's Python, building it first; None when it cannot be built (no network)."""
    folder = (
        FOLDER if requirements == REQUIREMENTS else FOLDER.with_name(f"{FOLDER.name}-{requirements.stem}")
    )
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    stamp = folder / requirements.name
    if python.exists() and stamp.exists() and stamp.read_bytes() == requirements.read_bytes():
        return python
    uv = shutil.which("uv")
    make = (
        [uv, "venv", "-q", "--clear", "-p", sys.executable]
        if uv
        else [sys.executable, "-m", "venv", "--clear"]
    )
    pip = [uv, "pip", "install", "-q", "-p", python] if uv else [python, "-m", "pip", "install", "-q"]
    try:
        subprocess.run([*make, folder], check=True)
        subprocess.run([*pip, "-r", requirements], check=True)
    except (subprocess.CalledProcessError, OSError) as error:
        print(f"the peers' environment cannot be built ({error}); they are left out", file=sys.stderr)
        return None
    shutil.copy(requirements, stamp)
    return python
