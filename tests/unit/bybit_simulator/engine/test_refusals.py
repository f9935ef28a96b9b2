"""The simulated exchange refuses what Bybit refuses, with Bybit's code, and nothing changes."""

from decimal import Decimal

import pytest

from adapters.bybit_simulator.refusals import Refused
from adapters.bybit_simulator.requests import CreateOrder, parse_request


@pytest.mark.parametrize(
    ("code", "fields"),
    [
        (10001, {"symbol": "NOPEUSDT"}),
        (10001, {"category": "spot"}),
        (10001, {"positionIdx": 1}),
        (10001, {"qty": "0.0001"}),
        (10001, {"qty": "0.0015"}),
        (10001, {"qty": "477"}),
        (10001, {"qty": "1191", "price": "50000"}),
        (10001, {"price": "49999.95"}),
        (10001, {"orderType": "Limit"}),
        (10001, {"timeInForce": "PostOnly"}),
        (10001, {"triggerPrice": "51000"}),
        (10001, {"tpslMode": "Partial", "takeProfit": "60000"}),
        (10001, {"slOrderType": "Limit", "stopLoss": "49000"}),
        (10001, {"takeProfit": "49000"}),
        (10001, {"stopLoss": "51000"}),
        (10001, {"orderLinkId": "x" * 37}),
        (30208, {"price": "52600"}),
        (30209, {"side": "Sell", "price": "47400"}),
        (110007, {"qty": "3"}),
        (110007, {"qty": "3", "price": "49000"}),
        (110017, {"reduceOnly": True}),
        (110017, {"side": "Sell", "reduceOnly": True, "triggerPrice": "49000", "triggerDirection": 2}),
        (110092, {"triggerPrice": "50000", "triggerDirection": 1}),
        (110093, {"triggerPrice": "50000", "triggerDirection": 2}),
        (110094, {"qty": "0.001", "price": "4000"}),
    ],
    ids=str,
)
def test_a_bad_order_is_refused_with_bybits_code(desk, code, fields):
    desk.trade("50000")
    desk.heard()
    assert desk.refusal(desk.order, **fields) == code
    assert desk.heard() == []
    assert desk.exchange.open_orders() == []
    assert desk.exchange.order_history() == []


def test_a_link_id_can_be_used_once_even_after_its_order_ended(desk):
    desk.order(orderLinkId="once")
    assert desk.refusal(desk.order, orderLinkId="once") == 110072


def test_a_market_order_without_a_book_is_refused(desk):
    assert desk.refusal(desk.order, symbol="ETHUSDT", qty="1") == 110118


def test_an_ended_or_unknown_order_can_be_neither_cancelled_nor_amended(desk):
    order = desk.order(orderLinkId="done")
    assert desk.refusal(desk.exchange.cancel_order, "BTCUSDT", order_id=order.order_id) == 110001
    assert desk.refusal(desk.exchange.cancel_order, "BTCUSDT", order_link_id="never") == 110001
    assert desk.refusal(desk.amend, orderLinkId="done", qty="0.2") == 110001
    assert desk.refusal(desk.exchange.cancel_order, "BTCUSDT") == 10001


def test_an_amendment_is_checked_like_a_new_order(desk):
    order = desk.order(price="49000", qty="0.1")
    desk.trade("49000", qty="0.05")
    key = {"orderId": order.order_id}
    assert desk.refusal(desk.amend, **key, qty="0.05") == 110064
    assert desk.refusal(desk.amend, **key, price="49000.05") == 10001
    assert desk.refusal(desk.amend, **key, qty="9") == 110007
    assert desk.refusal(desk.amend, **key, price="49000") == 10001
    assert desk.refusal(desk.amend, **key, stopLoss="49500") == 10001
    assert desk.find(order).qty == order.qty


def test_the_eleventh_conditional_order_of_a_symbol_is_refused(desk):
    for tick in range(10):
        desk.order(qty="0.001", triggerPrice=str(51000 + tick), triggerDirection=1)
    assert desk.refusal(desk.order, qty="0.001", triggerPrice="52000", triggerDirection=1) == 110009


def test_account_settings_answer_like_bybit(desk):
    desk.exchange.set_leverage("BTCUSDT", Decimal(20), Decimal(20))
    assert desk.exchange.position("BTCUSDT").leverage == 20
    assert desk.refusal(desk.exchange.set_leverage, "BTCUSDT", Decimal(20), Decimal(20)) == 110043
    assert desk.refusal(desk.exchange.set_leverage, "BTCUSDT", Decimal(101), Decimal(101)) == 110013
    assert desk.refusal(desk.exchange.set_leverage, "BTCUSDT", Decimal(5), Decimal(6)) == 10001
    assert desk.refusal(desk.exchange.switch_mode, 0, "BTCUSDT") == 110025
    assert desk.refusal(desk.exchange.switch_mode, 3, "BTCUSDT") == 110029
    desk.exchange.set_margin_mode("REGULAR_MARGIN")
    assert desk.refusal(desk.exchange.set_margin_mode, "ISOLATED_MARGIN") == 110073


def test_leverage_cannot_go_below_what_the_margin_carries(desk):
    desk.order(qty="1")
    assert desk.refusal(desk.exchange.set_leverage, "BTCUSDT", Decimal(2), Decimal(2)) == 110007
    assert desk.exchange.position("BTCUSDT").leverage == 10


def test_an_unreadable_field_is_named_in_the_refusal():
    with pytest.raises(Refused, match="orderType") as refused:
        parse_request(CreateOrder, {"symbol": "BTCUSDT", "side": "Buy", "orderType": "Iceberg", "qty": "1"})
    assert refused.value.code == 10001


def test_empty_strings_and_nulls_count_as_absent():
    body = {
        "symbol": "BTCUSDT",
        "side": "Buy",
        "orderType": "Market",
        "qty": "1",
        "price": "",
        "stopLoss": None,
    }
    request = parse_request(CreateOrder, body)
    assert request.price is None
    assert request.stop_loss is None
