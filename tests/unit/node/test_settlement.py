"""What moves while a recovered node is settled is not taken for what somebody else did."""

from decimal import Decimal
from types import SimpleNamespace

import pytest
from nautilus_trader.cache.cache import Cache
from nautilus_trader.common.component import MessageBus, TestClock
from nautilus_trader.core.uuid import UUID4
from nautilus_trader.execution.reports import FillReport
from nautilus_trader.model.enums import LiquiditySide, OrderSide
from nautilus_trader.model.identifiers import (
    AccountId,
    ClientOrderId,
    StrategyId,
    TradeId,
    TraderId,
    VenueOrderId,
)
from nautilus_trader.model.objects import Money, Price, Quantity

from adapters.bybit.rest import VenuePosition
from nautilus_bot.core.clocks import MarketClock
from nautilus_bot.market.instruments import build_instrument
from nautilus_bot.node import settlement
from nautilus_bot.node.attribution import Attribution
from nautilus_bot.node.settlement import SETTLE_LOOKS, Settlement
from nautilus_bot.risk.context import RiskContext

BTC, ETH = "BTCUSDT-LINEAR.BYBIT", "ETHUSDT-LINEAR.BYBIT"
OURS = "VB-000"


class Venue:
    """An account that holds one of each, asked again and again."""

    def __init__(self) -> None:
        self.held = {"BTCUSDT": Decimal(1), "ETHUSDT": Decimal(1)}
        self.answers = 0
        self.after: dict[int, object] = {}

    def positions(self):
        found = {name: VenuePosition(name, held, Decimal(100)) for name, held in self.held.items() if held}
        self.answers += 1
        self.after.get(self.answers, lambda: None)()
        return found


class Lists:
    """What Nautilus's client fetches."""

    def __init__(self, fills: list[FillReport]) -> None:
        self._fills = fills

    async def generate_fill_reports(self, _command: object) -> list[FillReport]:
        return self._fills


def execution() -> FillReport:
    """Return an execution, over one bitcoin, of an order that no journal has."""
    instrument = build_instrument("BTCUSDT")
    return FillReport(
        AccountId("BYBIT-UNIFIED"),
        instrument.id,
        VenueOrderId("V-1"),
        TradeId("X-1"),
        OrderSide.BUY,
        Quantity.from_str("1.000"),
        Price.from_str("100.0"),
        Money(0, instrument.quote_currency),
        LiquiditySide.TAKER,
        UUID4(),
        2,
        2,
        client_order_id=ClientOrderId("TOXIDR-VB-BTCUSDT-9-E"),
    )


@pytest.fixture
def scene(monkeypatch):
    """A settlement of one strategy's ledgers that the venue agrees with."""
    monkeypatch.setattr(settlement, "SETTLE_PAUSE_SECS", 0.0)
    clock, cache, context = TestClock(), Cache(database=None), RiskContext(MarketClock())
    bus = MessageBus(TraderId("BOT-001"), clock)
    for symbol in ("BTCUSDT", "ETHUSDT"):
        cache.add_instrument(build_instrument(symbol))
    for name in (BTC, ETH):
        context.on_fill(OURS, name, Decimal(1), Decimal(100), Decimal(0))
    attribution = Attribution(bus, context)
    attribution.install()
    venue = Venue()
    engine = SimpleNamespace(_clients={"BYBIT": Lists([execution()])})
    kernel = SimpleNamespace(cache=cache, msgbus=bus, exec_engine=engine, clock=clock)
    protector = SimpleNamespace(owner=lambda _tag, _symbol: SimpleNamespace(id=StrategyId(OURS)))
    settling = Settlement(kernel, context, attribution, protector, venue, since_ns=1)
    return SimpleNamespace(settling=settling, venue=venue, ledgers=context.ledgers, context=context)


async def test_a_position_closed_while_down_is_taken_from_its_ledger(scene):
    scene.venue.held["BTCUSDT"] = Decimal(0)
    await scene.settling._attribute()
    assert scene.ledgers.by_strategy(BTC) == {}
    assert scene.ledgers.by_strategy(ETH) == {OURS: 1}
    assert scene.venue.answers == SETTLE_LOOKS


async def test_a_stop_that_fills_between_answer_and_settlement_leaves_nothing_external(scene):
    def stopped_out() -> None:
        scene.venue.held["ETHUSDT"] = Decimal(0)
        scene.context.on_fill(OURS, ETH, Decimal(-1), Decimal(100), Decimal(0))

    scene.venue.held["BTCUSDT"] = Decimal(0)
    scene.venue.after[SETTLE_LOOKS] = stopped_out
    await scene.settling._attribute()
    assert scene.ledgers.by_strategy(BTC) == {}
    assert scene.ledgers.by_strategy(ETH) == {}


async def test_an_account_that_never_rests_is_settled_as_it_was_seen_last(scene):
    def traded() -> None:
        scene.venue.held["BTCUSDT"] += 1

    scene.venue.after = dict.fromkeys(range(1, 100), traded)
    await scene.settling._attribute()
    assert scene.ledgers.net(BTC) == scene.venue.answers


async def test_a_fill_that_the_journal_lost_is_booked_once_however_often_fills_are_fetched(scene):
    await scene.settling._fetch_fills()
    await scene.settling._fetch_fills()  # as when an order turns out to have filled meanwhile
    assert scene.ledgers.by_strategy(BTC) == {OURS: 2}
