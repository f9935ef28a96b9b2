"""Halts on losses: what they measure, when they latch, when they lift, and what a restart remembers."""

from decimal import Decimal

import msgspec
import pytest

from nautilus_bot.core.clocks import MarketClock
from nautilus_bot.core.messages import MarketMarked, StrategyPaused, TradingHalted, TradingResumed
from nautilus_bot.core.session_state import LedgerCorrected, RiskState
from nautilus_bot.risk.context import RiskContext
from nautilus_bot.risk.recovery import RiskFold
from nautilus_bot.risk.rules.daily_loss import DailyLoss, DailyLossConfig
from nautilus_bot.risk.rules.drawdown_halt import DrawdownHalt, DrawdownHaltConfig
from nautilus_bot.risk.rules.throttle import Throttle, ThrottleConfig

HOUR = 3_600 * 10**9
DAY = 24 * HOUR
BTC = "BTCUSDT-LINEAR.BYBIT"


def lose_pct(context, pct):
    """Hold 100 BTC at 100 (as much as the balance) and let the price fall."""
    if not context.holdings:
        context.on_fill("Alpha-A", BTC, Decimal(100), Decimal(100), Decimal(0))
    context.on_mark(BTC, 100.0 - pct, context.clock.now_ns + HOUR)


class TestDrawdownHalt:
    @pytest.mark.parametrize(("pct", "halts"), [(9.9, False), (10.0, True)])
    def test_open_losses_latch_a_halt_at_the_limit(self, context, make_request, pct, halts):
        rule = DrawdownHalt(DrawdownHaltConfig())
        lose_pct(context, pct)
        verdict = rule.check(make_request(), context)
        assert verdict.approved is not halts
        assert (verdict.limit, verdict.observed) == (10.0, pytest.approx(pct))
        assert (rule.watch(context) is not None) is halts

    def test_closed_losses_count_like_open_ones(self, context, make_request):
        context.on_balance(8_900.0)
        context.on_mark(BTC, 100.0, context.clock.now_ns + HOUR)
        verdict = DrawdownHalt(DrawdownHaltConfig()).check(make_request(), context)
        assert verdict.observed == pytest.approx(11.0)

    @pytest.mark.parametrize(
        ("resume", "lift_next_day", "lifts"),
        [
            ("mode", True, True),
            ("mode", False, False),
            ("next_utc_day", False, True),
            ("operator", True, False),
        ],
    )
    def test_the_halt_ends_with_the_day_or_with_the_operator(self, context, resume, lift_next_day, lifts):
        lose_pct(context, 12.0)
        config = DrawdownHaltConfig(resume=resume).in_mode(lift_next_day=lift_next_day)
        halt = DrawdownHalt(config).watch(context)
        next_day = (context.clock.now_ns // DAY + 1) * DAY
        assert halt.until_ns == (next_day if lifts else 0)

    def test_a_lifted_halt_begins_a_new_peak(self, context):
        rule = DrawdownHalt(DrawdownHaltConfig())
        lose_pct(context, 12.0)
        context.on_resumed(rule.watch(context))
        assert context.drawdown_pct == 0.0
        assert rule.watch(context) is None

    def test_the_end_of_another_halt_leaves_the_peak_alone(self, context):
        lose_pct(context, 6.0)
        context.on_resumed(TradingHalted(ts_event=1, rule="daily_loss", reason=""))
        assert context.drawdown_pct == pytest.approx(6.0)


class TestDailyLoss:
    @pytest.mark.parametrize(("pct", "halts"), [(4.9, False), (5.0, True)])
    def test_latches_until_the_next_utc_day(self, context, make_request, pct, halts):
        rule = DailyLoss(DailyLossConfig())
        lose_pct(context, pct)
        verdict = rule.check(make_request(), context)
        assert verdict.approved is not halts
        assert verdict.observed == pytest.approx(pct)
        halt = rule.watch(context)
        assert (halt.until_ns if halt else None) == ((20_001 * DAY) if halts else None)

    def test_the_next_day_starts_from_its_own_equity(self, context):
        lose_pct(context, 4.0)
        context.on_mark(BTC, 96.0, 20_001 * DAY)
        assert context.daily_loss_pct == 0.0
        context.on_mark(BTC, 96.0 * 0.94, 20_001 * DAY + HOUR)
        assert DailyLoss(DailyLossConfig()).watch(context) is not None


class TestSettlement:
    def test_a_profit_is_not_counted_twice_between_balance_and_fill(self, context):
        context.on_fill("Alpha-A", BTC, Decimal(100), Decimal(100), Decimal(0))
        context.on_mark(BTC, 110.0, context.clock.now_ns + HOUR)
        context.on_balance(11_000.0)
        context.on_mark(BTC, 110.0, context.clock.now_ns + 1)
        context.on_fill("Alpha-A", BTC, Decimal(-100), Decimal(110), Decimal(0))
        context.on_mark(BTC, 110.0, context.clock.now_ns + HOUR)
        assert context.peak_usdt == 11_000.0
        assert context.equity_usdt == 11_000.0


class TestRestore:
    def test_a_restart_forgets_neither_halt_nor_peak_nor_pause(self, make_request, make_verdict):
        context = RiskContext(MarketClock())
        throttle = Throttle(ThrottleConfig())
        request = make_request()
        fold = RiskFold(context, [("throttle", throttle)])
        halt = TradingHalted(ts_event=request.ts, rule="drawdown_halt", reason="fell")
        context.on_balance(10_000.0)
        fold.apply(make_verdict(request))
        fold.apply(MarketMarked(ts_event=request.ts, instrument_id=BTC, price=100.0))
        context.on_balance(9_000.0)
        fold.apply(MarketMarked(ts_event=request.ts + 3 * 10**9, instrument_id=BTC, price=100.0))
        fold.apply(halt)
        assert context.breakers.halt is halt
        assert context.peak_usdt == pytest.approx(10_000.0)
        assert context.drawdown_pct == pytest.approx(10.0)
        assert not throttle.check(request, context).approved
        fold.apply(TradingResumed(ts_event=request.ts, reason="", author="operator"))
        assert context.breakers.halt is None
        assert context.drawdown_pct == 0.0

    def test_a_snapshot_brings_back_the_whole_context(self):
        context = RiskContext(MarketClock())
        context.on_balance(10_000.0)
        context.on_mark(BTC, 100.0, 5 * DAY)
        context.on_fill("Alpha-A", BTC, Decimal("1.5"), Decimal(100), Decimal("0.1"))
        context.on_fill("Beta-B", BTC, Decimal(-1), Decimal(101), Decimal("0.1"), role="S")
        context.on_mark(BTC, 90.0, 5 * DAY + 10 * 10**9)
        context.breakers.apply(TradingHalted(ts_event=5 * DAY, reason="fell"))
        context.breakers.apply(StrategyPaused(ts_event=5 * DAY, strategy="Alpha", author="operator"))
        again = RiskContext(MarketClock())
        again.restore(msgspec.json.decode(msgspec.json.encode(context.state()), type=RiskState))
        assert again.state() == context.state()
        assert again.holdings == context.holdings
        assert again.unrealized_usdt() == context.unrealized_usdt()
        assert again.exposures() == context.exposures()

    def test_a_correction_is_booked_without_a_fee(self):
        context = RiskContext(MarketClock())
        fold = RiskFold(context, [])
        fold.apply(
            LedgerCorrected(
                ts_event=1,
                strategy_id="EXTERNAL",
                instrument_id=BTC,
                quantity="-0.5",
                price="100",
                reason="manual",
                author="attribution",
            )
        )
        assert context.ledgers.by_strategy(BTC) == {"EXTERNAL": Decimal("-0.5")}
