"""Balance, margins, funding and liquidation."""

from decimal import Decimal

from adapters.bybit_simulator.exchange import Exchange
from adapters.bybit_simulator.instruments import listed_instruments
from adapters.bybit_simulator.requests import CreateOrder

D = Decimal


def change(desk):
    return desk.exchange.wallet().wallet_balance - 10000


def test_a_round_trip_costs_two_taker_fees_and_pays_the_difference(desk):
    desk.order(qty="0.1")
    desk.quote("50100", "50100.1")
    desk.order(side="Sell", qty="0.1")
    fees = D("0.00055") * D("0.1") * (D(50000) + D(50100))
    assert change(desk) == D(10) - fees
    assert desk.exchange.position("BTCUSDT").cum_realised_pnl == D(10) - fees


def test_every_entry_explains_its_change_and_they_add_up_to_the_balance(desk):
    desk.order(qty="0.1")
    desk.exchange.settle_funding("BTCUSDT", D("0.0001"), 1)
    desk.order(side="Sell", qty="0.15")
    entries = desk.exchange.transactions(limit=None)
    assert [entry.type for entry in reversed(entries)] == ["TRANSFER_IN", "TRADE", "SETTLEMENT", "TRADE"]
    assert all(entry.change == entry.cash_flow - entry.fee + entry.funding for entry in entries)
    assert sum(entry.change for entry in entries) == desk.exchange.wallet().wallet_balance


def test_a_thirds_position_loses_nothing_to_division(desk):
    desk.book([("49999.9", 1)], [("50000.0", "0.001"), ("50000.1", "0.001"), ("50000.3", "0.001")])
    desk.order(qty="0.003")
    for _ in range(3):
        desk.order(side="Sell", qty="0.001")
    bought = D("150.0004")
    sold = D("49999.9") * 3 / 1000
    fees = sum(e.exec_fee for e in desk.exchange.executions())
    assert change(desk) == sold - bought - fees


def test_funding_is_paid_by_longs_and_received_by_shorts_and_is_never_an_execution(desk):
    desk.order(qty="0.1")
    before = change(desk)
    desk.heard()
    desk.exchange.settle_funding("BTCUSDT", D("0.0001"), 1_600_000_000_000)
    assert change(desk) - before == D("-0.5")
    assert desk.heard() == ["position Buy 0.1", "wallet"]
    desk.order(side="Sell", qty="0.3")
    before = change(desk)
    desk.exchange.settle_funding("BTCUSDT", D("0.0001"), 1_600_028_800_000)
    assert change(desk) - before == D(1)
    assert desk.exchange.transactions()[0].ts_ms == 1_600_028_800_000
    assert len(desk.exchange.executions()) == 2


def test_funding_is_an_execution_only_when_asked_for():
    exchange = Exchange(
        listed_instruments(["BTCUSDT"]), wallet_usdt=D(10000), wall_clock=lambda: 1, funding_executions=True
    )
    exchange.on_book("BTCUSDT", [(D(49999), D(1))], [(D(50000), D(1))], 1)
    exchange.on_mark("BTCUSDT", D(50000), D(50000))
    exchange.create_order(CreateOrder(symbol="BTCUSDT", side="Buy", order_type="Market", qty=D("0.1")))
    exchange.settle_funding("BTCUSDT", D("0.0001"), 1)
    funding = exchange.executions()[0]
    assert (funding.exec_type, funding.exec_qty, funding.exec_fee) == ("Funding", D("0.1"), D("0.5"))
    assert (funding.order_link_id, funding.order_type, funding.closed_size) == ("", "UNKNOWN", 0)
    assert exchange.position("BTCUSDT").size == D("0.1")


def test_a_flat_symbol_settles_no_funding(desk):
    desk.exchange.settle_funding("BTCUSDT", D("0.0001"), 1)
    assert desk.heard() == []


