"""The live view holds what passed on the bus, follows each signal, and notices what does not fit."""

from decimal import Decimal

import pytest
from nautilus_trader.common.component import MessageBus, TestClock
from nautilus_trader.common.factories import OrderFactory
from nautilus_trader.model.enums import OrderSide
from nautilus_trader.model.identifiers import ClientOrderId, StrategyId, TraderId
from nautilus_trader.model.objects import Price, Quantity
from nautilus_trader.model.orders import Order
from nautilus_trader.test_kit.providers import TestInstrumentProvider
from nautilus_trader.test_kit.stubs.events import TestEventStubs

from nautilus_bot.core import topics
from nautilus_bot.core.clocks import MarketClock
from nautilus_bot.core.messages import MarketMarked, RiskVerdict, Signal, TradingHalted
from nautilus_bot.core.snapshot import Snapshot
from nautilus_bot.node.view import INBOX_LIMIT, LiveView
from nautilus_bot.risk.context import RiskContext

INSTRUMENT = TestInstrumentProvider.btcusdt_perp_binance()
STRATEGY = StrategyId("TrendStrategy-T_1")
TRADER = TraderId("BOT-001")
SIGNAL = "AAA-T-BTCUSDT-1"


class Scene:
    """A bus, a context that hears fills, and the view."""

    def __init__(self) -> None:
        self.clock = TestClock()
        self.bus = MessageBus(TRADER, self.clock)
        self.context = RiskContext(MarketClock())
        self.known: dict[ClientOrderId, Order] = {}
        self.wall_ns = 0
        self.view = LiveView(self.bus, self.context, self.known.get, lambda: self.wall_ns)
        self.view.install()
        self.orders = OrderFactory(TRADER, STRATEGY, self.clock)

    def publish(self, event: object) -> None:
        self.bus.publish(f"events.order.{STRATEGY}", event)

    def entry(self, quantity: str = "1.000") -> Order:
        order = self.orders.market(
            INSTRUMENT.id,
            OrderSide.BUY,
            Quantity.from_str(quantity),
            tags=[SIGNAL],
            client_order_id=ClientOrderId(f"{SIGNAL}-E"),
        )
        self.publish(order.init_event)
        return order

    def stop(self, quantity: str = "1.000") -> Order:
        order = self.orders.stop_market(
            INSTRUMENT.id,
            OrderSide.SELL,
            Quantity.from_str(quantity),
            Price.from_str("90.0"),
            tags=[SIGNAL],
            client_order_id=ClientOrderId(f"{SIGNAL}-S1"),
        )
        self.publish(order.init_event)
        return order

    def fill(self, order: Order, quantity: str) -> None:
        event = TestEventStubs.order_filled(
            order, INSTRUMENT, last_qty=Quantity.from_str(quantity), last_px=Price.from_str("100.0")
        )
        sign = 1 if order.side == OrderSide.BUY else -1
        self.context.on_fill(
            str(STRATEGY), str(INSTRUMENT.id), sign * Decimal(quantity), Decimal(100), Decimal(0)
        )
        self.publish(event)

    def signal(self) -> None:
        self.bus.publish(
            topics.SIGNAL + str(STRATEGY),
            Signal(
                ts_event=1,
                signal_id=SIGNAL,
                strategy="TrendStrategy",
                strategy_id=str(STRATEGY),
                instrument_id=str(INSTRUMENT.id),
                side="BUY",
                confidence=0.7,
                price="100.0",
                stop="90.0",
                target="120.0",
                reason="because",
            ),
        )

    def verdict(self, role: str = "E", rule: str = "") -> None:
        self.bus.publish(
            topics.VERDICT + str(STRATEGY),
            RiskVerdict(
                ts_event=1,
                client_order_id=f"{SIGNAL}-{role}",
                signal_id=SIGNAL,
                strategy="TrendStrategy",
                strategy_id=str(STRATEGY),
                instrument_id=str(INSTRUMENT.id),
                approved=not rule,
                role=role,
                rule=rule,
                reason="too soon" if rule else "",
            ),
        )

    def state(self) -> str:
        return self.view.snapshot().signals[0].state

    def snapshot(self) -> Snapshot:
        return self.view.snapshot()


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_a_signal_is_followed_to_its_fill(scene: Scene) -> None:
    scene.signal()
    assert scene.state() == "pending"
    scene.verdict()
    assert scene.state() == "approved"
    order = scene.entry()
    scene.publish(TestEventStubs.order_submitted(order))
    scene.publish(TestEventStubs.order_accepted(order))
    scene.fill(order, "0.400")
    assert scene.state() == "executed"
    scene.fill(order, "0.600")
    snapshot = scene.snapshot()
    assert (snapshot.signals_generated, snapshot.signals_executed, snapshot.signals_refused) == (1, 1, {})
    assert snapshot.orders == ()
    assert snapshot.gaps == 0


def test_a_refusal_is_counted_by_its_rule_and_told(scene: Scene) -> None:
    scene.signal()
    scene.verdict(rule="throttle")
    (line,) = scene.snapshot().signals
    assert (line.state, line.rule, line.reason) == ("refused", "throttle", "too soon")
    assert scene.snapshot().signals_refused == {"throttle": 1}


