"""What each event counts, and what it must not count twice."""

from typing import Any

import msgspec
import pytest

from monitoring.book import MetricsBook
from monitoring.fold import COUNTED_TYPES, EventFold
from nautilus_bot.core.messages import (
    EntriesAllowed,
    EntriesSuspended,
    FormingBar,
    FundingPaid,
    MarketMarked,
    Notice,
    RuleConfigured,
    StrategyPaused,
    TradingHalted,
    TradingResumed,
)

NOW = 1_000_000_000_000


@pytest.fixture
def book() -> MetricsBook:
    return MetricsBook("paper")


@pytest.fixture
def fold(book: MetricsBook) -> EventFold:
    return EventFold(book)


def test_a_signal_is_executed_by_its_first_fill_and_only_once(
    book: MetricsBook, fold: EventFold, events: Any
) -> None:
    fold.apply(events.signal(1), NOW)
    for message in (events.filled("S-1-E"), events.filled("S-1-E"), events.filled("S-1-S1")):
        fold.apply(message, NOW)
    assert book.series("paper_signals_generated_total") == {events.series: 1}
    assert book.series("paper_signals_executed_total") == {events.series: 1}
    assert book.value("bot_fees_usdt", *events.series) == pytest.approx(1.5)
    assert book.value("bot_orders_total", "entry", "filled") == 2
    assert book.value("bot_orders_total", "stop", "filled") == 1


def test_a_refusal_is_counted_under_its_rule_and_not_again_when_the_order_is_denied(
    book: MetricsBook, fold: EventFold, events: Any
) -> None:
    fold.apply(events.signal(1), NOW)
    fold.apply(events.verdict(1, rule="throttle"), NOW)
    fold.apply(events.denied("S-1-E"), NOW)
    assert book.series("paper_signals_rejected_total") == {(*events.series, "refused", "throttle"): 1}
    assert not book.series("paper_signals_executed_total")


def test_venue_and_engine_reject_under_their_own_names(
    book: MetricsBook, fold: EventFold, events: Any
) -> None:
    for number in (1, 2, 3):
        fold.apply(events.signal(number), NOW)
        fold.apply(events.verdict(number), NOW)
    fold.apply(events.rejected("S-1-E"), NOW)
    fold.apply(events.denied("S-2-E"), NOW)
    fold.apply(events.filled("S-3-E"), NOW)
    fold.apply(events.rejected("S-3-S1"), NOW)
    assert book.series("paper_signals_rejected_total") == {
        (*events.series, "rejected", "venue"): 1,
        (*events.series, "denied", "engine"): 1,
    }
    assert book.value("bot_orders_total", "stop", "rejected") == 1


def test_a_refused_exit_is_no_refused_signal(book: MetricsBook, fold: EventFold, events: Any) -> None:
    fold.apply(events.verdict(1, rule="ledger", role="S"), NOW)
    assert not book.series("paper_signals_rejected_total")


def test_latency_is_measured_from_the_submission(events: Any, fold: EventFold, book: MetricsBook) -> None:
    forming = FormingBar(
        ts_event=1,
        bar_type=f"{events.instrument_id}-15-MINUTE-LAST-EXTERNAL",
        open=1.0,
        high=1.0,
        low=1.0,
        close=1.0,
        volume=1.0,
    )
    fold.apply(forming, NOW)
    fold.apply(events.signal(1), NOW + 1)
    fold.apply(events.submitted("S-1-E", NOW + 2_000_000), NOW)
    fold.apply(events.accepted("S-1-E", NOW + 12_000_000), NOW)
    fold.apply(events.filled("S-1-E", NOW + 42_000_000), NOW)
    sums = {
        (one.name, one.labels.get("step", "")): one.value
        for family in book.families()
        for one in family.samples
        if one.name.endswith("_seconds_sum")
    }
    assert sums[("bot_tick_to_trade_seconds_sum", "")] == pytest.approx(0.002)
    assert sums[("bot_order_latency_seconds_sum", "accept")] == pytest.approx(0.010)
    assert sums[("bot_order_latency_seconds_sum", "fill")] == pytest.approx(0.040)


def test_the_past_counts_but_measures_no_latency(book: MetricsBook, fold: EventFold, events: Any) -> None:
    for message in (events.signal(1), events.submitted("S-1-E"), events.filled("S-1-E", 5_000_000_000)):
        fold.apply(message, 0)
    assert book.value("paper_signals_executed_total", *events.series) == 1
    assert not [one for family in book.families() for one in family.samples if one.name.endswith("_bucket")]


def test_halts_set_their_breaker_and_a_resumption_lifts_it(
    book: MetricsBook, fold: EventFold, counted: Any
) -> None:
    fold.apply(TradingHalted(ts_event=1, reason="too much", rule="daily_loss"), NOW)
    fold.apply(StrategyPaused(ts_event=1, strategy="A", author="me"), NOW)
    assert counted(book.series("bot_breaker")) == {("daily_loss",): 1}
    assert counted(book.series("bot_trading_state")) == {("halted",): 1}
    assert book.value("bot_strategies_paused") == 1
    fold.apply(TradingResumed(ts_event=2, reason="a new day", author="risk"), NOW)
    assert counted(book.series("bot_breaker")) == {}
    assert counted(book.series("bot_trading_state")) == {("active",): 1}
    assert book.value("bot_halts_total", "daily_loss") == 1


def test_a_connection_that_died_counts_as_a_reconnect_of_its_link(
    book: MetricsBook, fold: EventFold, counted: Any
) -> None:
    for author in ("the public connection", "the public connection", "the trade connection", "the account"):
        fold.apply(EntriesSuspended(ts_event=1, author=author, reason="silent"), NOW)
        assert book.value("bot_reduce_only_symbols") == 1
        fold.apply(EntriesAllowed(ts_event=2, author=author, reason="back"), NOW)
    assert counted(book.series("bot_reconnects_total")) == {("public",): 2, ("trade",): 1}
    assert book.value("bot_reduce_only_symbols") == 0


def test_funding_notices_prices_and_limits(book: MetricsBook, fold: EventFold, events: Any) -> None:
    paid = FundingPaid(
        ts_event=1,
        instrument_id=events.instrument_id,
        strategy_id=f"{events.strategy}-X",
        rate="0.0001",
        quantity="1",
        price="100",
        amount_usdt="-0.01",
    )
    config = msgspec.json.encode({"enabled": True, "limit_pct": 10.0, "resume": "mode"}).decode()
    for message in (
        paid,
        paid,
        Notice(ts_event=1, severity="error", component="x", text="y"),
        MarketMarked(ts_event=1, instrument_id=events.instrument_id, price=101.5),
        RuleConfigured(ts_event=0, rule="drawdown_halt", enabled=True, config=config),
        RuleConfigured(ts_event=0, rule="cooldown", enabled=False, config=config),
    ):
        fold.apply(message, NOW)
    assert book.value("bot_funding_usdt", *events.series) == pytest.approx(-0.02)
    assert book.value("bot_notices_total", "error") == 1
    assert book.value("bot_price_usdt", events.symbol) == 101.5
    assert book.series("bot_risk_limit") == {("drawdown_halt", "limit_pct"): 10.0}
    assert fold.priced_ns == {events.symbol: NOW}


def test_every_type_that_is_read_from_journals_is_handled(fold: EventFold) -> None:
    handled = {handled.__name__ for handled in fold._handlers}
    assert set(COUNTED_TYPES) <= handled
    assert handled - set(COUNTED_TYPES) == {"MarketMarked", "FormingBar", "Bar"}
