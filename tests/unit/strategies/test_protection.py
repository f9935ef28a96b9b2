"""What protects a position while fills come in pieces, late, or while the venue refuses a change."""

from decimal import Decimal

import msgspec
import pytest
from nautilus_trader.cache.cache import Cache
from nautilus_trader.common.component import MessageBus, TestClock
from nautilus_trader.core.uuid import UUID4
from nautilus_trader.execution.messages import CancelOrder, ModifyOrder, SubmitOrder
from nautilus_trader.model.enums import LiquiditySide, OrderSide
from nautilus_trader.model.events import (
    OrderAccepted,
    OrderCanceled,
    OrderDenied,
    OrderFilled,
    OrderRejected,
    OrderSubmitted,
)
from nautilus_trader.model.identifiers import (
    AccountId,
    ClientOrderId,
    PositionId,
    TradeId,
    TraderId,
    VenueOrderId,
)
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.portfolio.portfolio import Portfolio

from catalog.snapshot import forget_done
from nautilus_bot.core.messages import Signal
from nautilus_bot.market.instruments import build_instrument
from nautilus_bot.node.modes import MODES
from nautilus_bot.node.spec import StrategySpec, build_strategy

BAR_TYPE = "BTCUSDT-LINEAR.BYBIT-15-MINUTE-LAST-EXTERNAL"
ACCOUNT = AccountId("BYBIT-UNIFIED")
SIGNAL = "TOXIDR-VB-BTCUSDT-1"


class Desk:
    """A strategy that holds an entry at a venue that does only what the test says."""

    def __init__(self, strategy, cache, commands, notices) -> None:
        self.strategy = strategy
        self.cache = cache
        self.commands = commands
        self.notices = notices

    def order(self, name: str):
        return self.cache.order(ClientOrderId(name))

    def accept(self, name: str) -> None:
        order = self.order(name)
        for kind in (OrderSubmitted, OrderAccepted):
            venue_id = () if kind is OrderSubmitted else (VenueOrderId(name),)
            event = kind(*identity(order), *venue_id, ACCOUNT, UUID4(), 1, 1)
            order.apply(event)
        self.cache.update_order(order)
        self.strategy.on_order_accepted(event)

    def fill(self, name: str, quantity: str) -> None:
        order = self.order(name)
        if not order.is_open:
            self.accept(name)
        event = OrderFilled(
            *identity(order),
            VenueOrderId(name),
            ACCOUNT,
            TradeId(str(UUID4())),
            PositionId("P-1"),
            order.side,
            order.order_type,
            Quantity.from_str(quantity),
            Price.from_str("100.0"),
            self.strategy._instrument.quote_currency,
            Money(0, self.strategy._instrument.quote_currency),
            LiquiditySide.TAKER,
            UUID4(),
            1,
            1,
        )
        order.apply(event)
        self.cache.update_order(order)
        self.strategy.on_order_filled(event)

    def cancel(self, name: str) -> None:
        order = self.order(name)
        event = OrderCanceled(*identity(order), VenueOrderId(name), ACCOUNT, UUID4(), 1, 1)
        order.apply(event)
        self.cache.update_order(order)
        self.strategy.on_order_canceled(event)

    def deny(self, name: str, now_secs: float) -> None:
        """Let the gate refuse an order."""
        order = self.order(name)
        event = OrderDenied(*identity(order), "ledger: no", UUID4(), int(now_secs * 1e9))
        order.apply(event)
        self.cache.update_order(order)
        self.strategy.on_order_denied(event)

    def reject(self, name: str, now_secs: float) -> None:
        """Let the venue refuse an order."""
        order, now_ns = self.order(name), int(now_secs * 1e9)
        order.apply(OrderSubmitted(*identity(order), ACCOUNT, UUID4(), 1, 1))
        event = OrderRejected(*identity(order), ACCOUNT, "code 110094", UUID4(), now_ns, now_ns)
        order.apply(event)
        self.cache.update_order(order)
        self.strategy.on_order_rejected(event)

    def repair(self, now_secs: float) -> list[str]:
        """Let the strategy repair its protection, and return what it submitted."""
        self.strategy.repair(Price.from_str("100.0"), 3, int(now_secs * 1e9))
        return self.names(SubmitOrder)

    def severities(self) -> list[str]:
        """Return how urgent the notices so far were."""
        return [notice.severity for notice in self.notices]

    def names(self, kind: type) -> list[str]:
        """Return what was asked for so far, and forget it."""
        found = []
        for command in self.commands:
            if isinstance(command, kind):
                owner = command.order if kind is SubmitOrder else command
                found.append(owner.client_order_id.value.rpartition("-")[2])
        self.commands[:] = [one for one in self.commands if not isinstance(one, kind)]
        return found


