"""Rules about prices and positions: volatility, size, exposure, correlation, value at risk."""

from decimal import Decimal
from math import sqrt

import numpy as np
import pytest

from nautilus_bot.risk.reservations import Reservation
from nautilus_bot.risk.rules.correlation import Correlation, CorrelationConfig
from nautilus_bot.risk.rules.exposure import Exposure, ExposureConfig
from nautilus_bot.risk.rules.max_position import MaxPosition, MaxPositionConfig
from nautilus_bot.risk.rules.portfolio_var import PortfolioVar, PortfolioVarConfig
from nautilus_bot.risk.rules.volatility import Volatility, VolatilityConfig
from nautilus_bot.risk.value_at_risk import ReturnSample

BTC = "BTCUSDT-LINEAR.BYBIT"
ETH = "ETHUSDT-LINEAR.BYBIT"
FREE = Decimal(0)


def hold(context, strategy_id, instrument_id, quantity, price):
    context.on_fill(strategy_id, instrument_id, Decimal(quantity), Decimal(price), FREE)


class TestVolatility:
    def test_measures_the_deviation_of_hourly_returns_scaled_to_a_day(
        self, context, make_request, move_hourly
    ):
        moves = [1.5, -0.5] * 13
        move_hourly(btc=moves)
        verdict = Volatility(VolatilityConfig(limit_pct=4.0)).check(make_request(), context)
        expected = 1.0 * sqrt(24 / 23) * sqrt(24)
        assert not verdict.approved
        assert verdict.observed == pytest.approx(expected, rel=1e-9)
        assert Volatility(VolatilityConfig(limit_pct=5.01)).check(make_request(), context).approved

    def test_zero_mean_counts_a_steady_trend_as_movement(self, context, make_request, move_hourly):
        move_hourly(btc=[1.0] * 26)
        request = make_request()
        calm = Volatility(VolatilityConfig(limit_pct=4.0)).check(request, context)
        moving = Volatility(VolatilityConfig(limit_pct=4.0, measure="zero_mean")).check(request, context)
        assert calm.observed == pytest.approx(0.0, abs=1e-9)
        assert moving.observed == pytest.approx(sqrt(24))

    @pytest.mark.parametrize(("answer", "passes"), [("approve", True), ("refuse", False)])
    def test_says_how_much_history_is_missing(self, context, make_request, move_hourly, answer, passes):
        move_hourly(btc=[1.0] * 10)
        verdict = Volatility(VolatilityConfig(on_missing_history=answer)).check(make_request(), context)
        assert verdict.approved is passes
        assert (verdict.limit, verdict.unit) == (24.0, "samples")
        assert verdict.observed < 24
        assert "not measured" in verdict.reason

    def test_an_instrument_whose_data_stopped_has_a_short_history(self, context, make_request, move_hourly):
        move_hourly(btc=[1.0] * 30, eth=[1.0] * 30)
        move_hourly(eth=[1.0] * 30)
        rule = Volatility(VolatilityConfig(on_missing_history="refuse"))
        assert rule.check(make_request(), context).observed == 0.0

    def test_the_answer_changes_with_the_next_finished_hour(self, context, make_request, move_hourly):
        rule = Volatility(VolatilityConfig())
        move_hourly(btc=[0.1, -0.1] * 13)
        assert rule.check(make_request(), context).approved
        move_hourly(btc=[8.0])
        assert not rule.check(make_request(), context).approved


class TestMaxPosition:
    def test_own_position_in_flight_entries_and_the_order_add_up(self, context, make_request):
        hold(context, "Alpha-A", BTC, "4", "100")
        context.reservations.reserve("x", Reservation("Alpha-A", BTC, "E", 1, Decimal(5), Decimal(100)))
        exact = MaxPosition(MaxPositionConfig(strategy_usdt=1_000.0))
        tight = MaxPosition(MaxPositionConfig(strategy_usdt=999.0))
        assert exact.check(make_request(), context).approved
        verdict = tight.check(make_request(), context)
        assert (verdict.approved, verdict.limit, verdict.observed) == (False, 999.0, 1_000.0)
        assert tight.check(make_request(strategy_id="Beta-B"), context).approved

    def test_the_symbol_limit_nets_all_strategies(self, context, make_request):
        hold(context, "Alpha-A", BTC, "10", "100")
        rule = MaxPosition(MaxPositionConfig(usdt_by_symbol={"BTCUSDT": 1_050.0}))
        verdict = rule.check(make_request(strategy_id="Beta-B"), context)
        assert (verdict.approved, verdict.limit, verdict.observed) == (False, 1_050.0, 1_100.0)
        assert rule.check(make_request(strategy_id="Beta-B", sign=-1), context).approved

    def test_the_percent_limit_follows_equity(self, context, make_request):
        rule = MaxPosition(MaxPositionConfig(strategy_pct=1.0, symbol_pct=None))
        assert rule.check(make_request(quantity=Decimal(1)), context).approved
        assert not rule.check(make_request(quantity=Decimal("1.01")), context).approved

    def test_refuses_without_a_price(self, context, make_request):
        rule = MaxPosition(MaxPositionConfig())
        assert not rule.check(make_request(instrument_id="DOTUSDT-LINEAR.BYBIT"), context).approved


