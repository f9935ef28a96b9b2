"""Where a strategy stood must follow from its orders' ids and states, and from nothing else."""

from decimal import Decimal

import pytest
from nautilus_trader.core.uuid import UUID4
from nautilus_trader.model.enums import LiquiditySide, OrderSide
from nautilus_trader.model.events import OrderAccepted, OrderCanceled, OrderFilled, OrderSubmitted
from nautilus_trader.model.identifiers import (
    AccountId,
    ClientOrderId,
    InstrumentId,
    PositionId,
    StrategyId,
    TradeId,
    TraderId,
    VenueOrderId,
)
from nautilus_trader.model.objects import Currency, Money, Price, Quantity
from nautilus_trader.model.orders import MarketOrder

from nautilus_bot.core.messages import Signal
from strategies.exits import ExitTerms, build_exits
from strategies.recovered import StrategyState, read_state

SIGNAL = "TOXIDR-AA-BTCUSDT-1"
USDT = Currency.from_str("USDT")
TRADER, STRATEGY = TraderId("BOT-001"), StrategyId("Alpha-AA_BTCUSDT_15m")
INSTRUMENT_ID, ACCOUNT = InstrumentId.from_str("BTCUSDT-LINEAR.BYBIT"), AccountId("BYBIT-UNIFIED")
TERMS = ExitTerms(Price.from_str("90.0"), Price.from_str("120.0"), linked_by_venue=False)


def entry(signal: str = SIGNAL, quantity: str = "1.000", ts: int = 1) -> MarketOrder:
    return MarketOrder(
        TRADER,
        STRATEGY,
        INSTRUMENT_ID,
        ClientOrderId(f"{signal}-E"),
        OrderSide.BUY,
        Quantity.from_str(quantity),
        UUID4(),
        ts,
    )


def close(count: int = 2, quantity: str = "1.000") -> MarketOrder:
    name = ClientOrderId(f"TOXIDR-AA-BTCUSDT-{count}-C")
    return MarketOrder(
        TRADER, STRATEGY, INSTRUMENT_ID, name, OrderSide.SELL, Quantity.from_str(quantity), UUID4(), 5
    )


def exits(count: int = 1, quantity: str = "1.000", again: str = "") -> tuple:
    return build_exits(
        trader_id=TRADER,
        strategy_id=STRATEGY,
        instrument_id=INSTRUMENT_ID,
        side=OrderSide.SELL,
        quantity=Quantity.from_str(quantity),
        terms=TERMS,
        signal_id=SIGNAL,
        count=count,
        ts_init=2,
        again=again,
    )


def identity(order) -> tuple:
    return (order.trader_id, order.strategy_id, order.instrument_id, order.client_order_id)


def accept(order):
    at = (UUID4(), 1, 1)
    venue_order_id = VenueOrderId(order.client_order_id.value)
    order.apply(OrderSubmitted(*identity(order), ACCOUNT, *at))
    order.apply(OrderAccepted(*identity(order), venue_order_id, ACCOUNT, *at))
    return order


def fill(order, quantity: str):
    if order.venue_order_id is None:
        accept(order)
    order.apply(
        OrderFilled(
            *identity(order),
            order.venue_order_id,
            ACCOUNT,
            TradeId(str(UUID4())),
            PositionId("P-1"),
            order.side,
            order.order_type,
            Quantity.from_str(quantity),
            Price.from_str("100.0"),
            USDT,
            Money(0, USDT),
            LiquiditySide.TAKER,
            UUID4(),
            1,
            1,
        )
    )
    return order


def cancel(order):
    accept(order)
    order.apply(OrderCanceled(*identity(order), order.venue_order_id, ACCOUNT, UUID4(), 1, 1))
    return order


def signal(count: int = 1, *, closes: bool = False, ts: int = 1) -> Signal:
    return Signal(
        ts_event=ts,
        signal_id=f"TOXIDR-AA-BTCUSDT-{count}",
        strategy="Alpha",
        strategy_id=STRATEGY.value,
        instrument_id=INSTRUMENT_ID.value,
        side="SELL" if closes else "BUY",
        confidence=1.0,
        price="100.0",
        stop="" if closes else "91.0",
        target="" if closes else "121.0",
        reason="",
        closes=closes,
    )


