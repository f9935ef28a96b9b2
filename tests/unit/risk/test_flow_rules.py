"""Rules about who may send how often: trading state, confidence, in flight, throttle, caps, cooldown."""

from decimal import Decimal

import msgspec
import pytest

from nautilus_bot.core.messages import (
    StrategyPaused,
    StrategyResumed,
    TradingHalted,
    TradingReduceOnly,
    TradingResumed,
)
from nautilus_bot.risk.reservations import Reservation
from nautilus_bot.risk.rules.cooldown import Cooldown, CooldownConfig
from nautilus_bot.risk.rules.hourly_cap import HourlyCap, HourlyCapConfig
from nautilus_bot.risk.rules.in_flight import InFlight, InFlightConfig
from nautilus_bot.risk.rules.min_confidence import MinConfidence, MinConfidenceConfig
from nautilus_bot.risk.rules.throttle import Throttle, ThrottleConfig
from nautilus_bot.risk.rules.trading_state import TradingState, TradingStateConfig

SEC = 10**9
MINUTE = 60 * SEC
HOUR = 60 * MINUTE
BTC = "BTCUSDT-LINEAR.BYBIT"
ETH = "ETHUSDT-LINEAR.BYBIT"


class TestTradingState:
    rule = TradingState(TradingStateConfig())

    def test_approves_while_no_breaker_is_set(self, context, make_request):
        assert self.rule.check(make_request(), context).approved

    def test_refuses_while_halted_and_names_the_rule_behind_the_halt(self, context, make_request):
        context.breakers.apply(TradingHalted(ts_event=1, rule="drawdown_halt", reason="fell 11 %"))
        verdict = self.rule.check(make_request(), context)
        assert not verdict.approved
        assert verdict.reason == "halted by drawdown_halt: fell 11 %"
        context.breakers.apply(TradingResumed(ts_event=2, reason="ok", author="operator"))
        assert self.rule.check(make_request(), context).approved

    def test_a_halt_that_ends_with_the_day_leaves_an_instrument_to_the_operator(self, context, make_request):
        breakers = context.breakers
        breakers.apply(
            TradingReduceOnly(ts_event=1, reason="unknown position", author="x", instrument_id=BTC)
        )
        breakers.apply(TradingHalted(ts_event=2, rule="daily_loss", reason="lost 5 %", until_ns=3))
        breakers.apply(TradingResumed(ts_event=3, reason="the halt has ended", author="risk"))
        assert breakers.halt is None
        assert not self.rule.check(make_request(), context).approved
        breakers.apply(TradingResumed(ts_event=4, reason="assigned", author="operator"))
        assert self.rule.check(make_request(), context).approved

    @pytest.mark.parametrize(("instrument_id", "other_passes"), [(BTC, True), ("", False)])
    def test_reduce_only_holds_for_one_instrument_or_for_all(
        self, context, make_request, instrument_id, other_passes
    ):
        context.breakers.apply(
            TradingReduceOnly(
                ts_event=1, reason="unknown position", author="node", instrument_id=instrument_id
            )
        )
        assert not self.rule.check(make_request(), context).approved
        assert self.rule.check(make_request(instrument_id=ETH), context).approved is other_passes

    @pytest.mark.parametrize("paused", ["Alpha", "Alpha-A"])
    def test_a_paused_strategy_is_refused_by_name_or_id_and_others_are_not(
        self, context, make_request, paused
    ):
        context.breakers.apply(StrategyPaused(ts_event=1, strategy=paused, author="operator"))
        assert not self.rule.check(make_request(), context).approved
        assert self.rule.check(make_request(strategy_id="Beta-B"), context).approved
        context.breakers.apply(StrategyResumed(ts_event=2, strategy=paused, author="operator"))
        assert self.rule.check(make_request(), context).approved


class TestMinConfidence:
    rule = MinConfidence(MinConfidenceConfig())

    @pytest.mark.parametrize(("confidence", "passes"), [(0.61, True), (0.6, True), (0.5999, False)])
    def test_the_threshold_itself_passes(self, context, make_request, confidence, passes):
        verdict = self.rule.check(make_request(confidence=confidence), context)
        assert (verdict.approved, verdict.limit, verdict.observed) == (passes, 0.6, confidence)

    def test_a_refusal_shows_as_many_digits_as_it_takes(self, context, make_request):
        reasons = [self.rule.check(make_request(confidence=one), context).reason for one in (0.55, 0.5999)]
        assert reasons == ["confidence 0.55 < 0.60", "confidence 0.59990 < 0.60"]

    def test_an_entry_without_a_signal_is_refused(self, context, make_request):
        assert not self.rule.check(make_request(signal=None), context).approved


