"""Every message comes back as it went in, and old payloads stay readable."""

from decimal import Decimal

import msgspec
import pytest
from nautilus_trader.common.events import TimeEvent
from nautilus_trader.core.uuid import UUID4
from nautilus_trader.execution import messages as commands
from nautilus_trader.model import data
from nautilus_trader.model.enums import OrderSide
from nautilus_trader.model.identifiers import ClientOrderId, InstrumentId, OrderListId, StrategyId, TraderId
from nautilus_trader.model.objects import Price, Quantity
from nautilus_trader.model.orders import OrderList
from nautilus_trader.test_kit.providers import TestInstrumentProvider
from nautilus_trader.test_kit.stubs.data import TestDataStubs
from nautilus_trader.test_kit.stubs.execution import TestExecStubs

from catalog import codec
from catalog.reader import entries
from nautilus_bot.core import messages
from nautilus_bot.core.errors import CorruptEntry, EventCatalogError

BTC = InstrumentId.from_str("BTCUSDT-LINEAR.BYBIT")
SIGNAL = messages.Signal(
    ts_event=1, signal_id="S-1", strategy="RSIEMAMomentumStrategy", strategy_id="RSI-000",
    instrument_id=str(BTC), side="BUY", confidence=0.7, price="100.0", stop="99.0", target="102.0",
    reason="up", indicators=(messages.Indicator("rsi", 61.25),),
    conditions=(messages.ConditionMargin("rsi", 1.25, "points"),),
)  # fmt: skip


def round_trip(message):
    return codec.decode(*codec.encode(message))


def test_every_event_and_command_of_a_real_run_comes_back_the_same(recorded):
    seen = set()
    for entry in entries(recorded.run.folder):
        message = codec.decode(entry.type, entry.version, entry.payload)
        assert codec.encode(message) == (entry.type, entry.version, entry.payload)
        assert type(message).__name__ == entry.type
        seen.add(entry.type)
    assert {"OrderInitialized", "OrderFilled", "OrderCanceled", "PositionOpened", "PositionClosed"} <= seen
    assert {"AccountState", "SubmitOrder", "CancelAllOrders", "CryptoPerpetual"} <= seen


def common(**more):
    return {
        "trader_id": TraderId("T-1"), "strategy_id": StrategyId("S-1"), "command_id": UUID4(), "ts_init": 5,
        "params": {"reason": "test"}, **more,
    }  # fmt: skip


def cancel():
    return commands.CancelOrder(
        **common(instrument_id=BTC, client_order_id=ClientOrderId("O-1"), venue_order_id=None)
    )


COMMANDS = [
    commands.SubmitOrder(**common(order=TestExecStubs.limit_order())),
    commands.SubmitOrderList(
        **common(order_list=OrderList(OrderListId("L-1"), [TestExecStubs.limit_order()]), position_id=None)
    ),
    commands.ModifyOrder(
        **common(
            instrument_id=BTC, client_order_id=ClientOrderId("O-1"), venue_order_id=None,
            quantity=Quantity.from_str("0.010"), price=Price.from_str("1.50"), trigger_price=None,
        )
    ),
    cancel(),
    commands.CancelAllOrders(**common(instrument_id=BTC, order_side=OrderSide.BUY)),
    commands.BatchCancelOrders(**common(instrument_id=BTC, cancels=[cancel()])),
    commands.QueryOrder(
        **common(instrument_id=BTC, client_order_id=ClientOrderId("O-1"), venue_order_id=None)
    ),
]  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: type(command).__name__)
def test_a_command_comes_back_with_its_params(command):
    back = round_trip(command)
    assert type(back) is type(command)
    assert type(back).to_dict(back) == type(command).to_dict(command)
    assert back.params == {"reason": "test"}