def identity(order) -> tuple:
    return (order.trader_id, order.strategy_id, order.instrument_id, order.client_order_id)


@pytest.fixture
def desk() -> Desk:
    """An entry over 1.000 BTC that has left for the venue, long."""
    clock, cache = TestClock(), Cache(database=None)
    bus = MessageBus(trader_id=TraderId("BOT-001"), clock=clock)
    instrument = build_instrument("BTCUSDT")
    cache.add_instrument(instrument)
    spec = StrategySpec(strategy="VolatilityBreakoutStrategy", bar_type=BAR_TYPE)
    strategy = build_strategy(spec, MODES["paper"], "TOXIDR")
    commands: list = []
    notices: list = []
    bus.subscribe("events.notice*", notices.append)
    bus.register("RiskEngine.execute", commands.append)
    bus.register("ExecEngine.execute", commands.append)
    bus.register("DataEngine.execute", lambda _command: None)
    portfolio = Portfolio(bus, cache, clock)
    strategy.register(TraderId("BOT-001"), portfolio, bus, cache, clock)
    strategy.start()
    desk = Desk(strategy, cache, commands, notices)
    order = strategy.order_factory.market(
        instrument.id,
        OrderSide.BUY,
        Quantity.from_str("1.000"),
        tags=[SIGNAL],
        client_order_id=ClientOrderId(f"{SIGNAL}-E"),
    )
    cache.add_order(order)
    desk.accept(f"{SIGNAL}-E")
    strategy.restore([opening(strategy)], Decimal(0))
    return desk


def opening(strategy) -> Signal:
    return Signal(
        ts_event=1,
        signal_id=SIGNAL,
        strategy="VolatilityBreakoutStrategy",
        strategy_id=strategy.id.value,
        instrument_id=strategy.instrument_id.value,
        side="BUY",
        confidence=1.0,
        price="100.0",
        stop="90.0",
        target="120.0",
        reason="",
    )


def close(desk: Desk) -> None:
    desk.strategy.close_position("the test says so", Price.from_str("100.0"), 2)


def test_an_entry_that_fills_on_after_its_close_keeps_a_protected_rest_and_can_close_again(desk):
    desk.fill(f"{SIGNAL}-E", "0.400")
    for name in ("S1", "T1"):
        desk.accept(f"{SIGNAL}-{name}")
    close(desk)
    assert desk.names(CancelOrder) == ["S1", "T1"]
    for name in ("S1", "T1"):
        desk.cancel(f"{SIGNAL}-{name}")
    assert desk.names(SubmitOrder)[-1] == "C"
    desk.fill(f"{SIGNAL}-E", "0.600")
    assert desk.names(SubmitOrder) == ["S2", "T2"]
    desk.fill("TOXIDR-VB-BTCUSDT-1-C", "0.400")
    for name in ("S2", "T2"):
        desk.accept(f"{SIGNAL}-{name}")
    desk.strategy.repair(Price.from_str("100.0"), 3, 3)
    assert desk.strategy.net == Decimal("0.600")
    assert desk.names(CancelOrder) == []
    close(desk)
    assert desk.names(CancelOrder) == ["S2", "T2"]


def test_a_stop_that_fills_in_pieces_cancels_its_target_and_not_itself(desk):
    desk.fill(f"{SIGNAL}-E", "1.000")
    for name in ("S1", "T1"):
        desk.accept(f"{SIGNAL}-{name}")
    desk.fill(f"{SIGNAL}-S1", "0.300")
    assert desk.names(CancelOrder) == ["T1"]


def test_a_target_that_crosses_a_stop_filled_in_part_leaves_the_stop_what_is_still_open(desk):
    desk.fill(f"{SIGNAL}-E", "1.000")
    desk.accept(f"{SIGNAL}-S1")
    desk.accept(f"{SIGNAL}-T1")
    desk.fill(f"{SIGNAL}-S1", "0.400")
    desk.fill(f"{SIGNAL}-T1", "0.200")
    (amended,) = (one for one in desk.commands if isinstance(one, ModifyOrder))
    assert str(amended.client_order_id) == f"{SIGNAL}-S1"
    assert str(amended.quantity) == "0.800"


