"""Every fault of the exchange, rehearsed with the whole bot: afterwards both sides hold the same."""

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
TIMEOUT_SECS = 150
AT_ONCE = 3
"""A rehearsal mostly waits."""

BARE_BOUND_SECS = 1.0
"""No position stands without any stop at the exchange for longer (docs/live.md)."""
OWN_STOP_BOUND_SECS = 15.0
"""Nor without the strategy's own stop, while Bybit's position stop covers it."""

FAULTS = (
    "quiet",
    "latency",
    "lost_request",
    "lost_acknowledgement",
    "accepted_reply_lost",
    "duplicated_private",
    "reordered_private",
    "late_private",
    "dropped_sockets",
    "half_open_private",
    "half_open_public",
    "rate_limit_storm",
    "http_502",
    "clock_skew",
    "stale_book",
    "forced_liquidation",
    "position_closed_outside",
    "position_opened_outside",
    "stop_cancelled_outside",
    "partial_fill_then_disconnect",
)

type Outcome = dict[str, Any]
type Rehearse = Callable[[str], Outcome]


@pytest.fixture(scope="module")
def rehearse(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearse]:
    """Play the scripts that this session selected, a few at a time, each in a process of its own."""
    here = [one for one in request.session.items if one.module is request.module]  # type: ignore[attr-defined]
    names = dict.fromkeys(one.callspec.params["fault"] for one in here)  # type: ignore[attr-defined]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        started: dict[str, Future[Outcome]] = {
            name: pool.submit(_play, name, tmp_path_factory.mktemp(name)) for name in names
        }
        yield lambda name: started[name].result()
        for future in started.values():
            future.cancel()


def _play(name: str, folder: Path) -> Outcome:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), name, str(folder)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=TIMEOUT_SECS,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    outcome: Outcome = json.loads(done.stdout.splitlines()[-1])
    return outcome


@pytest.mark.parametrize("fault", FAULTS)
def test_bot_journal_and_exchange_agree_after_a_fault(fault: str, rehearse: Rehearse) -> None:
    outcome = rehearse(fault)
    assert "error" not in outcome, outcome["error"]
    assert outcome["differences"] == []
    assert outcome["journal_ok"]
    assert outcome["journal"] == outcome["venue"]


@pytest.mark.parametrize("fault", FAULTS)
def test_no_entry_reaches_the_exchange_twice(fault: str, rehearse: Rehearse) -> None:
    outcome = rehearse(fault)
    entries = outcome["entries"]
    assert len(entries) == len(set(entries))
    assert 1 <= len(entries) <= outcome["asked"]


@pytest.mark.parametrize("fault", FAULTS)
def test_no_position_stands_without_its_stop_beyond_the_bound(fault: str, rehearse: Rehearse) -> None:
    outcome = rehearse(fault)
    assert outcome["uncovered_secs"] <= BARE_BOUND_SECS
    assert outcome["own_stop_missing_secs"] <= OWN_STOP_BOUND_SECS
