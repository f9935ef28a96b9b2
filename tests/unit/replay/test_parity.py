"""The parts of a gap: by hand for each cause, and summing to the gap whatever the trades."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nautilus_bot.replay.booked import Booked, Bookings
from nautilus_bot.replay.parity import CAUSES, ParityReport, in_cents, split_gap

MINUTE_NS = 60_000_000_000
STRATEGY = "RSIEMAMomentumStrategy-RE_BTCUSDT_1m"


def trade(**changes: object) -> Booked:
    fields: dict[str, object] = {
        "strategy_id": STRATEGY,
        "instrument_id": "BTCUSDT-LINEAR.BYBIT",
        "signal_id": "S-RE-BTCUSDT-1",
        "decided_ns": 100 * MINUTE_NS,
        "sign": 1,
        "quantity": Decimal(2),
        "entry": Decimal(100),
        "exit": Decimal(110),
        "entered_ns": 100 * MINUTE_NS,
        "left_ns": 200 * MINUTE_NS,
        "ended_by": "target",
        "fees": Decimal(1),
        "funding": Decimal(0),
    }
    return Booked(**(fields | changes))  # type: ignore[arg-type]


def booked(*trades: Booked, approved: bool = False) -> Bookings:
    keys = frozenset((one.strategy_id, one.decided_ns) for one in trades)
    also = frozenset({(STRATEGY, 100 * MINUTE_NS)}) if approved else frozenset[tuple[str, int]]()
    return Bookings(trades, keys | also, keys | also, {})


def parts(report: ParityReport) -> dict[str, Decimal]:
    return {part.cause: part.usdt for part in report.parts if part.usdt}


def split(session: Bookings, backtest: Bookings) -> ParityReport:
    return split_gap("run", "paper", session, backtest)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {}),
        ({"entry": Decimal(101)}, {"fill price": Decimal(-2)}),
        ({"exit": Decimal(109)}, {"fill price": Decimal(-2)}),
        ({"entry": Decimal(101), "entered_ns": 105 * MINUTE_NS}, {"timing": Decimal(-2)}),
        ({"exit": Decimal(90), "ended_by": "stop"}, {"timing": Decimal(-40)}),
        ({"quantity": Decimal(3)}, {"decisions": Decimal(10)}),
        ({"fees": Decimal("1.5")}, {"fees": Decimal("-0.5")}),
        ({"funding": Decimal("-0.25")}, {"funding": Decimal("-0.25")}),
    ],
)
def test_one_difference_is_one_cause(changes: dict[str, object], expected: dict[str, Decimal]) -> None:
    report = split(booked(trade(**changes)), booked(trade()))
    assert parts(report) == expected


def test_a_trade_that_risk_approved_but_nobody_filled_was_missed() -> None:
    report = split(booked(approved=True), booked(trade()))
    assert parts(report) == {"missed trades": Decimal(-19)}


def test_a_trade_that_only_the_session_filled_is_extra() -> None:
    report = split(booked(trade()), booked(approved=True))
    assert parts(report) == {"extra trades": Decimal(19)}


def test_a_trade_that_the_other_side_never_decided_on_is_a_decision() -> None:
    report = split(booked(), booked(trade()))
    assert parts(report) == {"decisions": Decimal(-19)}
    assert (report.matched, report.only_session, report.only_backtest) == (0, 0, 1)


amounts = st.decimals(min_value=1, max_value=10_000, places=4)
trades = st.builds(
    trade,
    decided_ns=st.integers(1, 12).map(lambda n: n * MINUTE_NS),
    sign=st.sampled_from((1, -1)),
    quantity=amounts,
    entry=amounts,
    exit=amounts,
    entered_ns=st.integers(1, 20).map(lambda n: n * MINUTE_NS),
    ended_by=st.sampled_from(("stop", "target", "close", "open")),
    fees=amounts,
    funding=st.decimals(min_value=-50, max_value=50, places=4),
)
sides = st.lists(trades, max_size=8, unique_by=lambda one: (one.decided_ns, one.sign))


@settings(deadline=None)
@given(session=sides, backtest=sides)
def test_the_parts_always_sum_to_the_gap(session: list[Booked], backtest: list[Booked]) -> None:
    report = split(booked(*session), booked(*backtest))

    assert tuple(part.cause for part in report.parts) == CAUSES
    assert sum((part.cents for part in report.parts), Decimal(0)) == report.gap_cents
    assert abs(sum((part.usdt for part in report.parts), Decimal(0)) - report.gap) < Decimal("1e-9")


@settings(deadline=None)
@given(st.lists(st.decimals(min_value=-1000, max_value=1000, places=6), min_size=1, max_size=9))
def test_cents_move_no_part_by_a_cent_or_more(values: list[Decimal]) -> None:
    whole, rounded = in_cents(sum(values, Decimal(0)), values)
    assert sum(rounded, Decimal(0)) == whole
    assert all(abs(a - b) <= Decimal("0.015") for a, b in zip(values, rounded, strict=True))
