"""What is told, how loudly and when; at which pace."""

from datetime import UTC, datetime

import pytest

from monitoring.telegram.kinds import Notification, Severity
from monitoring.telegram.pace import Backoff, Pace
from monitoring.telegram.policy import Noise, Policy, QuietHours


def note(kind: str, severity: Severity = "info") -> Notification:
    return Notification(key="k", kind=kind, severity=severity, text=kind, ts_ns=1)


def at(hour: int, minute: int = 0) -> int:
    return int(datetime(2026, 1, 31, hour, minute, tzinfo=UTC).timestamp()) * 1_000_000_000


@pytest.mark.parametrize(
    ("hours", "quiet"),
    [
        (QuietHours(), ()),
        (QuietHours(from_hour=9, to_hour=12), (9, 10, 11)),
        (QuietHours(from_hour=22, to_hour=2), (22, 23, 0, 1)),
    ],
)
def test_quiet_hours_may_span_midnight(hours: QuietHours, quiet: tuple[int, ...]) -> None:
    assert [hour for hour in range(24) if hours.cover(at(hour, 59))] == sorted(quiet)


def test_what_is_critical_is_told_and_loud_whatever_is_switched_off() -> None:
    policy = Policy(min_severity="critical", noise=Noise(stopped="off", trading="off"))
    assert policy.wants(note("critical", "critical"))
    assert policy.is_loud(note("trading", "critical"))
    assert not policy.wants(note("stopped", "error"))


def test_the_least_severity_and_the_noise_of_a_kind_both_count() -> None:
    policy = Policy(min_severity="warning", noise=Noise(guard="off", order_rejected="silent"))
    assert not policy.wants(note("position_opened", "info"))
    assert not policy.wants(note("guard", "warning"))
    assert policy.wants(note("order_rejected", "warning"))
    assert not policy.is_loud(note("order_rejected", "warning"))
    assert policy.wants(note("daily_report", "info"))


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_critical_messages_have_a_reserve_that_others_cannot_use_up() -> None:
    clock = Clock()
    pace = Pace(20, clock)
    assert [pace.wait_secs(critical=False) for _ in range(5)] == [0] * 5
    assert pace.wait_secs(critical=False) == pytest.approx(3)
    assert [pace.wait_secs(critical=True) for _ in range(15)] == [0] * 15
    assert pace.wait_secs(critical=True) == pytest.approx(3)
    clock.now = 3.0
    assert pace.wait_secs(critical=False) > 0
    assert pace.wait_secs(critical=True) == 0
    clock.now = 1_000.0
    assert [pace.wait_secs(critical=False) for _ in range(5)] == [0] * 5


@pytest.mark.parametrize("per_minute", [1, 2, 3, 20, 10_000])
def test_every_pace_lets_messages_through_at_its_rate(per_minute: int) -> None:
    clock = Clock()
    pace = Pace(per_minute, clock)
    sent = 0
    while clock.now < 600:
        wait = pace.wait_secs(critical=False)
        sent += wait == 0
        clock.now += wait
    assert 10 * per_minute <= sent <= 11 * per_minute + 1


def test_failures_in_a_row_wait_longer_up_to_a_minute() -> None:
    backoff = Backoff()
    assert [backoff.failed() for _ in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]
    backoff.worked()
    assert backoff.failed() == 1
