"""A real paper bot, started and stopped through the command line: right state and exit code each time."""

import os
import sys
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

if sys.platform != "linux":
    pytest.skip("limits of another process can only be set on Linux", allow_module_level=True)

spec = spec_from_file_location("cycles", Path(__file__).with_name("cycles.py"))
assert spec is not None
assert spec.loader is not None
cycles = module_from_spec(spec)
sys.modules["cycles"] = cycles
spec.loader.exec_module(cycles)

SHORT = ("plain", "killed", "reused")


@pytest.mark.parametrize("kind", cycles.KINDS, ids=lambda kind: kind.__name__)
def test_state_and_exit_code_are_right_after(kind: Callable[..., None], tmp_path: Path) -> None:
    if kind.__name__ not in SHORT and not os.environ.get("BOT_LONG_TESTS"):
        pytest.skip("run by `make cycles`, or with BOT_LONG_TESTS=1")
    kind(cycles.Cycles(tmp_path))
