"""What the private stream lost is fetched from the venue, by the real engine and the real client."""

import asyncio
from collections.abc import Callable
from decimal import Decimal

import pytest
from nautilus_trader.cache.cache import Cache
from nautilus_trader.common.component import LiveClock, MessageBus
from nautilus_trader.core.uuid import UUID4
from nautilus_trader.execution.messages import QueryOrder
from nautilus_trader.execution.reports import FillReport, OrderStatusReport
from nautilus_trader.live.config import LiveExecEngineConfig
from nautilus_trader.live.execution_engine import LiveExecutionEngine
from nautilus_trader.model.enums import LiquiditySide, OrderSide, OrderStatus, OrderType, TimeInForce
from nautilus_trader.model.events import (
    OrderAccepted,
    OrderCanceled,
    OrderPendingCancel,
    OrderPendingUpdate,
    OrderSubmitted,
)
from nautilus_trader.model.identifiers import (
    AccountId,
    ClientOrderId,
    StrategyId,
    TradeId,
    TraderId,
    VenueOrderId,
)
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.model.orders import LimitOrder

from adapters.bybit import fetching
from adapters.bybit.addresses import simulated_addresses
from adapters.bybit.clients import BybitVenue
from adapters.bybit.execution import FundingSafeExecutionClient
from adapters.bybit.rest import VenueExecution
from nautilus_bot.market.instruments import build_instrument
from nautilus_bot.node.catch_up import CatchUp
from nautilus_bot.node.order_reports import fetch_fills_with_orders

TRADER, ACCOUNT = TraderId("BOT-001"), AccountId("BYBIT-UNIFIED")
NAME = ClientOrderId("TOXIDR-VB-BTCUSDT-1-T1")
VENUE_ID = VenueOrderId("V-1")
SEC_NS = 1_000_000_000


class Desk:
    """One order over 1.000 BTC in a node's engine, and what the venue lists of it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.clock, self.cache = LiveClock(), Cache(database=None)
        self.bus = MessageBus(trader_id=TRADER, clock=self.clock)
        self.instrument = build_instrument("BTCUSDT")
        self.cache.add_instrument(self.instrument)
        self.engine = LiveExecutionEngine(
            loop,
            self.bus,
            self.cache,
            self.clock,
            LiveExecEngineConfig(
                inflight_check_interval_ms=0, filter_unclaimed_external_orders=True, reconciliation=False
            ),
        )
        self.bus.register("Portfolio.update_account", lambda _state: None)
        addresses = simulated_addresses("http://127.0.0.1:1", "ws://127.0.0.1:1")
        venue = BybitVenue("simulated", addresses, "key", "secret", ("BTCUSDT",))
        self.client: FundingSafeExecutionClient = venue.exec_factory().create(
            loop, "BYBIT", venue.exec_config(), self.bus, self.cache, self.clock
        )
        self.engine.register_client(self.client)
        self.client._set_account_id(ACCOUNT)
        self.client.generate_order_status_reports = self._list_orders
        self.client.generate_fill_reports = self._list_fills
        self.orders: list[OrderStatusReport] = []
        self.fills: list[FillReport] = []
        self.while_listing: Callable[[], None] = lambda: None
        self.catch_up = CatchUp(self.client, self.cache, self)
        fetch_fills_with_orders(self.engine, self.client, self.cache)
        self.client.fetch_account = self._no_account
        self.order = self._accepted_order()

    def executions(self) -> list[VenueExecution]:
        """Answer as the venue's REST interface does."""
        return [
            VenueExecution(
                one.trade_id.value,
                "BTCUSDT",
                "Trade",
                NAME.value,
                Decimal(0),
                Decimal(0),
                Decimal(100),
                one.ts_event,
            )
            for one in self.fills
        ]

    async def _list_orders(self, _command: object) -> list[OrderStatusReport]:
        self.while_listing()
        return self.orders

    async def _list_fills(self, _command: object) -> list[FillReport]:
        return self.fills

    async def _no_account(self) -> None:
        """There is no balance to fetch."""

    def _accepted_order(self) -> LimitOrder:
        order = LimitOrder(
            TRADER,
            StrategyId("VB-000"),
            self.instrument.id,
            NAME,
            OrderSide.SELL,
            Quantity.from_str("1.000"),
            Price.from_str("100.0"),
            UUID4(),
            self.clock.timestamp_ns(),
        )
        self.cache.add_order(order)
        self._apply(order, OrderSubmitted, ())
        self._apply(order, OrderAccepted, (VENUE_ID,))
        self.cache.add_venue_order_id(NAME, VENUE_ID)
        return order

    def _apply(self, order: LimitOrder, kind: type, venue_id: tuple, *, age_secs: float = 0.0) -> None:
        ts = self.clock.timestamp_ns() - int(age_secs * SEC_NS)
        event = kind(
            TRADER, order.strategy_id, order.instrument_id, NAME, *venue_id, ACCOUNT, UUID4(), ts, ts
        )
        order.apply(event)
        self.cache.update_order(order)

    def hear(self, kind: type, *, age_secs: float = 0.0) -> None:
        """Let the node hear something of the order."""
        self._apply(self.order, kind, (VENUE_ID,), age_secs=age_secs)

    def execute(self, trade_id: str, quantity: str) -> None:
        """Let the venue execute a part of the order."""
        now = self.clock.timestamp_ns()
        self.fills.append(
            FillReport(
                ACCOUNT,
                self.instrument.id,
                VENUE_ID,
                TradeId(trade_id),
                OrderSide.SELL,
                Quantity.from_str(quantity),
                Price.from_str("100.0"),
                Money("0.02", self.instrument.quote_currency),
                LiquiditySide.MAKER,
                UUID4(),
                now,
                now,
                client_order_id=NAME,
            )
        )

    def list_order(self, status: OrderStatus, filled: str) -> None:
        """Let the venue list the order."""
        now = self.clock.timestamp_ns()
        self.orders = [
            OrderStatusReport(
                ACCOUNT,
                self.instrument.id,
                VENUE_ID,
                OrderSide.SELL,
                OrderType.LIMIT,
                TimeInForce.GTC,
                status,
                Quantity.from_str("1.000"),
                Quantity.from_str(filled),
                UUID4(),
                now,
                now,
                now,
                client_order_id=NAME,
                price=Price.from_str("100.0"),
                avg_px=Decimal(100),
            )
        ]

    async def query(self) -> None:
        """Ask for the order as the engine's check of commands in flight does, and take the answer."""
        query = QueryOrder(
            TRADER,
            self.order.strategy_id,
            self.instrument.id,
            NAME,
            VENUE_ID,
            UUID4(),
            self.clock.timestamp_ns(),
        )
        await self.client._query_order(query)
        await asyncio.sleep(0)  # events reach the engine's queue with the next turn of the loop
        while self.engine.evt_qsize():
            self.engine._handle_event_with_tracking(self.engine._evt_queue.get_nowait())


