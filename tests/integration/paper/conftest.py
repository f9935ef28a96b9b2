"""Rehearsals of the whole bot, each in a process of its own, a few at a time."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).with_name("bot_script.py")
ROOT = Path(__file__).parents[3]
TIMEOUT_SECS = 270
"""Longer than a rehearsal that hangs takes to say where, shorter than the tests' own."""
AT_ONCE = 3
"""A rehearsal mostly waits."""


@pytest.fixture(scope="module")
def rehearse(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], dict[str, Any]]]:
    """Play the scripts that a module's selected tests ask for; each is played once."""
    here = [one for one in request.session.items if one.module is request.module]  # type: ignore[attr-defined]
    names = dict.fromkeys(one.callspec.params["script"] for one in here)  # type: ignore[attr-defined]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        started: dict[str, Future[dict[str, Any]]] = {
            name: pool.submit(_play, name, tmp_path_factory.mktemp(name)) for name in names
        }
        yield lambda name: started[name].result()
        for future in started.values():
            future.cancel()


def _play(name: str, folder: Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), name, str(folder)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=TIMEOUT_SECS,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-6000:]
    outcome: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return outcome