def test_a_stop_that_the_venue_did_not_shrink_is_shrunk_again(desk):
    desk.fill(f"{SIGNAL}-E", "1.000")
    desk.accept(f"{SIGNAL}-T1")
    desk.fill(f"{SIGNAL}-T1", "0.600")  # the stop is not accepted yet and cannot be amended
    assert desk.names(ModifyOrder) == []
    desk.accept(f"{SIGNAL}-S1")
    desk.strategy.repair(Price.from_str("100.0"), 3, 3)
    assert [str(one.quantity) for one in desk.commands if isinstance(one, ModifyOrder)] == ["0.400"]
    assert desk.names(ModifyOrder) == ["S1"]


def test_a_denied_stop_is_tried_again_after_waits_that_double_and_told_once(desk):
    desk.fill(f"{SIGNAL}-E", "1.000")
    desk.accept(f"{SIGNAL}-T1")
    desk.names(SubmitOrder)
    sent, now, name = [], 0.0, "S1"
    for _ in range(4):
        desk.deny(f"{SIGNAL}-{name}", now)
        while not (tried := desk.repair(now)):
            now += 0.5
        sent.append(now)
        (name,) = tried
    assert sent == [1.0, 3.0, 7.0, 15.0]
    assert name == "S1d"
    assert desk.severities() == ["critical"]
    desk.accept(f"{SIGNAL}-{name}")
    assert desk.repair(100.0) == []
    desk.cancel(f"{SIGNAL}-{name}")
    assert desk.repair(100.0) == ["S1e"]  # what was taken in between begins anew


def test_a_stop_refused_for_hours_never_runs_out_of_ids_and_is_tried_each_minute(desk):
    desk.fill(f"{SIGNAL}-E", "1.000")
    desk.accept(f"{SIGNAL}-T1")
    desk.names(SubmitOrder)
    name = "S1"
    for minute in range(100):
        desk.deny(f"{SIGNAL}-{name}", minute * 60)
        (name,) = desk.repair(minute * 60 + 60)
    assert desk.severities() == ["critical"]


def test_a_rejected_stop_closes_the_position_and_a_refused_close_is_not_repeated_at_once(desk):
    desk.fill(f"{SIGNAL}-E", "1.000")
    desk.accept(f"{SIGNAL}-T1")
    desk.names(SubmitOrder)
    desk.reject(f"{SIGNAL}-S1", 1)
    desk.cancel(f"{SIGNAL}-T1")
    assert desk.names(SubmitOrder) == ["C"]
    desk.reject("TOXIDR-VB-BTCUSDT-1-C", 1)
    assert desk.severities() == ["critical", "critical"]  # the stop, the close
    assert desk.repair(1.5) == []
    assert desk.repair(2.0) == ["S2", "T2"]
    desk.reject(f"{SIGNAL}-S2", 2)
    desk.cancel(f"{SIGNAL}-T2")
    assert desk.names(SubmitOrder) == ["C"]
    desk.reject("TOXIDR-VB-BTCUSDT-2-C", 2)
    assert desk.repair(3.9) == []
    assert desk.severities() == ["critical", "critical"]


def test_a_piece_too_small_for_a_stop_waits_for_the_next_one(desk):
    desk.fill(f"{SIGNAL}-E", "0.020")  # 1.80 USDT at the stop
    assert desk.names(SubmitOrder) == []
    assert desk.repair(1) == []
    desk.fill(f"{SIGNAL}-E", "0.980")
    assert [one.order.quantity for one in desk.commands] == [Quantity.from_str("1.000")] * 2
    assert desk.names(SubmitOrder) == ["S1", "T1"]


def test_a_rest_too_small_for_a_stop_is_closed_reduce_only(desk):
    desk.fill(f"{SIGNAL}-E", "0.980")
    for name in ("S1", "T1"):
        desk.accept(f"{SIGNAL}-{name}")
    desk.fill(f"{SIGNAL}-E", "0.020")
    desk.names(SubmitOrder)
    desk.strategy.repair(Price.from_str("100.0"), 3, 3)
    (command,) = desk.commands
    assert command.order.is_reduce_only
    assert command.order.quantity == Quantity.from_str("0.020")
    assert desk.repair(1) == ["C1"]  # still the same one: it is on its way
    desk.fill(f"{SIGNAL}-C1", "0.020")
    assert desk.strategy.net == Decimal("0.980")
    assert desk.repair(2) == []


