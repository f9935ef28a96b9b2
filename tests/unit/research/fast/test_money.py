"""Whole-number money against Nautilus's own objects."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nautilus_trader.model.currencies import USDT
from nautilus_trader.model.objects import Money, Price, Quantity

from nautilus_bot.market.instruments import build_instrument, facts_of, known_symbols
from nautilus_bot.research.fast.market import build_sizing, build_venue, price_precision, size_precision
from nautilus_bot.research.fast.money import fee_of, funding_of, lots_of, profit_of, to_double, to_money
from strategies.sizing import SizingLimits, entry_quantity

symbols = st.sampled_from(known_symbols())
prices = st.integers(1_000, 20_000_000)
lots = st.integers(1, 40_000)
sides = st.sampled_from([1, -1])


def market_price(symbol, points):
    precision = price_precision(facts_of(symbol))
    return Price(Decimal(points).scaleb(-precision), precision)


def quantity(symbol, units):
    precision = size_precision(facts_of(symbol))
    return Quantity(Decimal(units).scaleb(-precision), precision)


@given(value=st.floats(-1e7, 1e7))
def test_money_rounds_like_nautilus(value):
    assert to_money(value) == int(Money(value, USDT).as_decimal().scaleb(8))


@pytest.mark.parametrize("units", [1, 3, 12_345])
def test_half_a_unit_is_rounded_away_from_zero(units):
    value = (units + 0.5) / 1e8
    assert to_money(value) == int(Money(value, USDT).as_decimal().scaleb(8))
    assert to_money(-value) == -to_money(value)


@given(symbol=symbols, points=prices, units=lots)
def test_prices_and_quantities_become_the_doubles_of_nautilus(symbol, points, units):
    venue = build_venue(facts_of(symbol))
    assert to_double(points, venue.price_factor) == market_price(symbol, points).as_double()
    assert to_double(units, venue.size_factor) == quantity(symbol, units).as_double()


@given(symbol=symbols, points=prices, units=lots)
def test_fees_are_those_of_nautilus_maker_taker_model(symbol, points, units):
    instrument, venue = build_instrument(symbol), build_venue(facts_of(symbol))
    notional = instrument.notional_value(quantity(symbol, units), market_price(symbol, points)).as_decimal()
    for rate, fee in ((venue.taker_rate, instrument.taker_fee), (venue.maker_rate, instrument.maker_fee)):
        theirs = Money(notional * fee, USDT).as_decimal()
        assert Decimal(fee_of(units, points, rate, venue)).scaleb(-8) == theirs


@given(symbol=symbols, entry=prices, leaving=prices, units=lots, side=sides)
def test_profit_is_exact_to_a_unit_and_antisymmetric(symbol, entry, leaving, units, side):
    venue = build_venue(facts_of(symbol))
    exact = Decimal(side * units * (leaving - entry)) / Decimal(venue.notional_scale) * 10**8
    ours = profit_of(side, units, entry, leaving, venue)
    assert abs(Decimal(ours) - exact) <= 1 + abs(exact) * Decimal("1e-14")
    assert ours == -profit_of(-side, units, entry, leaving, venue)


@given(symbol=symbols, points=prices, units=lots, side=sides, rate=st.integers(-30_000_000, 30_000_000))
def test_funding_is_rounded_half_to_even(symbol, points, units, side, rate):
    venue = build_venue(facts_of(symbol))
    signed = side * quantity(symbol, units).as_decimal()
    amount = (-signed * market_price(symbol, points).as_decimal() * Decimal(rate).scaleb(-10)).quantize(
        Decimal("0.00000001")
    )
    assert Decimal(funding_of(side, units, points, rate, venue)).scaleb(-8) == amount


@given(
    symbol=symbols,
    balance=st.integers(-(10**9), 10**14),
    points=prices,
    distance=st.integers(1, 100_000),
    risk=st.sampled_from(["0.1", "0.5", "1", "2.25"]),
    leverage=st.sampled_from(["1", "3", "7.5"]),
    notional=st.sampled_from(["Infinity", "15000", "30000"]),
)
def test_sizing_equals_the_strategies_own_in_decimals(
    symbol, balance, points, distance, risk, leverage, notional
):
    facts = facts_of(symbol)
    limits = SizingLimits(Decimal(risk), Decimal(leverage), Decimal(notional))
    stop = points + distance
    theirs = entry_quantity(
        Decimal(balance).scaleb(-8),
        market_price(symbol, points).as_decimal(),
        market_price(symbol, stop).as_decimal(),
        Decimal(facts.step),
        limits,
    )
    sizing = build_sizing(facts, limits, Decimal(10_000))
    assert lots_of(balance, points, stop, sizing) * Decimal(facts.step) == theirs


def test_a_stop_at_the_price_buys_nothing():
    sizing = build_sizing(
        facts_of("BTCUSDT"), SizingLimits(Decimal(1), Decimal(3), Decimal("Infinity")), Decimal(10_000)
    )
    assert lots_of(10**12, 400_000, 400_000, sizing) == 0