class TestExposure:
    def test_opposite_positions_add_up_in_gross_and_cancel_in_net(self, context, make_request):
        hold(context, "Alpha-A", BTC, "100", "100")
        hold(context, "Beta-B", BTC, "-100", "100")
        rule = Exposure(ExposureConfig(gross=2.0, net=3.0))
        verdict = rule.check(make_request(), context)
        assert (verdict.approved, verdict.limit) == (False, 2.0)
        assert verdict.observed == pytest.approx(2.01)
        assert Exposure(ExposureConfig(gross=2.01, net=0.01)).check(make_request(), context).approved

    def test_the_net_limit_counts_in_flight_entries(self, context, make_request):
        context.reservations.reserve("x", Reservation("Beta-B", ETH, "E", 1, Decimal(990), Decimal(10)))
        verdict = Exposure(ExposureConfig(net=0.99)).check(make_request(), context)
        assert (verdict.approved, verdict.limit) == (False, 0.99)
        assert verdict.observed == pytest.approx(1.0)
        assert Exposure(ExposureConfig(net=1.0)).check(make_request(), context).approved


class TestCorrelation:
    alike = CorrelationConfig(limit=0.8, min_history_hours=20)

    @pytest.mark.parametrize(
        ("opposite", "held", "sign", "passes"),
        [(False, "1", 1, False), (False, "1", -1, True), (True, "1", 1, True), (True, "1", -1, False)],
    )
    def test_directions_count(self, context, make_request, move_hourly, opposite, held, sign, passes):
        moves = [float((7 * i) % 5 - 2) for i in range(26)]
        move_hourly(btc=moves, eth=[-m if opposite else m for m in moves])
        hold(context, "Beta-B", ETH, held, "10")
        verdict = Correlation(self.alike).check(make_request(sign=sign), context)
        assert verdict.approved is passes
        assert verdict.limit == 0.8
        assert abs(verdict.observed) == pytest.approx(1.0)

    def test_without_another_position_there_is_nothing_to_compare(self, context, make_request, move_hourly):
        move_hourly(btc=[1.0, -1.0] * 13, eth=[1.0, -1.0] * 13)
        hold(context, "Beta-B", BTC, "1", "100")
        verdict = Correlation(self.alike).check(make_request(), context)
        assert verdict.approved
        assert verdict.observed is None

    def test_an_entry_in_flight_counts_like_a_position(self, context, make_request, move_hourly):
        move_hourly(btc=[1.0, -1.0] * 13, eth=[1.0, -1.0] * 13)
        context.reservations.reserve("x", Reservation("Beta-B", ETH, "E", 1, Decimal(1), Decimal(10)))
        assert not Correlation(self.alike).check(make_request(), context).approved

    @pytest.mark.parametrize(("answer", "passes"), [("approve", True), ("refuse", False)])
    def test_short_history_is_answered_as_configured(self, context, make_request, answer, passes):
        hold(context, "Beta-B", ETH, "1", "10")
        rule = Correlation(CorrelationConfig(on_missing_history=answer))
        verdict = rule.check(make_request(), context)
        assert verdict.approved is passes
        assert verdict.observed == 0.0
        assert "0 of 48" in verdict.reason


class TestValueAtRisk:
    hourly = np.random.default_rng(7).normal(0.0, 0.01, (720, 2))

    def test_parametric_is_the_normal_quantile_of_the_portfolio(self):
        exposures = np.array([1_000.0, -500.0])
        expected = 1.6448536 * np.std(self.hourly @ exposures, ddof=1) * sqrt(24)
        assert ReturnSample(self.hourly.T.tolist()).parametric(exposures, 95) == pytest.approx(
            expected, rel=1e-6
        )

    def test_historical_is_the_quantile_of_overlapping_days(self):
        exposures = np.array([1_000.0, -500.0])
        profits = self.hourly @ exposures
        days = sorted(float(sum(profits[i : i + 24])) for i in range(697))
        assert ReturnSample(self.hourly.T.tolist()).historical(exposures, 95) == pytest.approx(-days[34])
        assert ReturnSample(self.hourly.T.tolist()).historical(exposures, 99) == pytest.approx(-days[6])

    @pytest.mark.parametrize("method", ["historical", "parametric", "larger"])
    @pytest.mark.parametrize("confidence_pct", [95, 99])
    def test_the_rule_refuses_just_above_what_it_observes(
        self, context, make_request, move_hourly, method, confidence_pct
    ):
        move_hourly(btc=(100 * self.hourly[:300, 0]).tolist())

        def check(limit_pct):
            config = PortfolioVarConfig(limit_pct=limit_pct, method=method, confidence_pct=confidence_pct)
            return PortfolioVar(config).check(make_request(quantity=Decimal(50)), context)

        observed = check(100.0).observed
        assert observed > 1.0
        assert check(observed).approved
        verdict = check(observed * 0.999)
        assert (verdict.approved, verdict.observed) == (False, observed)

    def test_a_hedge_lowers_it_and_an_entry_in_flight_raises_it(self, context, make_request, move_hourly):
        moves = (100 * self.hourly[:300, 0]).tolist()
        move_hourly(btc=moves, eth=moves)
        rule = PortfolioVar(PortfolioVarConfig())
        alone = rule.check(make_request(), context).observed
        eth = Decimal(str(context.marks[BTC])) / Decimal(str(context.marks[ETH]))
        for sign, factor in ((1, 2.0), (-1, 0.0)):
            entry = Reservation("Beta-B", ETH, "E", sign, eth, Decimal(str(context.marks[ETH])))
            context.reservations.reserve("x", entry)
            assert rule.check(make_request(), context).observed == pytest.approx(factor * alone, abs=1e-9)

    @pytest.mark.parametrize(("answer", "passes"), [("approve", True), ("refuse", False)])
    def test_short_history_is_answered_as_configured(self, context, make_request, answer, passes):
        verdict = PortfolioVar(PortfolioVarConfig(on_missing_history=answer)).check(make_request(), context)
        assert (verdict.approved, verdict.limit, verdict.observed) == (passes, 240.0, 0.0)
