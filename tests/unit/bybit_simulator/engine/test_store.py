"""A restart of the simulator changes nothing."""

import sqlite3
from decimal import Decimal

import msgspec
import pytest

from adapters.bybit_simulator import history, registry
from adapters.bybit_simulator import store as store_module
from adapters.bybit_simulator.instruments import listed_instruments
from adapters.bybit_simulator.refusals import Refused
from adapters.bybit_simulator.requests import CreateOrder
from adapters.bybit_simulator.store import open_exchange, open_store
from nautilus_bot.core.errors import DataError


def everything(exchange):
    return (
        exchange.wallet(),
        [exchange.position(symbol) for symbol in exchange.instruments],
        exchange.open_orders(),
        exchange.order_history(limit=None),
        exchange.executions(limit=None),
        exchange.transactions(limit=None),
    )


def reopen(path, desk, symbols=("BTCUSDT", "ETHUSDT")):
    return open_exchange(
        path, listed_instruments(symbols), wallet_usdt=Decimal(777), wall_clock=desk.exchange.state.now_ms
    )


def trade_a_little(desk):
    desk.order(qty="0.3", stopLoss="49000", takeProfit="51000", orderLinkId="entry")
    desk.order(side="Sell", price="50500", qty="0.1", orderLinkId="resting")
    desk.order(side="Sell", qty="0.1", reduceOnly=True)
    desk.exchange.settle_funding("BTCUSDT", Decimal("0.0001"), 1)
    desk.exchange.set_leverage("ETHUSDT", Decimal(7), Decimal(7))
    desk.move("50100")


@pytest.fixture
def saved(desk, tmp_path):
    path = tmp_path / "account.sqlite"
    store = open_store(path)
    trade_a_little(desk)
    store.save(desk.exchange)
    store.close()
    return path


def test_a_new_file_gets_the_first_deposit_and_a_saved_one_does_not(desk, tmp_path):
    for _ in range(2):
        exchange, store = reopen(tmp_path / "new.sqlite", desk)
        assert exchange.wallet().wallet_balance == 777
        store.close()


def test_everything_is_the_same_after_a_restart(desk, saved):
    exchange, store = reopen(saved, desk)
    assert everything(exchange) == everything(desk.exchange)
    assert exchange.drain() == []
    store.close()


def test_a_restarted_exchange_goes_on_exactly_like_one_that_never_stopped(desk, saved):
    restarted, store = reopen(saved, desk)
    restarted.on_book("BTCUSDT", desk.exchange.book("BTCUSDT").bids, desk.exchange.book("BTCUSDT").asks, 1)
    desk.exchange.drain()
    desk.now, clock = 1_800_000_000_000, 1_800_000_000_000
    desk.move("48999")
    first = desk.heard()
    original, desk.exchange, desk.now = desk.exchange, restarted, clock
    desk.move("48999")
    assert desk.heard() == first
    assert [o.order_id for o in restarted.order_history()] == [o.order_id for o in original.order_history()]
    assert restarted.wallet() == original.wallet()
    assert desk.refusal(desk.order, orderLinkId="entry") == 110072
    store.close()


def test_only_changes_are_written(desk, saved):
    exchange, store = reopen(saved, desk)
    assert store.save(exchange) is False
    exchange.on_mark("BTCUSDT", Decimal(50200), Decimal(50200), 1)
    assert store.save(exchange) is False, "a tick without consequences costs nothing"
    exchange.cancel_all("BTCUSDT")
    assert store.save(exchange) is True
    assert store.save(exchange) is False
    store.close()


def test_a_crash_between_two_saves_leaves_the_earlier_account_whole(desk, saved):
    exchange, store = reopen(saved, desk)
    before = everything(exchange)
    exchange.external_close("BTCUSDT")
    store.close()
    again, store = reopen(saved, desk)
    assert everything(again) == before
    store.close()


def test_an_open_position_in_a_symbol_no_longer_listed_is_named(desk, saved):
    with pytest.raises(DataError, match="BTCUSDT"):
        reopen(saved, desk, symbols=("ETHUSDT",))


def test_a_file_that_is_no_account_is_refused_with_its_name(desk, tmp_path):
    path = tmp_path / "letter.sqlite"
    path.write_text("Dear exchange, " * 100)
    with pytest.raises(DataError, match=r"letter\.sqlite"):
        reopen(path, desk)


def test_an_account_has_one_owner_at_a_time(desk, saved):
    _, store = reopen(saved, desk)
    with pytest.raises(DataError, match="one simulator"):
        reopen(saved, desk)
    store.close()
    _, store = reopen(saved, desk)
    store.close()


def test_a_change_that_could_not_be_saved_is_saved_the_next_time(desk, saved):
    exchange, store = reopen(saved, desk)
    exchange.cancel_all("BTCUSDT")
    whole = store._db.execute("PRAGMA page_count").fetchone()[0]
    store._db.execute(f"PRAGMA max_page_count = {whole}")
    for _ in range(2000):
        exchange.state.ledger.deposit(Decimal(1))
    with pytest.raises(DataError, match="disk"):
        store.save(exchange)
    store._db.execute("PRAGMA max_page_count = 1000000")
    assert store.save(exchange) is True
    expected = everything(exchange)
    store.close()
    again, store = reopen(saved, desk)
    assert everything(again) == expected
    store.close()


def test_an_account_of_another_version_is_refused(desk, saved):
    connection = sqlite3.connect(saved)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(DataError, match="version 1, has 99"):
        reopen(saved, desk)


def test_a_long_session_lists_what_is_new_and_its_file_keeps_everything(desk, tmp_path, monkeypatch):
    for module in (registry, history, store_module):
        monkeypatch.setattr(module, "HISTORY_KEPT", 20)
    exchange, store = reopen(tmp_path / "long.sqlite", desk)
    resting = CreateOrder(
        symbol="BTCUSDT", side="Buy", order_type="Limit", qty=Decimal("0.1"), price=Decimal(100)
    )
    first = exchange.create_order(resting)
    for number in range(50):
        ended = exchange.create_order(msgspec.structs.replace(resting, order_link_id=f"n{number}"))
        exchange.cancel_order("BTCUSDT", order_id=ended.order_id)
        exchange.state.ledger.deposit(Decimal(1))
        store.save(exchange)
    before = everything(exchange)
    links = [order.order_link_id for order in exchange.order_history(limit=None)]
    assert links == [f"n{number}" for number in reversed(range(30, 50))]
    assert [entry.seq for entry in exchange.transactions(limit=None)] == list(range(51, 31, -1))
    assert exchange.open_orders() == [first]
    with pytest.raises(Refused):
        exchange.create_order(msgspec.structs.replace(resting, order_link_id="n0"))
    store.close()
    exchange, store = reopen(tmp_path / "long.sqlite", desk)
    assert everything(exchange) == before
    exchange.state.ledger.deposit(Decimal(1))
    store.save(exchange)
    store.close()
    with sqlite3.connect(tmp_path / "long.sqlite") as file:
        assert file.execute("SELECT count(*) FROM orders").fetchone() == (51,)
        assert file.execute("SELECT max(seq), count(*) FROM entries").fetchone() == (52, 52)
