"""A small real backtest whose every event and command went through the codec into a journal."""

import warnings
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
from nautilus_trader.config import LoggingConfig
from nautilus_trader.model.currencies import USDT
from nautilus_trader.model.data import Bar, BarType
from nautilus_trader.model.enums import AccountType, OmsType, OrderSide, TimeInForce
from nautilus_trader.model.identifiers import Venue
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.test_kit.providers import TestInstrumentProvider
from nautilus_trader.trading.strategy import Strategy

from catalog import codec
from catalog.store import EventStore, Run

INSTRUMENT = TestInstrumentProvider.btcusdt_perp_binance()
BAR_TYPE = BarType.from_str(f"{INSTRUMENT.id}-1-MINUTE-LAST-EXTERNAL")
MINUTE_NS = 60_000_000_000


class Flipper(Strategy):
    """Turn long and short on every fifth bar, with a resting limit order beside it that is cancelled."""

    def on_start(self) -> None:
        self.count = 0
        self.subscribe_bars(BAR_TYPE)

    def on_bar(self, bar: Any) -> None:
        self.count += 1
        if self.count % 5 == 1:
            side = OrderSide.BUY if self.count % 10 == 1 else OrderSide.SELL
            quantity = Quantity.from_str("0.100" if self.count == 1 else "0.200")
            self.submit_order(self.order_factory.market(INSTRUMENT.id, side, quantity, tags=["signal-1"]))
            limit = self.order_factory.limit(
                INSTRUMENT.id, OrderSide.BUY, Quantity.from_str("0.100"), Price.from_str("10.0"),
                time_in_force=TimeInForce.GTC,
            )  # fmt: skip
            self.submit_order(limit)
        elif self.count % 5 == 3:
            self.cancel_all_orders(INSTRUMENT.id)


class Recorded(NamedTuple):
    """A finished run and the engine that it recorded."""

    store: EventStore
    run: Run
    engine: BacktestEngine


def bars(count: int) -> list[Bar]:
    result = []
    for i in range(count):
        price = 50_000 + (i * 37) % 500
        open_, high, low, close = (Price(price + d, 1) for d in (0, 9, -11, 3))
        ts = (i + 1) * MINUTE_NS
        result.append(Bar(BAR_TYPE, open_, high, low, close, Quantity.from_str("10.000"), ts, ts))
    return result


def record(engine: BacktestEngine, run: Run) -> None:
    """Subscribe in front of everybody, as the node's recorder does, and watch the commands."""

    def append(message: Any, topic: str) -> None:
        name, version, payload = codec.encode(message)
        run.journal.append(
            ts_init=message.ts_init,
            ts_market=message.ts_init,
            ts_publish=engine.kernel.clock.timestamp_ns(),
            topic=topic,
            type=name,
            version=version,
            payload=payload,
            instrument_id=str(getattr(message, "instrument_id", "") or ""),
            strategy_id=str(getattr(message, "strategy_id", "") or ""),
            client_order_id=str(getattr(message, "client_order_id", "") or ""),
            position_id=str(getattr(message, "position_id", "") or ""),
        )

    bus, exec_engine = engine.kernel.msgbus, engine.kernel.exec_engine
    for pattern in ("events.order.*", "events.position.*", "events.account.*"):
        bus.subscribe(pattern, lambda message: append(message, "events"), priority=10_000)

    def execute(command: Any) -> None:
        append(command, "command")
        exec_engine.execute(command)

    bus.deregister("ExecEngine.execute", exec_engine.execute)
    bus.register("ExecEngine.execute", execute)
    append(INSTRUMENT, "instrument")


def run_backtest(root: Path, *, session: str = "AAAAAA", count: int = 200) -> Recorded:
    engine = BacktestEngine(BacktestEngineConfig(logging=LoggingConfig(bypass_logging=True)))
    engine.add_venue(
        Venue("BINANCE"), OmsType.NETTING, AccountType.MARGIN, [Money(10_000, USDT)],
        base_currency=USDT, default_leverage=Decimal(10),
    )  # fmt: skip
    engine.add_instrument(INSTRUMENT)
    engine.add_data(bars(count))
    engine.add_strategy(Flipper())
    store = EventStore(root)
    run = store.new_run("backtest", "{}", durable=False, session=session)
    record(engine, run)
    with warnings.catch_warnings():
        # Nautilus's own use of a function that pandas 3 deprecates
        warnings.filterwarnings("ignore", message=r"Timestamp\.utcnow")
        engine.run()
    run.end()
    return Recorded(store, run, engine)


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    return run_backtest(tmp_path_factory.mktemp("events"))


@pytest.fixture(scope="session")
def recorded_again(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """The same backtest a second time, in another session."""
    return run_backtest(tmp_path_factory.mktemp("events"), session="BBBBBB")