@pytest.fixture
async def desk() -> Desk:
    return Desk(asyncio.get_running_loop())


async def test_the_last_fill_of_a_cancelled_order_is_fetched_when_its_socket_died_between_the_two(desk):
    desk.execute("X-1", "0.400")
    desk.list_order(OrderStatus.CANCELED, "0.400")
    desk.hear(OrderCanceled)
    assert await desk.catch_up.fetch() == 1
    assert str(desk.order.filled_qty) == "0.400"
    assert desk.order.status == OrderStatus.CANCELED
    assert await desk.catch_up.fetch() == 0
    assert str(desk.order.filled_qty) == "0.400"


async def test_a_cancelled_order_waits_for_all_of_its_fills_to_be_listed(desk):
    desk.execute("X-1", "0.400")
    desk.list_order(OrderStatus.CANCELED, "0.700")
    desk.hear(OrderCanceled)
    await desk.catch_up.fetch()
    desk.execute("X-2", "0.300")
    await desk.catch_up.fetch()
    assert str(desk.order.filled_qty) == "0.700"
    assert desk.order.status == OrderStatus.CANCELED


@pytest.mark.parametrize("request_kind", [OrderPendingCancel, OrderPendingUpdate])
async def test_a_request_about_a_partly_filled_order_that_got_lost_is_over_once_the_venue_was_asked(
    desk, request_kind
):
    desk.execute("X-1", "0.400")
    desk.list_order(OrderStatus.PARTIALLY_FILLED, "0.400")
    await desk.catch_up.fetch()
    assert desk.order.status == OrderStatus.PARTIALLY_FILLED
    desk.hear(request_kind, age_secs=10)
    await desk.query()
    assert desk.order.status == OrderStatus.PARTIALLY_FILLED
    assert str(desk.order.leaves_qty) == "0.600"


async def test_a_request_that_has_just_left_is_not_given_up(desk):
    desk.execute("X-1", "0.400")
    desk.list_order(OrderStatus.PARTIALLY_FILLED, "0.400")
    await desk.catch_up.fetch()
    desk.hear(OrderPendingCancel)
    await desk.query()
    assert desk.order.status == OrderStatus.PENDING_CANCEL


async def test_a_request_that_left_after_the_list_was_asked_for_is_not_given_up(desk, monkeypatch):
    monkeypatch.setattr(fetching, "ANSWER_NS", 0)
    desk.execute("X-1", "0.400")
    desk.list_order(OrderStatus.PARTIALLY_FILLED, "0.400")
    await desk.catch_up.fetch()
    desk.while_listing = lambda: desk.hear(OrderPendingCancel)
    await desk.query()
    assert desk.order.status == OrderStatus.PENDING_CANCEL


async def test_a_fill_is_applied_though_the_list_of_orders_has_its_order_no_more(desk):
    desk.execute("X-1", "1.000")
    assert await desk.catch_up.fetch() == 1
    assert desk.order.status == OrderStatus.FILLED
    assert str(desk.order.filled_qty) == "1.000"


async def test_a_fill_waits_for_the_rest_that_the_list_of_orders_tells_of(desk):
    desk.execute("X-1", "0.400")
    desk.list_order(OrderStatus.CANCELED, "0.700")
    await desk.catch_up.fetch()
    assert desk.order.status == OrderStatus.ACCEPTED
    desk.execute("X-2", "0.300")
    await desk.catch_up.fetch()
    assert desk.order.status == OrderStatus.CANCELED
    assert str(desk.order.filled_qty) == "0.700"


async def test_what_one_list_of_orders_tells_is_fetched_at_once(desk):
    asked: list[None] = []
    desk.while_listing = lambda: asked.append(None)
    desk.execute("X-1", "0.400")
    desk.list_order(OrderStatus.PARTIALLY_FILLED, "0.400")
    for _ in range(3):
        desk.engine.reconcile_execution_report(desk.orders[0])
    async with asyncio.timeout(10):
        while desk.order.status == OrderStatus.ACCEPTED:
            await asyncio.sleep(0)
    assert str(desk.order.filled_qty) == "0.400"
    assert len(asked) == 1
