"""Orders that wait for a price."""

from decimal import Decimal

import pytest


def test_a_stop_market_order_waits_triggers_and_fills(desk):
    order = desk.order(side="Sell", triggerPrice="49500", triggerDirection=2, qty="0.1")
    assert (order.status, order.stop_order_type) == ("Untriggered", "Stop")
    desk.trade("49500.1")
    assert desk.find(order).status == "Untriggered"
    desk.heard()
    desk.quote("49499.9", "49500")
    desk.trade("49500")
    assert desk.heard() == [
        "order Triggered",
        "execution 0.1@49499.9",
        "order Filled",
        "position Sell 0.1",
        "wallet",
    ]


def test_a_rising_trigger_does_not_wake_on_a_fall(desk):
    order = desk.order(triggerPrice="50500", triggerDirection=1)
    desk.move("49000")
    assert desk.find(order).status == "Untriggered"
    desk.move("50500")
    assert desk.find(order).status == "Filled"


def test_a_stop_limit_order_rests_after_its_trigger(desk):
    order = desk.order(side="Buy", price="50490", triggerPrice="50500", triggerDirection=1)
    desk.heard()
    desk.move("50500")
    assert desk.heard() == ["order Triggered", "order New"]
    assert desk.exchange.open_orders(stop_orders=False) == [], "Bybit lists it under StopOrder to its end"
    desk.trade("50480")
    assert desk.find(order).status == "Filled"


@pytest.mark.parametrize(
    ("by", "mark", "index"), [("MarkPrice", "49500", "50000"), ("IndexPrice", "50000", "49500")]
)
def test_a_trigger_looks_only_at_its_own_price(desk, by, mark, index):
    order = desk.order(side="Sell", triggerPrice="49500", triggerDirection=2, triggerBy=by)
    desk.trade("49000")
    assert desk.find(order).status == "Untriggered"
    desk.mark(mark, index)
    assert desk.find(order).status == "Filled"


def test_an_untriggered_order_needs_no_margin_but_its_trigger_does(desk):
    order = desk.order(qty="10", triggerPrice="50500", triggerDirection=1)
    assert desk.exchange.wallet().order_im == 0
    desk.move("50500")
    ended = desk.find(order)
    assert (ended.status, ended.cancel_type) == ("Cancelled", "CancelByCannotAffordOrderCost")


def test_an_untriggered_order_can_be_amended(desk):
    order = desk.order(side="Sell", triggerPrice="49500", triggerDirection=2)
    desk.amend(orderId=order.order_id, triggerPrice="49000", qty="0.2")
    desk.move("49400")
    assert desk.find(order).status == "Untriggered"
    desk.move("49000")
    assert desk.find(order).cum_exec_qty == Decimal("0.2")
    assert desk.refusal(desk.amend, orderId=order.order_id, triggerPrice="48000") == 110001


def test_a_close_on_trigger_order_never_turns_the_position(desk):
    desk.order(qty="0.2")
    stop = desk.order(side="Sell", qty="0.2", triggerPrice="49500", triggerDirection=2, closeOnTrigger=True)
    desk.order(side="Sell", qty="0.15")
    desk.move("49500")
    assert desk.find(stop).status == "Filled"
    assert desk.find(stop).cum_exec_qty == Decimal("0.05")
    assert desk.size == 0


@pytest.mark.parametrize(("by", "code"), [("LastPrice", 110092), ("MarkPrice", 110092), ("IndexPrice", None)])
def test_a_new_trigger_is_compared_with_the_price_it_looks_at(desk, by, code):
    desk.move("50000")
    desk.mark("50000", index="49000")
    order = {"triggerPrice": "49500", "triggerDirection": 1, "triggerBy": by}
    assert (desk.refusal(desk.order, **order) if code else None) == code
    if code is None:
        assert desk.order(**order).status == "Untriggered"
