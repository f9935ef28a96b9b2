#!/usr/bin/env python3
"""
Start, stop, force-stop, restart and watch the bot: the words of `nautilus-bot`, for those used to this name.

Any Python runs it; it hands over to the one of this installation.
"""

import subprocess
import sys
from pathlib import Path

WORDS = ("start", "stop", "force-stop", "restart", "status", "logs")
ROOT = Path(__file__).resolve().parents[1]
PYTHONS = (ROOT / ".venv" / "bin" / "python", ROOT / ".venv" / "Scripts" / "python.exe")


def main(words: list[str]) -> int:
    """Hand the words over to the command line and return its exit code."""
    if not words or words[0] not in WORDS:
        sys.stderr.write(f"usage: bot_pid_manager.py {{{'|'.join(WORDS)}}} [options of nautilus-bot]\n")
        return 4
    python = next((path for path in PYTHONS if path.exists()), None)
    if python is None:
        sys.stderr.write(
            "error: nautilus-bot is not installed here; run `make demo` once"
            " (on Windows executables\\demo.ps1)\n"
        )
        return 1
    return subprocess.call([str(python), "-m", "nautilus_bot.cli.main", *words], cwd=ROOT)  # noqa: S603  our own command line


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
