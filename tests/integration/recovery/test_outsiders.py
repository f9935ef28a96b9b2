"""What others do on the account while the bot is down is found, attributed, told: AC-REC-20 to AC-REC-28."""

import time
from contextlib import suppress
from decimal import Decimal

import pytest
from pybit.exceptions import InvalidRequestError

from nautilus_bot.replay.run_replay import replay_run
from tests.chaos.harness import Kill

pytestmark = pytest.mark.timeout(240)
ETH, BTC = "ETHUSDT-LINEAR.BYBIT", "BTCUSDT-LINEAR.BYBIT"
QA_BTC = f"QAInjectStrategy-QA_BTCUSDT_60m@{BTC}"
QA_ETH = f"QAInjectStrategy-QA_ETHUSDT_60m@{ETH}"


def by_hand(matrix, symbol: str, side: str, quantity: str) -> None:
    """Trade on the venue's own page, so to speak: pybit, and an order without an id of ours."""
    matrix.rest._session.place_order(
        category="linear", symbol=symbol, side=side, orderType="Market", qty=quantity
    )


def start(matrix, script: str = "") -> dict:
    code, said = matrix.run(Kill("", script))
    assert code == 0
    return said[-1]


def test_ac_rec_20_a_stop_that_filled_while_the_bot_was_down_closes_the_ledger_and_its_sibling(matrix):
    assert start(matrix, "ETHUSDT:BUY:1.5")["net"]["ETHUSDT"] != "0"
    (stop,) = (row for row in matrix.rest.open_orders() if "-S" in row["orderLinkId"])
    until = time.monotonic() + 60
    while "ETHUSDT" in matrix.rest.positions() and time.monotonic() < until:
        _pull_up(matrix, stop["orderLinkId"])
        time.sleep(0.5)
    belief = start(matrix)
    assert Decimal(belief["net"]["ETHUSDT"]) == 0
    assert belief["open_orders"] == []
    assert matrix.compare(belief) == []
    assert not matrix.recorded("LedgerCorrected"), "the fill itself must reach the ledger"


def _pull_up(matrix, order_link_id: str) -> None:
    """Move a stop just below the market; it may have filled, or the market fallen below it, meanwhile."""
    price = Decimal(matrix.rest.klines("ETHUSDT", "1", limit=1)[-1].close)
    with suppress(InvalidRequestError):
        matrix.rest._session.amend_order(
            category="linear",
            symbol="ETHUSDT",
            orderLinkId=order_link_id,
            triggerPrice=str((price - Decimal("0.05")).quantize(Decimal("0.01"))),
        )


def test_ac_rec_21_a_position_closed_by_hand_leaves_neither_ledger_nor_stop(matrix):
    held = start(matrix, "ETHUSDT:BUY:1.5")["net"]["ETHUSDT"]
    by_hand(matrix, "ETHUSDT", "Sell", held)
    belief = start(matrix)
    assert belief["ledgers"] == {}
    assert belief["open_orders"] == []
    assert belief["reduce_only"] == [ETH]
    (correction,) = matrix.recorded("LedgerCorrected")
    assert f"{correction.strategy_id}@{correction.instrument_id}" == QA_ETH
    assert Decimal(correction.quantity) == -Decimal(held)


def test_ac_rec_22_a_position_opened_by_hand_is_external_and_its_symbol_reduce_only(matrix):
    by_hand(matrix, "BTCUSDT", "Buy", "0.010")
    belief = start(matrix, "BTCUSDT:BUY:1.5")
    assert belief["ledgers"] == {f"EXTERNAL@{BTC}": "0.010"}
    assert belief["reduce_only"] == [BTC, ETH]
    assert matrix.rest.positions()["BTCUSDT"].quantity == Decimal("0.010")
    told = [notice.text for notice in matrix.recorded("Notice") if "BTCUSDT" in notice.text]
    assert any("the venue holds 0.010 of BTCUSDT-LINEAR.BYBIT, our ledgers 0" in text for text in told)


def test_ac_rec_23_the_next_start_knows_it_and_corrects_nothing_again(matrix):
    before = len(matrix.recorded("LedgerCorrected"))
    belief = start(matrix)
    assert belief["ledgers"] == {f"EXTERNAL@{BTC}": "0.010"}
    assert belief["reduce_only"] == [BTC, ETH]
    assert len(matrix.recorded("LedgerCorrected")) == before
    by_hand(matrix, "BTCUSDT", "Sell", "0.010")
    belief = start(matrix, "resume,hold:1")
    assert belief["ledgers"] == {}
    assert belief["reduce_only"] == []


