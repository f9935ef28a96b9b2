"""One symbol's command on its way does not hold up what protects another."""

from decimal import Decimal
from types import SimpleNamespace

import pytest
from nautilus_trader.cache.cache import Cache
from nautilus_trader.common.component import MessageBus, TestClock
from nautilus_trader.core.uuid import UUID4
from nautilus_trader.execution.messages import SubmitOrder
from nautilus_trader.model.enums import OrderSide
from nautilus_trader.model.events import OrderAccepted, OrderSubmitted
from nautilus_trader.model.identifiers import AccountId, ClientOrderId, TraderId, VenueOrderId
from nautilus_trader.portfolio.portfolio import Portfolio

from adapters.bybit.rest import VenuePosition
from nautilus_bot.core.clocks import MarketClock
from nautilus_bot.core.messages import Signal
from nautilus_bot.core.session_state import LedgerCorrected
from nautilus_bot.market.instruments import build_instrument
from nautilus_bot.node.account_watch import ACT_AT, AccountWatch
from nautilus_bot.node.attribution import Attribution
from nautilus_bot.node.memory import SessionMemory
from nautilus_bot.node.modes import MODES
from nautilus_bot.node.protect import Protector
from nautilus_bot.node.spec import StrategySpec, build_strategy
from nautilus_bot.risk.context import RiskContext
from nautilus_bot.risk.recovery import apply_correction

TRADER, ACCOUNT = TraderId("BOT-001"), AccountId("BYBIT-UNIFIED")


class Venue:
    """What the venue would answer."""

    def __init__(self, **positions: str) -> None:
        self.held = {name: Decimal(quantity) for name, quantity in positions.items()}
        self.after: list = []

    def positions(self):
        found = {name: VenuePosition(name, held, Decimal(100)) for name, held in self.held.items() if held}
        if self.after:
            self.after.pop(0)()
        return found

    def open_orders(self):
        return []

    def wallet_balance_usdt(self):
        return Decimal(0)


