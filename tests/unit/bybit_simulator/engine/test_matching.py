"""How orders meet the market."""

from decimal import Decimal


def test_a_market_order_is_pushed_as_new_execution_filled_position_wallet(desk):
    desk.order(qty="0.100")
    assert desk.heard() == [
        "order New",
        "execution 0.100@50000.0",
        "order Filled",
        "position Buy 0.100",
        "wallet",
    ]


def test_a_market_order_eats_the_book_level_by_level(desk):
    desk.book([("49999.9", 1)], [("50000.0", "0.05"), ("50000.5", "0.03"), ("50001.0", 5)])
    order = desk.order(qty="0.1")
    fills = [(str(e.exec_price), str(e.exec_qty)) for e in reversed(desk.exchange.executions())]
    assert fills == [("50000.0", "0.05"), ("50000.5", "0.03"), ("50001.0", "0.02")]
    assert order.status == "Filled"
    assert order.avg_price == (Decimal("50000.0") * 5 + Decimal("50000.5") * 3 + Decimal("50001.0") * 2) / 10


def test_what_one_order_took_is_gone_for_the_next_until_the_book_moves(desk):
    desk.book([("49999.9", 1)], [("50000.0", "0.1"), ("50001.0", 1)])
    desk.order(qty="0.1")
    assert desk.order(qty="0.1").avg_price == Decimal("50001.0")
    desk.book([("49999.9", 1)], [("50000.0", "0.1")])
    assert desk.order(qty="0.1").avg_price == Decimal("50000.0")


def test_a_market_order_larger_than_the_book_fills_in_part_and_is_cancelled(desk):
    desk.book([("49999.9", 1)], [("50000.0", "0.04")])
    order = desk.order(qty="0.1")
    assert (order.status, order.cum_exec_qty, order.leaves_qty) == ("Cancelled", Decimal("0.04"), 0)
    assert order.reject_reason == "EC_NoImmediateQtyToFill"
    assert desk.size == Decimal("0.04")


def test_a_limit_order_rests_below_the_market_and_pays_the_maker_fee_when_a_trade_passes_it(desk):
    order = desk.order(price="49900", qty="0.1")
    assert desk.heard() == ["order New"]
    desk.trade("49899.9", qty="0.001")
    filled = desk.find(order)
    assert filled.status == "Filled"
    assert filled.avg_price == Decimal(49900)
    execution = desk.exchange.executions()[0]
    assert execution.is_maker
    assert execution.exec_fee == Decimal(49900) * Decimal("0.1") * Decimal("0.0002")


def test_a_trade_at_the_limit_price_fills_only_what_was_traded(desk):
    order = desk.order(price="49900", qty="0.1")
    desk.trade("49900", qty="0.03", side="Sell")
    assert desk.find(order).status == "PartiallyFilled"
    assert desk.find(order).leaves_qty == Decimal("0.07")
    desk.trade("49900", qty="5", side="Buy")
    assert desk.find(order).leaves_qty == Decimal("0.07"), "a buyer takes offers, not our bid"
    desk.trade("49900", qty="5", side="Sell")
    assert desk.find(order).status == "Filled"


def test_one_trade_at_a_price_is_shared_by_the_orders_there_oldest_first(desk):
    first = desk.order(price="49900", qty="0.1")
    second = desk.order(price="49900", qty="0.1")
    desk.trade("49900", qty="0.15")
    assert desk.find(first).status == "Filled"
    assert desk.find(second).cum_exec_qty == Decimal("0.05")


def test_a_crossing_quote_fills_a_resting_order_at_its_own_price(desk):
    order = desk.order(price="49900", qty="0.1")
    desk.book([("49800", 1)], [("49850", "0.04"), ("49880", "0.02"), ("49950", 3)])
    assert desk.find(order).cum_exec_qty == Decimal("0.06")
    assert desk.exchange.executions()[0].exec_price == Decimal(49900)


def test_a_limit_order_through_the_book_takes_up_to_its_price_and_rests_with_the_remainder(desk):
    desk.book([("49999.9", 1)], [("50000.0", "0.02"), ("50010.0", "5")])
    order = desk.order(price="50005", qty="0.1")
    assert (order.status, order.cum_exec_qty) == ("PartiallyFilled", Decimal("0.02"))
    assert [o.order_id for o in desk.exchange.open_orders()] == [order.order_id]


def test_a_post_only_order_that_would_take_is_accepted_and_then_cancelled_with_its_reason(desk):
    order = desk.order(price="50000", timeInForce="PostOnly")
    assert (order.status, order.reject_reason) == ("Cancelled", "EC_PostOnlyWillTakeLiquidity")
    assert desk.heard() == ["order Cancelled"]
    assert desk.order(price="49999", timeInForce="PostOnly").status == "New"


def test_an_ioc_order_never_rests(desk):
    desk.book([("49999.9", 1)], [("50000.0", "0.02")])
    partly = desk.order(price="50000", qty="0.1", timeInForce="IOC")
    assert (partly.status, partly.cum_exec_qty) == ("Cancelled", Decimal("0.02"))
    nothing = desk.order(price="49000", qty="0.1", timeInForce="IOC")
    assert (nothing.status, nothing.reject_reason) == ("Cancelled", "EC_NoImmediateQtyToFill")


def test_a_fok_order_fills_whole_or_not_at_all(desk):
    desk.book([("49999.9", 1)], [("50000.0", "0.02"), ("50001.0", "0.2")])
    refused = desk.order(price="50000", qty="0.1", timeInForce="FOK")
    assert (refused.status, refused.cum_exec_qty) == ("Cancelled", 0)
    assert refused.reject_reason == "EC_CancelForNoFullFill"
    assert desk.order(price="50001", qty="0.1", timeInForce="FOK").status == "Filled"


def test_an_amended_order_moves_and_may_take_liquidity(desk):
    order = desk.order(price="49000", qty="0.1", orderLinkId="mine")
    assert desk.amend(orderLinkId="mine", qty="0.2", price="49500").leaves_qty == Decimal("0.2")
    filled = desk.amend(orderId=order.order_id, price="50000")
    assert (filled.status, filled.avg_price) == ("Filled", Decimal("50000.0"))


def test_cancel_all_cancels_resting_and_conditional_orders_of_the_symbol(desk):
    desk.quote("3000", "3000.01", symbol="ETHUSDT")
    desk.mark("3000", symbol="ETHUSDT")
    desk.order(price="49000")
    desk.order(triggerPrice="51000", triggerDirection=1)
    other = desk.order(price="2900", qty="0.1", symbol="ETHUSDT")
    cancelled = desk.exchange.cancel_all("BTCUSDT")
    assert [order.status for order in cancelled] == ["Cancelled", "Cancelled"]
    assert [order.order_id for order in desk.exchange.open_orders()] == [other.order_id]
    assert desk.exchange.cancel_all(settle_coin="USDC") == []
    assert len(desk.exchange.cancel_all(settle_coin="USDT")) == 1


def test_history_holds_ended_orders_newest_first(desk):
    first = desk.order()
    second = desk.order(side="Sell")
    desk.order(price="49000")
    assert [o.order_id for o in desk.exchange.order_history()] == [second.order_id, first.order_id]
    assert [o.order_id for o in desk.exchange.order_history(limit=1)] == [second.order_id]


def test_orders_carry_wall_time_and_market_data_market_time(desk):
    order = desk.order()
    assert order.created_ms > 1_700_000_000_000
    desk.trade("50000")
    assert desk.exchange.recent_trades("BTCUSDT")[0].ts_ms < 1_700_000_000_000
