"""
A node under the latency bench, in a process of its own: ``latency_node node|bare HTTP_URL WS_URL``.

It answers every public trade with a market order. ``node`` is this project's wiring (all rules on, durable
journal, inputs recorded), ``bare`` is a Nautilus TradingNode with the same clients and the same strategy.
It says ``ready`` on its first quote, and on a line from its parent it stops and prints when it saw what.
"""

import argparse
import asyncio
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from nautilus_trader.config import StrategyConfig
from nautilus_trader.live.node import TradingNode
from nautilus_trader.model.data import QuoteTick, TradeTick
from nautilus_trader.model.enums import OrderSide
from nautilus_trader.model.events import OrderDenied, OrderRejected
from nautilus_trader.model.identifiers import ClientOrderId, InstrumentId
from nautilus_trader.trading.strategy import Strategy

from adapters.bybit.addresses import simulated_addresses
from adapters.bybit.clients import BybitVenue
from benchmarks.engine_run import PERMISSIVE
from benchmarks.market import VAR
from catalog.journal import Journal
from nautilus_bot.core import ids, topics
from nautilus_bot.core.messages import Signal
from nautilus_bot.node.builder import wire
from nautilus_bot.node.modes import MODES
from nautilus_bot.node.spec import NodeSpec
from nautilus_bot.node.trading import CLIENT, build_node_config

SYMBOLS: Final = ("BTCUSDT", "ETHUSDT", "SOLUSDT", "ADAUSDT", "DOTUSDT", "LINKUSDT")
TRADED: Final = InstrumentId.from_str("BTCUSDT-LINEAR.BYBIT")
QUANTITY: Final = "0.001"


class ProbeConfig(StrategyConfig, frozen=True):
    """Nothing to configure."""


class Probe(Strategy):
    """Note when a trade is seen and answer it with an order that carries its number."""

    def __init__(self, config: ProbeConfig) -> None:
        super().__init__(config)
        self.instrument_id = TRADED
        self.seen: dict[str, int] = {}
        self.is_quoted = asyncio.Event()

    def on_start(self) -> None:
        self._quantity = self.cache.instrument(TRADED).make_qty(QUANTITY)
        for symbol in SYMBOLS:
            self.subscribe_quote_ticks(InstrumentId.from_str(f"{symbol}-LINEAR.BYBIT"))
        self.subscribe_trade_ticks(TRADED)

    def on_quote_tick(self, _tick: QuoteTick) -> None:
        self.is_quoted.set()

    def on_trade_tick(self, tick: TradeTick) -> None:
        price = f"{tick.price.as_double():.1f}"
        self.seen[price] = time.monotonic_ns()
        count = len(self.seen)
        side = "BUY" if count % 2 else "SELL"
        signal = Signal(
            ts_event=tick.ts_event,
            signal_id=ids.signal_id("LATE", price, "BTC", count),
            strategy="Probe",
            strategy_id=self.id.value,
            instrument_id=TRADED.value,
            side=side,
            confidence=1.0,
            price=price,
            stop="",
            target="",
            reason="a trade was seen",
        )
        self.msgbus.publish(topics.SIGNAL + signal.strategy_id, signal)
        order = self.order_factory.market(
            TRADED,
            OrderSide.BUY if side == "BUY" else OrderSide.SELL,
            self._quantity,
            tags=[signal.signal_id],
            client_order_id=ClientOrderId(ids.order_id(signal.signal_id, ids.ENTRY)),
        )
        self.submit_order(order, params={"signal": signal})

    def on_order_denied(self, event: OrderDenied) -> None:
        print(f"an order of the bench must pass, denied: {event.reason}", file=sys.stderr)

    def on_order_rejected(self, event: OrderRejected) -> None:
        print(f"an order of the bench must pass, rejected: {event.reason}", file=sys.stderr)


async def trade(kind: str, http_url: str, ws_url: str, folder: Path) -> None:
    begun = time.monotonic()
    venue = BybitVenue("simulated", simulated_addresses(http_url, ws_url), "SIMULATED", "SIMULATED", SYMBOLS)
    node = TradingNode(build_node_config(venue, "ERROR"), loop=asyncio.get_running_loop())
    node.add_data_client_factory(CLIENT, venue.data_factory())
    node.add_exec_client_factory(CLIENT, venue.exec_factory())
    probe = Probe(ProbeConfig())
    journal = None
    if kind == "node":
        journal = Journal(folder, "latency", durable=True)
        spec = NodeSpec(mode=MODES["paper"], session="LATE", strategies=(), rules=PERMISSIVE)
        wire(node.kernel, spec, journal, strategies=[probe])
    else:
        node.trader.add_strategy(probe)
    node.build()
    running = asyncio.create_task(node.run_async())
    await probe.is_quoted.wait()
    say(ready_secs=time.monotonic() - begun)
    await asyncio.to_thread(sys.stdin.readline)
    stopping = time.monotonic()
    await node.stop_async()
    await asyncio.wait((running,), timeout=10)
    entries = 0
    if journal is not None:
        journal.close()
        entries = journal.last_seq
    say(stop_secs=time.monotonic() - stopping, seen=probe.seen, entries=entries)


def say(**words: object) -> None:
    print(json.dumps(words), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=("node", "bare"))
    parser.add_argument("http_url")
    parser.add_argument("ws_url")
    arguments = parser.parse_args()
    VAR.mkdir(parents=True, exist_ok=True)
    # on the disk that is measured: a temporary folder may live in memory
    folder = Path(tempfile.mkdtemp(prefix="latency-", dir=VAR))
    try:
        asyncio.run(trade(arguments.kind, arguments.http_url, arguments.ws_url, folder))
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