def test_a_submit_leaves_the_signal_to_its_own_entry():
    order = TestExecStubs.limit_order()
    command = commands.SubmitOrder(**common(order=order) | {"params": {"signal": SIGNAL, "position_idx": 0}})
    back = round_trip(command)
    assert back.params == {"position_idx": 0}
    assert back.order.to_dict() == order.to_dict()
    assert command.params["signal"] is SIGNAL


def test_a_submit_of_an_older_journal_gives_back_the_signal_it_carried():
    plain = commands.SubmitOrder.to_dict(commands.SubmitOrder(**common(order=TestExecStubs.limit_order())))
    payload = msgspec.msgpack.encode({**plain, "params": {"signal": SIGNAL}}, enc_hook=str)
    assert codec.decode("SubmitOrder", 1, payload).params == {"signal": SIGNAL}


MARKET = [
    TestDataStubs.bar_5decimal(),
    TestDataStubs.quote_tick(),
    TestDataStubs.trade_tick(),
    data.MarkPriceUpdate(BTC, Price.from_str("100.50"), 1, 2),
    data.IndexPriceUpdate(BTC, Price.from_str("100.50"), 1, 2),
    data.FundingRateUpdate(BTC, Decimal("0.0001"), 1, 2),
    TestInstrumentProvider.btcusdt_perp_binance(),
]


@pytest.mark.parametrize("message", MARKET, ids=lambda message: type(message).__name__)
def test_market_data_and_instruments_come_back_exactly(message):
    back = round_trip(message)
    assert back == message
    assert type(back).to_dict(back) == type(message).to_dict(message)


def test_a_timer_event_comes_back():
    event = TimeEvent("evaluate", UUID4(), 3, 4)
    back = round_trip(event)
    assert (back.name, back.id, back.ts_event, back.ts_init) == ("evaluate", event.id, 3, 4)


def test_a_bar_takes_less_than_100_bytes():
    assert len(codec.encode(TestDataStubs.bar_5decimal())[2]) < 100


@pytest.mark.parametrize("fact", codec.FACTS, ids=lambda fact: fact.__name__)
def test_every_message_of_ours_has_a_schema(fact):
    assert fact.__name__ in codec._DECODERS


def test_a_message_without_a_schema_is_refused_with_the_place_to_add_it():
    with pytest.raises(EventCatalogError, match=r"catalog/codec\.py, str has none"):
        codec.encode("text")


def test_an_unknown_type_is_named_with_the_closest_known_one():
    with pytest.raises(EventCatalogError, match="did you mean 'OrderFilled'"):
        codec.decode("OrderFiled", 1, msgspec.msgpack.encode({}))


@pytest.mark.parametrize("payload", [b"", b"\xc1", msgspec.msgpack.encode({"a": 1})])
def test_a_payload_that_is_no_such_message_is_corrupt(payload):
    with pytest.raises(CorruptEntry, match="Notice"):
        codec.decode("Notice", 1, payload)


def test_an_old_payload_is_lifted_step_by_step_to_the_current_schema():
    # version 1 called the text "message"; version 2 had no component
    first = msgspec.msgpack.encode({"type": "Notice", "ts_event": 3, "severity": "info", "message": "hello"})
    steps = {
        ("Notice", 1): lambda plain: {**plain, "text": plain["message"]},
        ("Notice", 2): lambda plain: {**plain, "component": "unknown"},
    }
    lifted = codec.decode("Notice", 1, first, upcasters=steps, versions={"Notice": 3})
    assert lifted == messages.Notice(ts_event=3, severity="info", component="unknown", text="hello")


def test_a_missing_step_between_versions_is_an_error_that_names_it():
    steps = {("Notice", 1): lambda plain: plain}
    with pytest.raises(EventCatalogError, match="no upcaster lifts Notice from version 2 to 3"):
        codec.decode("Notice", 1, msgspec.msgpack.encode({}), upcasters=steps, versions={"Notice": 3})


def test_a_payload_of_a_newer_release_asks_for_an_update():
    with pytest.raises(EventCatalogError, match="newer release"):
        codec.decode("Notice", 2, msgspec.msgpack.encode({}))
