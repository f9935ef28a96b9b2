"""Gauges from a sample: account, positions, risk and journal."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from catalog.journal import Journal
from monitoring.book import MetricsBook
from monitoring.portfolio_risk import market_correlation, position_correlation, value_at_risk_pct
from monitoring.sample import put_sample, take_sample
from nautilus_bot.core.clocks import NS_PER_HOUR, NS_PER_SEC, MarketClock
from nautilus_bot.core.snapshot import Account, BreakerState, LedgerState, Snapshot
from nautilus_bot.risk.context import RiskContext
from nautilus_bot.risk.holding import Holding
from nautilus_bot.risk.ledger import LedgerPosition

NOW = 1_000 * NS_PER_SEC
SERIES = ("crypto", "A", "BTCUSDT")


def snapshot(*positions: LedgerState, breakers: BreakerState | None = None) -> Snapshot:
    account = Account(
        balance_usdt=9_900.0,
        equity_usdt=9_800.0,
        unrealized_usdt=-100.0,
        realized_usdt=-90.0,
        fees_usdt=10.0,
        peak_usdt=10_000.0,
        drawdown_pct=2.0,
        daily_loss_pct=1.0,
        gross_exposure_usdt=5_000.0,
        net_exposure_usdt=-5_000.0,
    )
    return Snapshot(
        market_ns=NOW,
        events=1,
        gaps=0,
        feed_age_secs=0.5,
        account=account,
        breakers=breakers or BreakerState(state="active"),
        positions=positions,
    )


def position(*, covered: bool) -> LedgerState:
    return LedgerState(
        strategy="A",
        strategy_id="A-1",
        instrument_id="BTCUSDT-LINEAR.BYBIT",
        quantity="-0.1",
        average_price="49000",
        mark=50_000.0,
        notional_usdt=-5_000.0,
        unrealized_usdt=-100.0,
        realized_usdt=0.0,
        fees_usdt=0.0,
        stop_quantity="0",
        stops=(),
        covered=covered,
    )


@pytest.fixture
def journal(tmp_path: Path) -> Any:
    with Journal(tmp_path / "run", "paper-1", durable=True) as opened:
        yield opened


@pytest.fixture
def context() -> RiskContext:
    """Two instruments that move alike for a hundred hours, a long and a short of 1,000 USDT."""
    built = RiskContext(MarketClock())
    built.on_balance(10_000.0)
    for hour in range(100):
        wave = 1.0 + 0.01 * ((hour * 7) % 5 - 2)
        built.on_mark("BTC", 100.0 * wave, hour * NS_PER_HOUR + 1)
        built.on_mark("ETH", 10.0 * wave, hour * NS_PER_HOUR + 1)
    return built


def hold(context: RiskContext, name: str, quantity: int) -> None:
    ledger = LedgerPosition()
    ledger.apply_fill(Decimal(quantity), Decimal(str(context.marks[name])), Decimal(0))
    holding = Holding.of([ledger])
    assert holding is not None
    context.holdings[name] = holding


def test_account_positions_and_journal_become_gauges(journal: Journal) -> None:
    book, risk = MetricsBook("paper"), RiskContext(MarketClock())
    sample = take_sample(snapshot(position(covered=False)), risk, journal, now_ns=NOW, loop_lag_secs=0.25)
    put_sample(book, sample, NOW + 2 * NS_PER_SEC)
    assert book.value("bt_portfolio_value", "crypto") == 9_800.0
    assert book.value("bt_drawdown_percent") == 2.0
    assert book.value("bot_position_usdt", *SERIES) == -5_000.0
    assert book.value("bot_position_unprotected", *SERIES) == 1.0
    assert book.value("bot_loop_lag_seconds") == 0.25
    assert book.value("bot_sample_age_seconds") == 2.0
    assert (book.value("bot_journal_bytes", "main") or 0) > 0
    assert book.value("bot_journal_halted") == 0.0


def test_a_position_that_was_closed_shows_zero(journal: Journal) -> None:
    book, risk = MetricsBook("paper"), RiskContext(MarketClock())
    for shown in (snapshot(position(covered=True)), snapshot()):
        put_sample(book, take_sample(shown, risk, journal, now_ns=NOW), NOW)
    assert book.series("bot_position_usdt") == {SERIES: 0.0}
    assert book.series("bot_position_unprotected") == {SERIES: 0.0}


def test_the_journals_lag_grows_until_it_moves(journal: Journal) -> None:
    book, risk = MetricsBook("paper"), RiskContext(MarketClock())
    first = take_sample(snapshot(), risk, journal, now_ns=NOW)
    second = take_sample(snapshot(), risk, journal, now_ns=NOW + 5 * NS_PER_SEC, before=first)
    put_sample(book, second, NOW + 6 * NS_PER_SEC)
    assert book.value("bot_journal_lag_seconds") == 6.0
    journal.append(ts_init=1, ts_market=1, ts_publish=1, topic="t", type="Notice", payload=b"x")
    third = take_sample(snapshot(), risk, journal, now_ns=NOW + 7 * NS_PER_SEC, before=second)
    put_sample(book, third, NOW + 7 * NS_PER_SEC)
    assert book.value("bot_journal_lag_seconds") == 0.0
    assert book.value("bot_journal_entries_total") == 1


def test_a_halt_is_one_breaker_and_one_state(journal: Journal) -> None:
    book, risk = MetricsBook("paper"), RiskContext(MarketClock())
    halted = BreakerState(state="halted", rule="", author="telegram:42", paused={"A": "", "B": ""})
    put_sample(book, take_sample(snapshot(breakers=halted), risk, journal, now_ns=NOW), NOW)
    assert [name for (name,), value in book.series("bot_breaker").items() if value] == ["operator"]
    assert [name for (name,), value in book.series("bot_trading_state").items() if value] == ["halted"]
    assert book.value("bot_strategies_paused") == 2


def test_value_at_risk_is_that_of_the_positions_held(context: RiskContext) -> None:
    assert value_at_risk_pct(context) == 0.0
    hold(context, "BTC", 10)
    alone = value_at_risk_pct(context)
    assert alone is not None
    assert alone > 0
    hold(context, "ETH", -100)
    hedged = value_at_risk_pct(context)
    assert hedged is not None
    assert hedged < alone


def test_value_at_risk_is_unknown_without_history_or_equity() -> None:
    fresh = RiskContext(MarketClock())
    assert value_at_risk_pct(fresh) is None
    fresh.on_balance(10_000.0)
    fresh.on_mark("BTC", 100.0, 1)
    hold(fresh, "BTC", 10)
    assert value_at_risk_pct(fresh) is None


def test_correlation_of_the_market_and_of_positions_with_their_directions(context: RiskContext) -> None:
    assert market_correlation(context) == pytest.approx(1.0)
    assert position_correlation(context) == 0.0
    hold(context, "BTC", 10)
    hold(context, "ETH", 100)
    assert position_correlation(context) == pytest.approx(1.0)
    hold(context, "ETH", -100)
    assert position_correlation(context) == pytest.approx(-1.0)


def test_two_positions_have_their_value_at_risk_beside_their_correlation(context: RiskContext) -> None:
    hold(context, "BTC", 10)
    hold(context, "ETH", 100)
    alone = value_at_risk_pct(context)
    assert market_correlation(context) == pytest.approx(1.0)
    assert position_correlation(context) == pytest.approx(1.0)
    assert value_at_risk_pct(context) == alone
