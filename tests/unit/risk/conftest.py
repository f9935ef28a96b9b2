"""A context with a known account, and requests that differ from a plain one in what a test names."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from nautilus_bot.core.clocks import MarketClock
from nautilus_bot.core.messages import RiskVerdict, Signal
from nautilus_bot.risk.context import RiskContext
from nautilus_bot.risk.rule import OrderRequest

HOUR = 3_600 * 10**9
DAY = 24 * HOUR
START = 20_000 * DAY
BTC = "BTCUSDT-LINEAR.BYBIT"
ETH = "ETHUSDT-LINEAR.BYBIT"

type MakeRequest = Callable[..., OrderRequest]
type MakeVerdict = Callable[..., RiskVerdict]


@pytest.fixture
def context() -> RiskContext:
    """10,000 USDT at the start of a UTC day, BTC at 100, ETH at 10."""
    context = RiskContext(MarketClock())
    context.on_balance(10_000.0)
    context.on_mark(BTC, 100.0, START)
    context.on_mark(ETH, 10.0, START)
    return context


@pytest.fixture
def make_request(context: RiskContext) -> MakeRequest:
    def build(**changes: Any) -> OrderRequest:
        strategy_id = changes.pop("strategy_id", "Alpha-A")
        confidence = changes.pop("confidence", 0.8)
        instrument_id = changes.pop("instrument_id", BTC)
        sign = changes.pop("sign", 1)
        price = Decimal(str(context.marks.get(instrument_id, 0)))
        fields: dict[str, Any] = {
            "ts": context.clock.now_ns,
            "client_order_id": "T-A-BTCUSDT-1-E",
            "strategy": strategy_id.partition("-")[0],
            "strategy_id": strategy_id,
            "instrument_id": instrument_id,
            "role": "E",
            "sign": sign,
            "quantity": Decimal(1),
            "price": price,
            "signal": Signal(
                ts_event=context.clock.now_ns,
                signal_id="T-A-BTCUSDT-1",
                strategy="Alpha",
                strategy_id=strategy_id,
                instrument_id=instrument_id,
                side="BUY" if sign > 0 else "SELL",
                confidence=confidence,
                price=str(price),
                stop="90",
                target="120",
                reason="test",
            ),
            "reducing": False,
        }
        return OrderRequest(**(fields | changes))

    return build


@pytest.fixture
def make_verdict() -> MakeVerdict:
    def build(request: OrderRequest, *, approved: bool = True) -> RiskVerdict:
        return RiskVerdict(
            ts_event=request.ts,
            client_order_id=request.client_order_id,
            signal_id="T-A-BTCUSDT-1",
            strategy=request.strategy,
            strategy_id=request.strategy_id,
            instrument_id=request.instrument_id,
            approved=approved,
            role=request.role,
        )

    return build


@pytest.fixture
def move_hourly(context: RiskContext) -> Callable[..., None]:
    """Feed one price an hour per instrument; ``returns[i]`` are percent, from where the market stands."""

    def move(**percents: list[float]) -> None:
        names = {"btc": BTC, "eth": ETH}
        hours = len(next(iter(percents.values())))
        for hour in range(hours):
            ts = (context.clock.now_ns // HOUR + 1) * HOUR
            for short, moves in percents.items():
                name = names[short]
                context.on_mark(name, context.marks[name] * (1 + moves[hour] / 100), ts)
        # the next hour's first mark finishes the last sample
        ts = context.clock.now_ns + 1
        for short in percents:
            context.on_mark(names[short], context.marks[names[short]], ts)

    return move
