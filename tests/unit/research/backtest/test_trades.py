"""Fills become trades: by hand, at average cost, fees and funding included."""

from decimal import Decimal

import pytest

from nautilus_bot.research.backtest.recorded import Fill, Funding
from nautilus_bot.research.backtest.trades import build_trades

BTC = "BTCUSDT-LINEAR.BYBIT"


def fill(ts, quantity, price, fee="0", role="E", strategy="A-1", signal="BT-X-BTCUSDT-1"):
    return Fill(ts, strategy, BTC, f"{signal}-{role}", Decimal(quantity), Decimal(price), Decimal(fee))


def test_a_long_earns_the_difference_less_both_fees():
    (trade,) = build_trades([fill(1, "2", "100", "0.11"), fill(5, "-2", "110", "0.121", role="T1")])
    assert (trade.side, trade.opened_ns, trade.closed_ns, trade.ended_by) == ("LONG", 1, 5, "target")
    assert trade.gross == 20
    assert trade.pnl == Decimal("19.769")
    assert trade.signal_id == "BT-X-BTCUSDT-1"


def test_a_short_that_is_stopped_above_its_entry_loses():
    (trade,) = build_trades([fill(1, "-3", "100"), fill(2, "3", "104", role="S1")])
    assert (trade.side, trade.pnl, trade.ended_by) == ("SHORT", -12, "stop")


def test_partial_fills_are_one_trade_at_their_average():
    fills = [
        fill(1, "1", "100"),
        fill(2, "3", "104"),
        fill(3, "-2", "110", role="T1"),
        fill(4, "-2", "100", role="S2"),
    ]
    (trade,) = build_trades(fills)
    assert (trade.entry, trade.exit, trade.quantity) == (103, 105, 4)
    assert trade.gross == 8


def test_funding_belongs_to_the_trade_that_was_open():
    bookings = [
        fill(1, "1", "100"),
        fill(2, "-1", "100", role="C"),
        fill(3, "1", "100"),
        Funding(4, "A-1", Decimal("-0.5")),
        fill(5, "-1", "100", role="C"),
    ]
    first, second = build_trades(bookings)
    assert (first.funding, second.funding, second.pnl) == (0, Decimal("-0.5"), Decimal("-0.5"))


def test_strategies_on_one_symbol_keep_their_own_trades():
    fills = [
        fill(1, "1", "100", strategy="A-1"),
        fill(2, "-1", "101", strategy="B-1"),
        fill(3, "-1", "102", role="T1", strategy="A-1"),
        fill(4, "1", "103", role="S1", strategy="B-1"),
    ]
    assert [(trade.strategy_id, trade.pnl) for trade in build_trades(fills)] == [("A-1", 2), ("B-1", -2)]


def test_what_is_open_at_the_end_comes_last_with_only_its_closed_part_realised():
    (trade,) = build_trades([fill(1, "4", "100", "1"), fill(2, "-1", "108", "0.25", role="T1")])
    assert trade.is_open
    assert (trade.gross, trade.pnl, trade.ended_by) == (8, Decimal("6.75"), "open")


def test_a_fill_that_turns_the_position_around_is_cut_in_two():
    fills = [fill(1, "1", "100"), fill(2, "-3", "110", "0.3", role="C"), fill(3, "2", "105", role="C")]
    first, second = build_trades(fills)
    assert (first.side, first.gross, first.fees) == ("LONG", 10, Decimal("0.1"))
    assert (second.side, second.gross, second.fees) == ("SHORT", 10, Decimal("0.2"))


def test_funding_without_a_position_is_a_bug():
    with pytest.raises(AssertionError, match="without a position"):
        build_trades([Funding(1, "A-1", Decimal(1))])