class TestInFlight:
    def test_refuses_while_an_entry_of_the_same_ledger_has_not_ended(self, context, make_request):
        rule = InFlight(InFlightConfig())
        entry = Reservation("Alpha-A", BTC, "E", 1, Decimal(2), Decimal(100))
        context.reservations.reserve("first", entry)
        assert not rule.check(make_request(), context).approved
        assert rule.check(make_request(instrument_id=ETH), context).approved
        assert rule.check(make_request(strategy_id="Beta-B"), context).approved
        context.reservations.fill("first", Decimal(2))
        assert rule.check(make_request(), context).approved

    def test_an_exit_under_way_does_not_count(self, context, make_request):
        rule = InFlight(InFlightConfig())
        context.reservations.reserve("stop", Reservation("Alpha-A", BTC, "S", -1, Decimal(1), Decimal(90)))
        assert rule.check(make_request(), context).approved

    def test_refuses_an_id_that_was_approved_before(self, context, make_request, make_verdict):
        rule = InFlight(InFlightConfig())
        request = make_request()
        rule.observe(make_verdict(request, approved=False))
        assert rule.check(request, context).approved
        rule.observe(make_verdict(request))
        verdict = rule.check(request, context)
        assert "was used before" in verdict.reason


class TestThrottle:
    @pytest.mark.parametrize(("later_ns", "passes"), [(30 * SEC - 1, False), (30 * SEC, True)])
    def test_the_pause_itself_is_long_enough(self, context, make_request, make_verdict, later_ns, passes):
        rule = Throttle(ThrottleConfig())
        first = make_request()
        assert rule.check(first, context).approved
        rule.observe(make_verdict(first))
        verdict = rule.check(msgspec.structs.replace(first, ts=first.ts + later_ns), context)
        assert verdict.approved is passes
        assert (verdict.limit, verdict.unit) == (30.0, "secs")
        assert verdict.observed == pytest.approx(30.0)

    def test_refused_entries_and_exits_begin_no_pause(self, context, make_request, make_verdict):
        rule = Throttle(ThrottleConfig())
        rule.observe(make_verdict(make_request(), approved=False))
        rule.observe(make_verdict(make_request(role="S")))
        assert rule.check(make_request(), context).approved

    @pytest.mark.parametrize(("scope", "passes"), [("strategy", False), ("strategy_symbol", True)])
    def test_the_scope_decides_whether_instruments_share_the_pause(
        self, context, make_request, make_verdict, scope, passes
    ):
        rule = Throttle(ThrottleConfig(scope=scope))
        rule.observe(make_verdict(make_request()))
        assert rule.check(make_request(instrument_id=ETH), context).approved is passes
        assert rule.check(make_request(strategy_id="Beta-B"), context).approved

    def test_a_strategy_may_have_a_pause_of_its_own(self, context, make_request, make_verdict):
        rule = Throttle(ThrottleConfig(secs_by_strategy={"Alpha": 0.0}))
        for strategy_id, passes in (("Alpha-A", True), ("Beta-B", False)):
            request = make_request(strategy_id=strategy_id)
            rule.observe(make_verdict(request))
            assert rule.check(request, context).approved is passes


class TestHourlyCap:
    def test_the_fourth_entry_of_a_strategy_within_an_hour_is_refused(
        self, context, make_request, make_verdict
    ):
        rule = HourlyCap(HourlyCapConfig())
        first = make_request()
        for minute in range(3):
            request = msgspec.structs.replace(first, ts=first.ts + minute * MINUTE)
            assert rule.check(request, context).approved
            rule.observe(make_verdict(request))
        verdict = rule.check(msgspec.structs.replace(first, ts=first.ts + HOUR - 1), context)
        assert (verdict.approved, verdict.limit, verdict.observed) == (False, 3.0, 4.0)
        assert rule.check(msgspec.structs.replace(first, ts=first.ts + HOUR), context).approved
        assert rule.check(make_request(strategy_id="Beta-B"), context).approved

    def test_the_sixteenth_entry_of_all_strategies_is_refused(self, context, make_request, make_verdict):
        rule = HourlyCap(HourlyCapConfig())
        for number in range(15):
            request = make_request(strategy_id=f"S{number // 3}-X")
            assert rule.check(request, context).approved
            rule.observe(make_verdict(request))
        verdict = rule.check(make_request(strategy_id="New-X"), context)
        assert (verdict.approved, verdict.limit, verdict.observed) == (False, 15.0, 16.0)


class TestCooldown:
    def test_a_filled_stop_pauses_its_strategy_in_its_instrument(self, context, make_request):
        rule = Cooldown(CooldownConfig(secs=60))
        fill = (Decimal(1), Decimal(100), Decimal(0))
        context.on_fill("Alpha-A", BTC, *fill, role="E")
        assert rule.check(make_request(), context).approved
        context.on_fill("Alpha-A", BTC, Decimal(-1), Decimal(95), Decimal(0), role="S")
        verdict = rule.check(make_request(), context)
        assert (verdict.approved, verdict.limit, verdict.observed) == (False, 1.0, 1.0)
        assert rule.check(make_request(instrument_id=ETH), context).approved
        later = make_request(ts=context.clock.now_ns + MINUTE)
        assert rule.check(later, context).approved