def read(orders, signals=None, net="1.000") -> StrategyState:
    known = (signal(),) if signals is None else signals
    return read_state(orders, known, Decimal(net), linked=False)


def test_a_strategy_that_never_traded_is_as_new():
    assert read([], (), "0") == StrategyState()


def test_an_entry_on_its_way_is_in_flight_with_the_terms_of_its_signal():
    state = read([accept(entry())], net="0")
    assert (state.entry_id, state.entry_signal, state.lots) == (f"{SIGNAL}-E", SIGNAL, [])
    assert (str(state.terms.stop), str(state.terms.target)) == ("91.0", "121.0")


def test_a_filled_entry_without_exits_has_no_lot_yet():
    state = read([fill(entry(), "1.000")])
    assert (state.entry_id, state.lots, state.lot_count) == ("", [], 0)


def test_every_partial_fill_is_a_lot_with_its_own_pair():
    orders = [fill(entry(), "0.400"), *map(accept, exits(1, "0.400")), *map(accept, exits(2, "0.600"))]
    state = read(orders)
    assert [(lot.quantity, lot.stop_id[-2:], lot.target_id[-2:]) for lot in state.lots] == [
        (Decimal("0.400"), "S1", "T1"),
        (Decimal("0.600"), "S2", "T2"),
    ]
    assert state.lot_count == 2


def test_what_a_target_has_filled_is_no_longer_open():
    stop, target = exits()
    (lot,) = read([fill(entry(), "1.000"), accept(stop), fill(target, "0.300")], net="0.700").lots
    assert (lot.quantity, lot.stop_open, lot.target_open) == (Decimal("0.700"), True, True)


def test_a_stop_that_filled_while_down_leaves_its_target_to_be_cancelled():
    stop, target = exits()
    (lot,) = read([fill(entry(), "1.000"), fill(stop, "1.000"), accept(target)], net="0").lots
    assert (lot.quantity, lot.stop_open, lot.target_open) == (Decimal("0.000"), False, True)


def test_a_settled_lot_is_gone():
    stop, target = exits()
    assert read([fill(entry(), "1.000"), fill(stop, "1.000"), cancel(target)], net="0").lots == []


def test_a_replaced_stop_stands_for_its_lot():
    stop, target = exits()
    again, _ = exits(again="a")
    (lot,) = read([fill(entry(), "1.000"), cancel(stop), accept(target), accept(again)]).lots
    assert (lot.stop_id, lot.stop_open, lot.quantity) == (f"{SIGNAL}-S1a", True, Decimal("1.000"))


def test_without_the_signal_the_terms_are_those_of_the_orders():
    stop, target = exits()
    state = read([fill(entry(), "1.000"), accept(stop), accept(target)], ())
    assert (state.terms.stop, state.terms.target) == (TERMS.stop, TERMS.target)


class TestClosing:
    def test_a_close_whose_order_was_not_sent_goes_on(self):
        stop, target = exits()
        orders = [fill(entry(), "1.000"), accept(stop), accept(target)]
        state = read(orders, (signal(), signal(2, closes=True, ts=5)))
        assert (state.closing.signal_id, state.close_id) == ("TOXIDR-AA-BTCUSDT-2", "")

    def test_a_close_on_its_way_is_waited_for(self):
        orders = [fill(entry(), "1.000"), accept(close())]
        state = read(orders, (signal(), signal(2, closes=True, ts=5)))
        assert state.close_id == "TOXIDR-AA-BTCUSDT-2-C"

    @pytest.mark.parametrize("end", [lambda: fill(close(), "1.000"), lambda: cancel(close())])
    def test_a_close_that_ended_is_over(self, end):
        state = read([fill(entry(), "1.000"), end()], (signal(), signal(2, closes=True, ts=5)))
        assert (state.closing, state.close_id) == (None, "")

    def test_an_old_close_is_not_taken_for_a_new_one(self):
        again = entry("TOXIDR-AA-BTCUSDT-3", ts=9)
        orders = [fill(entry(), "1.000"), fill(again, "1.000")]
        state = read(orders, (signal(), signal(2, closes=True, ts=5), signal(3, ts=9)))
        assert state.closing is None
        assert state.entry_signal == "TOXIDR-AA-BTCUSDT-3"