def test_ac_rec_24_a_stop_cancelled_while_the_bot_trades_is_sent_again_and_replayed(matrix):
    assert start(matrix, "resume,ETHUSDT:BUY:1.5")["net"]["ETHUSDT"] != "0"

    def cancel_the_stop() -> None:
        (stop,) = (row for row in matrix.rest.open_orders() if "-S" in row["orderLinkId"])
        matrix.rest.cancel_order("ETHUSDT", stop["orderLinkId"])

    code, said = matrix.run(Kill("", "hold:8"), cancel_the_stop)

    assert code == 0
    assert matrix.compare(said[-1]) == []
    assert [one.cause for one in matrix.recorded("ProtectionRepaired")][-2:] == ["restored", "repaired"]
    result = replay_run(matrix.store, said[-1]["run"])
    assert result.decisions.is_identical, (result.decisions.expected, result.decisions.got)
    assert {kind.kind: kind.replayed for kind in result.kinds}["SubmitOrder"] == 1


def test_ac_rec_25_what_a_start_sends_to_protect_is_replayed(matrix):
    (stop,) = (row for row in matrix.rest.open_orders() if "-S" in row["orderLinkId"])
    matrix.rest.cancel_order("ETHUSDT", stop["orderLinkId"])

    belief = start(matrix)

    assert matrix.compare(belief) == []
    result = replay_run(matrix.store, belief["run"])
    assert result.decisions.is_identical, (result.decisions.expected, result.decisions.got)
    assert {kind.kind: kind.replayed for kind in result.kinds}["SubmitOrder"] == 1


def assign(matrix, strategy: str, stop: str = "", target: str = "") -> list[dict]:
    code, said = matrix.run(Kill("", f"assign:BTCUSDT:{strategy}:{stop}:{target},hold:2"))
    assert code == 0
    return said[-2:]


def test_ac_rec_26_an_outside_position_assigned_to_a_strategy_is_protected_by_it_and_replayed(matrix):
    by_hand(matrix, "BTCUSDT", "Buy", "0.010")
    price = Decimal(matrix.rest.klines("BTCUSDT", "1", limit=1)[-1].close)
    stop, target = str(int(price * Decimal("0.95"))), str(int(price * Decimal("1.05")))
    assert start(matrix)["reduce_only"] == [BTC]

    refused, belief = assign(matrix, "QAInjectStrategy", target, stop)
    assert not refused["done"]
    assert "stop < price < target" in refused["answer"]
    assert belief["reduce_only"] == [BTC]

    done, belief = assign(matrix, "QAInjectStrategy", stop, target)
    assert done["done"], done["answer"]
    assert belief["ledgers"][QA_BTC] == "0.010"
    assert f"EXTERNAL@{BTC}" not in belief["ledgers"]
    assert belief["reduce_only"] == []
    assert matrix.compare(belief) == [], "its stop stands at the exchange, over all of it"
    result = replay_run(matrix.store, belief["run"])
    assert result.decisions.is_identical, (result.decisions.expected, result.decisions.got)
    assert {kind.kind: kind.replayed for kind in result.kinds}["SubmitOrder"] == 2


def test_ac_rec_27_the_next_start_takes_it_up_and_the_strategy_closes_it_as_its_own(matrix):
    belief = start(matrix)
    assert belief["ledgers"][QA_BTC] == "0.010"
    assert belief["lots"][QA_BTC.partition("@")[0]][0]["quantity"] == "0.010"
    assert matrix.compare(belief) == []
    belief = start(matrix, "BTCUSDT:SELL:2")
    assert QA_BTC not in belief["ledgers"]
    assert "BTCUSDT" not in matrix.rest.positions()
    assert matrix.compare(belief) == []


def test_ac_rec_28_one_that_is_nobodys_stays_external_and_its_symbol_is_traded_again(matrix):
    by_hand(matrix, "BTCUSDT", "Buy", "0.010")
    assert start(matrix)["reduce_only"] == [BTC]
    done, belief = assign(matrix, "")
    assert done["done"]
    assert "nobody protects" in done["answer"]
    assert belief["ledgers"][f"EXTERNAL@{BTC}"] == "0.010"
    assert belief["reduce_only"] == []
    assert start(matrix)["reduce_only"] == [], "a restart remembers it"
    (refused, _) = assign(matrix, "")
    assert refused["done"], "there is still something of nobody's"
