"""Every fault of the exchange, rehearsed with the whole bot: afterwards both sides hold the same."""

from collections.abc import Callable
from typing import Any

import pytest

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
    "told_by_the_order_alone",
    "half_open_trade",
    "half_open_public",
    "rate_limit_storm",
    "http_502",
    "clock_skew",
    "stale_book",
    "forced_liquidation",
    "position_closed_outside",
    "position_opened_outside",
    "stop_cancelled_outside",
    "exchange_restarted",
    "partial_fill_then_disconnect",
)

type Outcome = dict[str, Any]
type Rehearse = Callable[[str], Outcome]


@pytest.mark.parametrize("script", FAULTS)
def test_bot_journal_and_exchange_agree_after_a_fault(script: str, rehearse: Rehearse) -> None:
    outcome = rehearse(script)
    assert "error" not in outcome, outcome["error"]
    assert outcome["differences"] == []
    assert outcome["journal_ok"]
    assert outcome["journal"] == outcome["venue"]


@pytest.mark.parametrize("script", FAULTS)
def test_no_entry_reaches_the_exchange_twice(script: str, rehearse: Rehearse) -> None:
    outcome = rehearse(script)
    entries = outcome["entries"]
    assert len(entries) == len(set(entries))
    assert 1 <= len(entries) <= outcome["asked"]


@pytest.mark.parametrize("script", FAULTS)
def test_no_position_stands_without_its_stop_beyond_the_bound(script: str, rehearse: Rehearse) -> None:
    outcome = rehearse(script)
    assert outcome["uncovered_secs"] <= BARE_BOUND_SECS
    assert outcome["own_stop_missing_secs"] <= OWN_STOP_BOUND_SECS


@pytest.mark.parametrize("script", ["short_public_drop"])
def test_a_bar_that_closed_during_a_short_drop_is_fetched(script: str, rehearse: Rehearse) -> None:
    outcome = rehearse(script)
    assert "error" not in outcome, outcome["error"]
    seen = outcome["seen"]
    assert seen["series"] == 2
    assert seen["steps"] == [60]
    assert seen["gaps"] == 0


@pytest.mark.parametrize("script", ["half_open_trade"])
def test_a_trade_stream_that_swallows_cancels_is_found_out_by_the_bot(
    script: str, rehearse: Rehearse
) -> None:
    assert rehearse(script)["seen"]["reason"].startswith("no answer about ")