def test_dust_that_cannot_be_closed_is_told_once_and_tried_ever_less_often(desk):
    desk.fill(f"{SIGNAL}-E", "0.980")
    for name in ("S1", "T1"):
        desk.accept(f"{SIGNAL}-{name}")
    desk.fill(f"{SIGNAL}-E", "0.020")
    desk.names(SubmitOrder)
    assert desk.repair(0) == ["C1"]
    desk.reject(f"{SIGNAL}-C1", 0)
    assert [desk.repair(second) for second in (0.5, 1)] == [[], ["C1a"]]
    desk.reject(f"{SIGNAL}-C1a", 1)
    assert [desk.repair(second) for second in (2, 3)] == [[], ["C1b"]]
    assert desk.severities() == ["critical"]
    assert "position stop covers it" in desk.notices[0].text


def test_a_target_that_leaves_dust_gives_up_its_stop_and_the_dust_is_closed(desk):
    desk.fill(f"{SIGNAL}-E", "1.000")
    for name in ("S1", "T1"):
        desk.accept(f"{SIGNAL}-{name}")
    desk.names(SubmitOrder)
    desk.fill(f"{SIGNAL}-T1", "0.980")
    assert desk.names(ModifyOrder) == []
    assert desk.names(CancelOrder) == ["S1", "T1"]
    for name in ("S1", "T1"):
        desk.cancel(f"{SIGNAL}-{name}")
    assert desk.repair(1) == ["C1"]


def test_a_whole_position_below_the_least_value_is_closed_reduce_only(desk):
    desk.fill(f"{SIGNAL}-E", "0.020")
    close(desk)
    (command,) = desk.commands
    assert command.order.is_reduce_only


def enter_again(desk: Desk, stop: str) -> str:
    """Let the strategy propose a second entry on the same side, and return its order's id."""
    desk.strategy._refuse_size = lambda *_: None
    signal = msgspec.structs.replace(opening(desk.strategy), signal_id="TOXIDR-VB-BTCUSDT-2", stop=stop)
    desk.strategy._wallet_balance = lambda: Decimal(100_000)
    desk.strategy.enter(signal, Price.from_str("100.0"))
    return "TOXIDR-VB-BTCUSDT-2-E"


def test_a_second_entry_leaves_the_first_ones_stop_where_it_is(desk):
    desk.fill(f"{SIGNAL}-E", "1.000")
    for name in ("S1", "T1"):
        desk.accept(f"{SIGNAL}-{name}")
    desk.fill(enter_again(desk, "95.0"), "0.500")
    second = desk.order("TOXIDR-VB-BTCUSDT-2-S1")
    assert second.trigger_price == Price.from_str("95.0")
    desk.cancel(f"{SIGNAL}-S1")
    desk.repair(1)
    assert desk.order(f"{SIGNAL}-S1a").trigger_price == Price.from_str("90.0")


def test_a_second_entry_that_is_refused_changes_nothing(desk):
    desk.fill(f"{SIGNAL}-E", "1.000")
    for name in ("S1", "T1"):
        desk.accept(f"{SIGNAL}-{name}")
    desk.deny(enter_again(desk, "95.0"), 1)
    desk.names(SubmitOrder)
    desk.strategy.correct(Decimal("1.500"))  # what was found to be ours as well
    assert desk.repair(2) == ["S2", "T2"]
    assert desk.order(f"{SIGNAL}-S2").trigger_price == Price.from_str("90.0")


def test_after_a_restart_every_lot_has_the_stop_of_its_own_entry(desk):
    desk.fill(f"{SIGNAL}-E", "1.000")
    for name in ("S1", "T1"):
        desk.accept(f"{SIGNAL}-{name}")
    desk.fill(enter_again(desk, "95.0"), "0.500")
    for name in ("S1", "T1"):
        desk.accept(f"TOXIDR-VB-BTCUSDT-2-{name}")
    desk.strategy.restore([opening(desk.strategy)], Decimal("1.500"))
    assert sorted(str(lot.terms.stop) for lot in desk.strategy._lots) == ["90.0", "95.0"]


def test_an_id_is_not_given_away_again_when_its_order_ended_long_ago(desk):
    desk.fill(f"{SIGNAL}-E", "1.000")
    assert desk.names(SubmitOrder) == ["S1", "T1"]
    desk.accept(f"{SIGNAL}-S1")
    desk.accept(f"{SIGNAL}-T1")
    lost = "S1"
    for hour, expected in enumerate(("S1a", "S1b", "S1c"), start=1):
        desk.cancel(f"{SIGNAL}-{lost}")
        assert desk.repair(hour * 3_600) == [expected]
        desk.accept(f"{SIGNAL}-{expected}")
        forget_done(desk.cache, hour * 3_600 * 1_000_000_000)
        lost = expected