def test_margins_follow_leverage_mark_and_orders(desk):
    desk.order(qty="0.1")
    position = desk.exchange.position("BTCUSDT")
    assert position.position_im == D("500") + D("2.75")
    assert position.position_mm == D("25") + D("2.75")
    desk.mark("51000")
    wallet = desk.exchange.wallet()
    assert wallet.unrealised_pnl == 100
    assert wallet.equity == wallet.wallet_balance + 100
    desk.order(side="Sell", price="51500", qty="0.1")
    assert desk.exchange.wallet().order_im == 0, "closing needs no margin"
    desk.order(price="49000", qty="0.1")
    assert desk.exchange.wallet().order_im == D("4900") * (D("0.1") + D("0.0011"))


def test_leverage_decides_how_much_can_be_bought(desk):
    assert desk.refusal(desk.order, qty="3") == 110007
    desk.exchange.set_leverage("BTCUSDT", D(20), D(20))
    assert desk.order(qty="3").status == "Filled"


def test_a_losing_account_can_still_close(desk):
    desk.order(qty="1.9")
    desk.move("45500")
    assert desk.exchange.wallet().available_balance == 0
    assert desk.refusal(desk.order, qty="0.01") == 110007
    assert desk.order(side="Sell", qty="1.9", reduceOnly=True).status == "Filled"


def test_the_account_is_liquidated_at_the_stated_price_and_not_before(desk):
    desk.order(qty="1.9")
    price = desk.exchange.position("BTCUSDT").liq_price
    resting = desk.order(price="40000", qty="0.001", timeInForce="PostOnly")
    desk.mark(price + 1)
    assert desk.size == D("1.9")
    desk.heard()
    desk.mark(price - 1)
    assert desk.size == 0
    assert desk.find(resting).cancel_type == "CancelAllBeforeLiq"
    bust = desk.exchange.executions()[0]
    assert (bust.exec_type, bust.create_type, bust.order_link_id) == ("BustTrade", "CreateByLiq", "")
    assert bust.exec_fee == (price - 1) * D("1.9") * D("0.0006")
    assert 0 <= desk.exchange.wallet().wallet_balance < 1000


def test_the_insurance_fund_covers_a_jump_below_zero_as_an_entry_of_its_own(desk):
    desk.order(qty="1.9")
    desk.mark("40000")
    assert desk.exchange.wallet().wallet_balance == 0
    entries = desk.exchange.transactions(limit=None)
    assert [entry.type for entry in entries[:2]] == ["INSURANCE", "LIQUIDATION"]
    assert sum(entry.change for entry in entries) == 0


def test_a_forced_liquidation_takes_one_position_and_leaves_the_rest(desk):
    desk.quote("3000", "3000.01", symbol="ETHUSDT")
    desk.mark("3000", symbol="ETHUSDT")
    desk.order(qty="0.1", stopLoss="49000")
    desk.order(qty="1", symbol="ETHUSDT")
    desk.exchange.force_liquidation("BTCUSDT")
    assert [p.symbol for p in desk.exchange.positions()] == ["ETHUSDT"]
    assert desk.stops == {}


def test_a_position_closed_from_outside_has_no_client_id_and_takes_protection_along(desk):
    desk.order(qty="0.1", stopLoss="49000")
    desk.heard()
    desk.exchange.external_close("BTCUSDT")
    assert desk.size == 0
    execution = desk.exchange.executions()[0]
    assert (execution.order_link_id, execution.create_type, execution.exec_type) == (
        "",
        "CreateByClosing",
        "Trade",
    )
    assert "order Cancelled" in desk.heard()
    desk.exchange.external_close("BTCUSDT")
    assert desk.heard() == []


def test_an_unsafe_account_loses_its_orders_in_every_symbol(desk):
    desk.quote("3000", "3000.01", symbol="ETHUSDT")
    desk.mark("3000", symbol="ETHUSDT")
    desk.order(qty="1.9")
    other = desk.order(price="2000", qty="0.1", symbol="ETHUSDT")
    desk.mark("45000")
    assert desk.find(other).cancel_type == "CancelAllBeforeLiq"


def test_reduce_only_orders_need_no_margin_however_many_there_are(desk):
    desk.order(qty="0.1")
    for price in ("51000", "51500", "52000"):
        desk.order(side="Sell", price=price, qty="0.1", reduceOnly=True)
    assert desk.exchange.wallet().order_im == 0
