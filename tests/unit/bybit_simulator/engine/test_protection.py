"""Take-profit and stop-loss belong to the net position."""

from decimal import Decimal


def test_an_entry_gives_its_stop_and_target_to_the_position(desk):
    desk.order(qty="0.1", takeProfit="51000", stopLoss="49000")
    position = desk.exchange.position("BTCUSDT")
    assert (position.take_profit, position.stop_loss) == (51000, 49000)
    stops = desk.stops
    assert set(stops) == {"TakeProfit", "StopLoss"}
    assert all(o.order_link_id == "" and o.reduce_only and o.close_on_trigger for o in stops.values())
    assert [stops[leg].trigger_direction for leg in ("TakeProfit", "StopLoss")] == [1, 2]


def test_a_triggered_stop_closes_the_position_and_cancels_the_target(desk):
    desk.order(qty="0.1", takeProfit="51000", stopLoss="49000")
    stops = desk.stops
    desk.move("49000")
    assert desk.size == 0
    assert desk.find(stops["StopLoss"]).status == "Filled"
    assert desk.find(stops["StopLoss"]).create_type == "CreateByStopLoss"
    target = desk.find(stops["TakeProfit"])
    assert (target.status, target.cancel_type) == ("Cancelled", "CancelByOCOTpCanceledBySlTriggered")
    assert desk.exchange.position("BTCUSDT").take_profit is None


def test_a_triggered_target_closes_a_short_and_cancels_the_stop(desk):
    desk.order(side="Sell", qty="0.1", takeProfit="49000", stopLoss="51000")
    stops = desk.stops
    desk.move("49000")
    assert desk.size == 0
    assert desk.find(stops["StopLoss"]).cancel_type == "CancelByOCOSlCanceledByTpTriggered"


def test_protection_follows_the_size_of_the_position(desk):
    desk.order(qty="0.1", stopLoss="49000")
    desk.order(qty="0.2")
    assert desk.stops["StopLoss"].qty == Decimal("0.3")
    desk.order(side="Sell", qty="0.25")
    assert desk.stops["StopLoss"].qty == Decimal("0.05")


def test_a_second_entry_replaces_the_stop(desk):
    desk.order(qty="0.1", stopLoss="49000")
    first = desk.stops["StopLoss"]
    desk.order(qty="0.1", stopLoss="48000")
    assert desk.find(first).cancel_type == "CancelByTpSlTsClear"
    assert desk.stops["StopLoss"].trigger_price == 48000
    assert desk.exchange.position("BTCUSDT").stop_loss == 48000


def test_protection_goes_when_the_position_closes_or_turns(desk):
    desk.order(qty="0.1", takeProfit="51000", stopLoss="49000")
    desk.order(side="Sell", qty="0.3")
    assert desk.size == Decimal("-0.2")
    assert desk.stops == {}
    assert desk.exchange.position("BTCUSDT").stop_loss is None


def test_an_order_that_turns_the_position_protects_the_new_one(desk):
    desk.order(qty="0.1", stopLoss="49000")
    desk.order(side="Sell", qty="0.3", stopLoss="51000")
    assert desk.stops["StopLoss"].side == "Buy"
    assert desk.stops["StopLoss"].qty == Decimal("0.2")
    desk.move("51000")
    assert desk.size == 0


def test_a_resting_entry_protects_the_position_from_its_first_partial_fill(desk):
    desk.order(price="49900", qty="0.1", stopLoss="49000")
    assert desk.stops == {}
    desk.trade("49900", qty="0.03")
    assert desk.stops["StopLoss"].qty == Decimal("0.03")
    desk.trade("49900", qty="0.03")
    assert desk.stops["StopLoss"].qty == Decimal("0.06")


def test_trading_stop_sets_moves_and_clears_protection(desk):
    assert desk.refusal(desk.trading_stop, stopLoss="49000") == 10001
    desk.order(qty="0.1")
    desk.trading_stop(stopLoss="49000", takeProfit="51000")
    assert desk.refusal(desk.trading_stop, stopLoss="49000") == 34040
    assert desk.refusal(desk.trading_stop, stopLoss="50500") == 10001
    assert desk.refusal(desk.trading_stop, trailingStop="100") == 10001
    desk.trading_stop(stopLoss="49500")
    assert {leg: order.trigger_price for leg, order in desk.stops.items()} == {
        "StopLoss": 49500,
        "TakeProfit": 51000,
    }
    desk.trading_stop(takeProfit="0")
    assert set(desk.stops) == {"StopLoss"}


def test_cancelling_or_moving_a_protective_order_changes_the_position_too(desk):
    desk.order(qty="0.1", takeProfit="51000", stopLoss="49000")
    desk.amend(orderId=desk.stops["StopLoss"].order_id, triggerPrice="49500")
    assert desk.exchange.position("BTCUSDT").stop_loss == 49500
    desk.exchange.cancel_order("BTCUSDT", order_id=desk.stops["TakeProfit"].order_id)
    assert desk.exchange.position("BTCUSDT").take_profit is None
    assert set(desk.stops) == {"StopLoss"}


def test_a_reduce_only_order_is_cut_to_the_position_when_placed(desk):
    desk.order(qty="0.1")
    order = desk.order(side="Sell", qty="0.5", reduceOnly=True)
    assert (order.status, order.qty) == ("Filled", Decimal("0.1"))
    assert desk.size == 0


def test_a_reduce_only_order_cannot_increase(desk):
    desk.order(qty="0.1")
    assert desk.refusal(desk.order, side="Buy", reduceOnly=True) == 110017


def test_reduce_only_orders_shrink_and_go_with_the_position(desk):
    desk.order(qty="0.3")
    target = desk.order(side="Sell", price="51000", qty="0.3", reduceOnly=True)
    stop = desk.order(side="Sell", qty="0.3", triggerPrice="49000", triggerDirection=2, reduceOnly=True)
    desk.order(side="Sell", qty="0.2")
    assert desk.find(target).leaves_qty == Decimal("0.1")
    assert desk.find(stop).leaves_qty == Decimal("0.1")
    desk.order(side="Sell", qty="0.1")
    assert [desk.find(o).cancel_type for o in (target, stop)] == ["CancelByReduceOnly"] * 2
    assert desk.exchange.open_orders() == []


def test_two_reduce_only_orders_never_turn_the_position_between_them(desk):
    desk.order(qty="0.1")
    for price in ("50500", "50600"):
        desk.order(side="Sell", price=price, qty="0.1", reduceOnly=True)
    desk.move("51000")
    assert desk.size == 0


def test_zero_quantity_with_reduce_only_and_close_on_trigger_closes_everything(desk):
    desk.order(qty="0.123")
    desk.order(side="Sell", qty="0", reduceOnly=True, closeOnTrigger=True)
    assert desk.size == 0


def test_a_reduce_only_order_cannot_be_amended_beyond_the_position(desk):
    desk.order(qty="0.2")
    order = desk.order(side="Sell", price="51000", qty="0.1", reduceOnly=True)
    assert desk.amend(orderId=order.order_id, qty="0.5").qty == Decimal("0.2")
