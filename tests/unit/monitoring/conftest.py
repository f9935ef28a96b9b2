"""Events as the bus carries them, small enough to read."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from nautilus_trader.core.uuid import UUID4
from nautilus_trader.model.currencies import USDT
from nautilus_trader.model.enums import LiquiditySide, OrderSide, OrderType
from nautilus_trader.model.events import (
    OrderAccepted,
    OrderDenied,
    OrderFilled,
    OrderRejected,
    OrderSubmitted,
)
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
from nautilus_trader.model.objects import Money, Price, Quantity

from nautilus_bot.core.messages import RiskVerdict, RuleCheck, Signal

SYMBOL = "BTCUSDT"
INSTRUMENT = f"{SYMBOL}-LINEAR.BYBIT"
STRATEGY = "RSIEMAMomentumStrategy"
STRATEGY_ID = f"{STRATEGY}-RE_BTCUSDT_15m"


class Events:
    """Build one event each, for the signal of a number."""

    strategy = STRATEGY
    symbol = SYMBOL
    instrument_id = INSTRUMENT
    series = ("crypto", STRATEGY, SYMBOL)

    def signal(self, number: int) -> Signal:
        return Signal(
            ts_event=number,
            signal_id=f"S-{number}",
            strategy=STRATEGY,
            strategy_id=STRATEGY_ID,
            instrument_id=INSTRUMENT,
            side="BUY",
            confidence=0.8,
            price="100",
            stop="99",
            target="102",
            reason="a test",
        )

    def verdict(self, number: int, *, rule: str = "", role: str = "E") -> RiskVerdict:
        return RiskVerdict(
            ts_event=number,
            client_order_id=f"S-{number}-{role}",
            signal_id=f"S-{number}",
            strategy=STRATEGY,
            strategy_id=STRATEGY_ID,
            instrument_id=INSTRUMENT,
            approved=not rule,
            role=role,
            rule=rule,
            checks=(RuleCheck(rule or "throttle", not rule),),
        )

    def submitted(self, name: str, ts_ns: int = 0) -> OrderSubmitted:
        return OrderSubmitted(*self._ids(name), AccountId("BYBIT-1"), UUID4(), ts_ns, ts_ns)

    def accepted(self, name: str, ts_ns: int = 0) -> OrderAccepted:
        return OrderAccepted(
            *self._ids(name), VenueOrderId(f"V-{name}"), AccountId("BYBIT-1"), UUID4(), ts_ns, ts_ns
        )

    def denied(self, name: str) -> OrderDenied:
        return OrderDenied(*self._ids(name), "a test", UUID4(), 0)

    def rejected(self, name: str) -> OrderRejected:
        return OrderRejected(*self._ids(name), AccountId("BYBIT-1"), "a test", UUID4(), 0, 0)

    def filled(self, name: str, ts_ns: int = 0, fee: str = "0.5") -> OrderFilled:
        return OrderFilled(
            *self._ids(name),
            VenueOrderId(f"V-{name}"),
            AccountId("BYBIT-1"),
            TradeId(f"T-{name}"),
            PositionId("P-1"),
            OrderSide.BUY,
            OrderType.MARKET,
            Quantity.from_str("1.000"),
            Price.from_str("100.00"),
            USDT,
            Money(Decimal(fee), USDT),
            LiquiditySide.TAKER,
            UUID4(),
            ts_ns,
            ts_ns,
        )

    def _ids(self, name: str) -> tuple[Any, ...]:
        return (
            TraderId("BOT-001"),
            StrategyId(STRATEGY_ID),
            InstrumentId.from_str(INSTRUMENT),
            ClientOrderId(name),
        )


@pytest.fixture
def events() -> Events:
    return Events()


@pytest.fixture
def counted() -> Callable[[Any], dict[tuple[str, ...], float]]:
    """Return how to look at the series that are not zero."""
    return lambda series: {labels: value for labels, value in series.items() if value}