def test_the_verdict_on_an_exit_says_nothing_of_the_signal(scene: Scene) -> None:
    scene.signal()
    scene.verdict()
    scene.verdict(role="S1", rule="ledger")
    scene.verdict(role="S", rule="ledger")
    assert scene.state() == "approved"
    assert scene.snapshot().signals_refused == {}


def test_an_entry_that_the_venue_rejects_is_unfilled(scene: Scene) -> None:
    scene.signal()
    scene.verdict()
    order = scene.entry()
    scene.publish(TestEventStubs.order_submitted(order))
    scene.publish(TestEventStubs.order_rejected(order))
    (line,) = scene.snapshot().signals
    assert (line.state, line.rule) == ("unfilled", "venue")
    assert scene.snapshot().orders == ()


def test_a_position_is_covered_once_the_venue_has_its_stop(scene: Scene) -> None:
    scene.fill(scene.entry(), "1.000")
    assert not scene.snapshot().positions[0].covered
    stop = scene.stop()
    scene.publish(TestEventStubs.order_submitted(stop))
    assert not scene.snapshot().positions[0].covered
    scene.publish(TestEventStubs.order_accepted(stop))
    (position,) = scene.snapshot().positions
    assert position.covered
    assert [one.trigger for one in position.stops] == ["90.0"]
    assert (position.quantity, position.strategy) == ("1.000", "TrendStrategy")
    scene.publish(TestEventStubs.order_canceled(stop))
    assert not scene.snapshot().positions[0].covered


def test_a_stop_for_less_than_the_position_does_not_cover_it(scene: Scene) -> None:
    scene.fill(scene.entry(), "1.000")
    stop = scene.stop("0.400")
    scene.publish(TestEventStubs.order_accepted(stop))
    (position,) = scene.snapshot().positions
    assert (Decimal(position.stop_quantity), position.covered) == (Decimal("0.4"), False)


def test_an_order_found_at_the_venue_is_looked_up_once(scene: Scene) -> None:
    order = scene.orders.limit(
        INSTRUMENT.id,
        OrderSide.SELL,
        Quantity.from_str("2.000"),
        Price.from_str("120.0"),
        client_order_id=ClientOrderId("somebody-elses"),
    )
    scene.known[order.client_order_id] = order
    scene.publish(TestEventStubs.order_accepted(order))
    (found,) = scene.snapshot().orders
    assert (found.role, found.status) == ("V", "ACCEPTED")
    assert (Decimal(found.quantity), Decimal(found.price)) == (2, 120)
    assert scene.snapshot().gaps == 0


def test_what_does_not_fit_is_counted_as_a_gap(scene: Scene) -> None:
    unknown = scene.orders.market(
        INSTRUMENT.id, OrderSide.BUY, Quantity.from_str("1.000"), client_order_id=ClientOrderId("unknown")
    )
    scene.publish(TestEventStubs.order_accepted(unknown))
    assert scene.snapshot().gaps == 1
    order = scene.entry()
    scene.fill(order, "0.700")
    scene.fill(order, "0.700")
    assert scene.snapshot().gaps == 2


def test_prices_and_the_age_of_the_feed_come_from_marks(scene: Scene) -> None:
    assert scene.snapshot().feed_age_secs == -1.0
    mark = MarketMarked(ts_event=5, instrument_id=str(INSTRUMENT.id), price=101.0)
    scene.wall_ns = 1_000_000_000
    scene.context.on_mark(mark.instrument_id, mark.price, mark.ts_event)
    scene.bus.publish(topics.INPUT + mark.instrument_id, mark)
    scene.wall_ns = 4_000_000_000
    snapshot = scene.snapshot()
    assert snapshot.feed_age_secs == 3.0
    assert [(price.price, price.ts_event) for price in snapshot.prices] == [(101.0, 5)]


def test_breakers_are_those_of_risk(scene: Scene) -> None:
    assert scene.snapshot().breakers.state == "active"
    scene.context.breakers.apply(TradingHalted(ts_event=1, rule="daily_loss", reason="lost too much"))
    breakers = scene.snapshot().breakers
    assert (breakers.state, breakers.rule, breakers.author) == ("halted", "daily_loss", "risk")


def test_a_view_that_nobody_reads_stays_bounded(scene: Scene) -> None:
    for _ in range(INBOX_LIMIT + 5):
        scene.signal()
    assert len(scene.view._inbox) <= INBOX_LIMIT
    assert scene.snapshot().signals_generated == INBOX_LIMIT + 5


def test_orders_from_before_the_session_are_there_as_they_stand(scene: Scene) -> None:
    stop, ended = scene.stop("3.000"), scene.entry()
    for order in (stop, ended):
        order.apply(TestEventStubs.order_submitted(order))
        order.apply(TestEventStubs.order_accepted(order))
    stop.apply(TestEventStubs.order_filled(stop, INSTRUMENT, last_qty=Quantity.from_str("1.000")))
    ended.apply(TestEventStubs.order_filled(ended, INSTRUMENT))
    after = Scene()
    after.view.restore([stop, ended])
    (seen,) = after.snapshot().orders
    assert (seen.client_order_id, seen.status) == (f"{SIGNAL}-S1", "PARTIALLY_FILLED")
    assert (Decimal(seen.quantity), Decimal(seen.filled), seen.trigger) == (Decimal(3), Decimal(1), "90.0")
    assert after.snapshot().gaps == 0