class Account:
    """Two strategies that hold a long position each, without any stop, at a venue that agrees."""

    def __init__(self) -> None:
        clock, self.cache = TestClock(), Cache(database=None)
        self.bus = MessageBus(trader_id=TRADER, clock=clock)
        self.context, self.commands = RiskContext(MarketClock()), []
        for endpoint in ("RiskEngine.execute", "ExecEngine.execute"):
            self.bus.register(endpoint, self.commands.append)
        self.bus.register("DataEngine.execute", lambda _command: None)
        self.bus.subscribe("events.ledger*", lambda fact: apply_correction(self.context, fact))
        self._portfolio = Portfolio(self.bus, self.cache, clock)
        self.strategies = [self._begin(symbol, clock) for symbol in ("BTCUSDT", "ETHUSDT")]
        self.venue = Venue(BTCUSDT="1", ETHUSDT="1")
        kernel = SimpleNamespace(msgbus=self.bus, cache=self.cache)
        protector = Protector(self.strategies, self.cache, self.context, SessionMemory(), self.bus)
        self.watch = AccountWatch(
            kernel, self.context, Attribution(self.bus, self.context), protector, self, self.venue
        )
        self.commands.clear()

    async def fetch(self) -> int:
        """There is nothing to catch up with."""
        return 0

    def submit(self, symbol: str) -> None:
        """Let an entry be on its way to the venue."""
        strategy = next(one for one in self.strategies if one.symbol == symbol)
        order = strategy.order_factory.market(
            strategy.instrument_id, OrderSide.BUY, strategy._instrument.make_qty(1)
        )
        self.cache.add_order(order)
        order.apply(OrderSubmitted(*_identity(order), ACCOUNT, UUID4(), 1, 1))
        self.cache.update_order(order)

    def stop_out_eth(self) -> None:
        """Let the stop of the second strategy fill, at the venue and here."""
        strategy = self.strategies[1]
        self.venue.held["ETHUSDT"] = Decimal(0)
        self.context.on_fill(
            strategy.id.value, strategy.instrument_id.value, Decimal(-1), Decimal(100), Decimal(0)
        )

    def stops(self) -> set[str]:
        """Return the symbols that a stop was sent for, and forget them."""
        sent = {
            one.instrument_id.symbol.value.partition("-")[0]
            for one in self.commands
            if isinstance(one, SubmitOrder) and "-S" in one.order.client_order_id.value
        }
        self.commands.clear()
        return sent

    def net(self, symbol: str) -> Decimal:
        """Return the sum of the ledgers."""
        return Decimal(self.context.ledgers.net(f"{symbol}-LINEAR.BYBIT"))

    def _begin(self, symbol: str, clock: TestClock):
        instrument = build_instrument(symbol)
        self.cache.add_instrument(instrument)
        spec = StrategySpec(
            strategy="VolatilityBreakoutStrategy", bar_type=f"{instrument.id}-15-MINUTE-LAST-EXTERNAL"
        )
        strategy = build_strategy(spec, MODES["paper"], "TOXIDR")
        strategy.register(TRADER, self._portfolio, self.bus, self.cache, clock)
        strategy.start()
        signal = f"TOXIDR-VB-{symbol}-1"
        entry = strategy.order_factory.market(
            instrument.id,
            OrderSide.BUY,
            instrument.make_qty(1),
            tags=[signal],
            client_order_id=ClientOrderId(f"{signal}-E"),
        )
        self.cache.add_order(entry)
        entry.apply(OrderSubmitted(*_identity(entry), ACCOUNT, UUID4(), 1, 1))
        entry.apply(OrderAccepted(*_identity(entry), VenueOrderId(symbol), ACCOUNT, UUID4(), 1, 1))
        self.cache.update_order(entry)
        apply_correction(
            self.context,
            LedgerCorrected(
                ts_event=1,
                strategy_id=strategy.id.value,
                instrument_id=instrument.id.value,
                quantity="1",
                price="100",
                reason="test",
                author="test",
            ),
        )
        strategy.restore([_opening(strategy, signal)], Decimal(1))
        return strategy


def _identity(order) -> tuple:
    return (order.trader_id, order.strategy_id, order.instrument_id, order.client_order_id)


def _opening(strategy, signal_id: str) -> Signal:
    return Signal(
        ts_event=1,
        signal_id=signal_id,
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


@pytest.fixture
def account() -> Account:
    return Account()


async def test_a_missing_stop_is_sent_though_another_symbols_command_hangs(account):
    account.submit("ETHUSDT")
    await account.watch.look()
    assert account.stops() == {"BTCUSDT"}


async def test_entries_wait_for_a_command_that_hangs(account):
    account.submit("ETHUSDT")
    assert not await account.watch.confirm()


async def test_a_position_in_doubt_is_left_alone_and_the_others_are_protected(account):
    account.venue.held["ETHUSDT"] = Decimal(0)
    await account.watch.look()
    assert account.stops() == {"BTCUSDT"}


async def test_a_position_closed_outside_is_attributed_though_another_symbols_command_hangs(account):
    account.submit("ETHUSDT")
    account.venue.held = {"BTCUSDT": Decimal(0), "ETHUSDT": Decimal(3)}
    for _ in range(ACT_AT):
        await account.watch.look()
    assert account.net("BTCUSDT") == 0
    assert account.net("ETHUSDT") == 1  # its own command may explain the rest


async def test_what_fills_while_another_symbol_is_attributed_is_not_taken_for_a_strangers(account):
    account.venue.held["BTCUSDT"] = Decimal(0)
    for _ in range(ACT_AT - 1):
        await account.watch.look()
    account.venue.after = [lambda: None, account.stop_out_eth]  # the look's answer, the attribution's
    await account.watch.look()
    assert account.net("BTCUSDT") == 0
    assert account.net("ETHUSDT") == 0
    assert account.context.ledgers.by_strategy("ETHUSDT-LINEAR.BYBIT") == {}
