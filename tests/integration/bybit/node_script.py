"""
A trading node on the production wiring, run as a process of its own: one node per process.

``python node_script.py PORT CONTROL_TOKEN SCRIPT``: JSON lines on stdout, each what it saw.
"""

import asyncio
import json
import sys
import time
import urllib.request
from decimal import Decimal
from itertools import pairwise

from nautilus_trader.config import LiveExecEngineConfig, LoggingConfig, TradingNodeConfig
from nautilus_trader.core.uuid import UUID4
from nautilus_trader.execution.messages import GenerateFillReports, GeneratePositionStatusReports
from nautilus_trader.live.node import TradingNode
from nautilus_trader.model.data import BarType
from nautilus_trader.model.enums import OrderSide
from nautilus_trader.model.identifiers import InstrumentId
from nautilus_trader.model.objects import Price, Quantity
from nautilus_trader.trading.strategy import Strategy

from adapters.bybit.addresses import simulated_addresses
from adapters.bybit.clients import BybitVenue
from adapters.bybit.liveness import LivenessConfig, LivenessMonitor

BTC = InstrumentId.from_str("BTCUSDT-LINEAR.BYBIT")
MINUTES = BarType.from_str(f"{BTC}-1-MINUTE-LAST-EXTERNAL")
PATIENCE_SECS = 90.0
SILENCE_SECS = 5.0
GRACE_SECS = 4.0
"""Bounds that a busy machine alone does not break, so that nothing dies but what the script kills."""


def say(**line):
    print(json.dumps(line), flush=True)


class Watcher(Strategy):
    """Note what arrives."""

    def __init__(self):
        super().__init__()
        self.quotes = 0
        self.fills = []
        self.bars = []

    def on_start(self):
        self.subscribe_quote_ticks(BTC)

    def on_quote_tick(self, tick):
        self.quotes += 1

    def on_bar(self, bar):
        self.bars.append(bar)

    def on_order_filled(self, event):
        self.fills.append(event)

    def rest_far_below(self, quantity):
        last = self.cache.quote_tick(BTC).bid_price.as_decimal()
        price = Price((last * Decimal("0.9")).quantize(Decimal("0.1")), 1)
        order = self.order_factory.limit(BTC, OrderSide.BUY, Quantity.from_str(quantity), price)
        self.submit_order(order)
        return order

    def buy(self, quantity):
        order = self.order_factory.market(BTC, OrderSide.BUY, Quantity.from_str(quantity))
        self.submit_order(order)
        return order

    def net(self):
        return str(self.portfolio.net_position(BTC) or 0)


class Stage:
    """The node, its venue, and the exchange's control endpoint."""

    def __init__(self, port, token):
        self.port, self.token = port, token
        addresses = simulated_addresses(f"http://127.0.0.1:{port}", f"ws://127.0.0.1:{port}")
        self.venue = BybitVenue("simulated", addresses, "SIMULATED", "SIMULATED", ("BTCUSDT",))
        self.funding = []
        self.venue.funding.on_funding = lambda *told: self.funding.append(told)
        self.changes = []
        self.watcher = Watcher()
        self.node = self._node()

    def _node(self):
        quiet = LiveExecEngineConfig(
            reconciliation=True, reconciliation_startup_delay_secs=0.0, inflight_check_interval_ms=0
        )
        node = TradingNode(
            TradingNodeConfig(
                trader_id="TESTER-001",
                logging=LoggingConfig(log_level="ERROR"),
                exec_engine=quiet,
                data_clients={"BYBIT": self.venue.data_config()},
                exec_clients={"BYBIT": self.venue.exec_config()},
                timeout_connection=60.0,
                timeout_disconnection=5.0,
                timeout_post_stop=0.1,
            ),
            loop=asyncio.get_running_loop(),
        )
        node.add_data_client_factory("BYBIT", self.venue.data_factory())
        node.add_exec_client_factory("BYBIT", self.venue.exec_factory())
        node.trader.add_strategy(self.watcher)
        node.build()
        return node

    def monitor(self, **bounds):
        config = LivenessConfig(poll_secs=0.2, **bounds)
        return asyncio.create_task(LivenessMonitor(self.venue, self.changes.append, config).run())

    def links(self):
        return [(change.link, change.is_alive) for change in self.changes]

    async def until(self, condition):
        async with asyncio.timeout(PATIENCE_SECS):
            while not condition():
                await asyncio.sleep(0.02)

    async def fault(self, **fault):
        return await asyncio.to_thread(self._ask, "/control/faults", fault)

    async def connections(self, channel):
        """Return the ids of the connections that have logged in."""
        state = await asyncio.to_thread(self._ask, "/control/state")
        return {
            one["id"] for one in state["connections"] if one["channel"] == channel and one["isAuthenticated"]
        }

    def _ask(self, path, body=None):
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"X-Control-Token": self.token},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read())


async def silent_public(stage):
    await stage.until(lambda: stage.watcher.quotes > 3)
    monitor = stage.monitor(silence_secs=SILENCE_SECS)
    await stage.fault(kind="half_open_sockets", channels=["public"])
    await stage.until(lambda: ("public", False) in stage.links())
    await stage.until(lambda: ("public", True) in stage.links())
    quotes = stage.watcher.quotes
    await stage.until(lambda: stage.watcher.quotes > quotes + 3)
    monitor.cancel()
    say(links=stage.links(), reason=stage.changes[0].reason)


async def missed_bars(stage):
    """On an accelerated market: bars close while the public stream is silent."""
    stage.watcher.subscribe_bars(MINUTES)
    await stage.until(lambda: len(stage.watcher.bars) >= 2)
    monitor = stage.monitor(silence_secs=3.0)
    await stage.fault(kind="half_open_sockets", channels=["public"])
    await stage.until(lambda: ("public", True) in stage.links())
    bars = len(stage.watcher.bars)
    await stage.until(lambda: len(stage.watcher.bars) >= bars + 2)
    monitor.cancel()
    times = [bar.ts_event // 1_000_000_000 for bar in stage.watcher.bars]
    say(steps=sorted({b - a for a, b in pairwise(times)}))


async def half_open_private(stage):
    monitor = stage.monitor(grace_secs=GRACE_SECS)
    stage.watcher.buy("0.010")
    await stage.until(lambda: len(stage.watcher.fills) == 1)
    await stage.fault(kind="half_open_sockets", channels=["private"])
    order = stage.watcher.buy("0.010")
    await stage.until(lambda: ("private", True) in stage.links())
    await stage.until(lambda: order.is_closed)
    after = stage.watcher.buy("0.010")
    await stage.until(lambda: after.is_closed)
    monitor.cancel()
    say(
        # an order of which the private stream is silent may look stuck on the trade stream first
        links=[link for link in stage.links() if link[0] == "private"],
        fills=len(stage.watcher.fills),
        net=stage.watcher.net(),
        status=order.status_string(),
    )


async def half_open_trade(stage):
    monitor = stage.monitor(grace_secs=GRACE_SECS, silence_secs=SILENCE_SECS)
    (swallowing,) = await stage.connections("trade")
    await stage.fault(kind="half_open_sockets", channels=["trade"])
    stage.watcher.buy("0.010")
    await stage.until(lambda: ("trade", False) in stage.links())
    async with asyncio.timeout(PATIENCE_SECS):
        while not await stage.connections("trade") - {swallowing}:
            await asyncio.sleep(0.02)
    after = stage.watcher.buy("0.020")
    await stage.until(lambda: after.is_closed)
    monitor.cancel()
    say(
        links=[link for link in stage.links() if link[0] == "trade"][:1],
        filled=after.status_string(),
        net=stage.watcher.net(),
    )


async def busy_loop(stage):
    """The venue's word that an order was accepted is there before the loop has turned once."""
    trade = stage.venue.links.trade
    send = trade.submit_order

    async def send_and_block(*args, **kwargs):
        sending = send(*args, **kwargs)  # it runs in a thread of its own from here on
        time.sleep(0.3)
        return await sending

    trade.submit_order = send_and_block
    orders = [stage.watcher.rest_far_below("0.010") for _ in range(3)]
    await stage.until(lambda: all(order.is_open for order in orders))
    events = [[type(event).__name__ for event in order.events] for order in orders]
    say(events=sorted(set(map(tuple, events))))


async def venue_goes_down(stage):
    monitor = stage.monitor()
    await stage.fault(kind="http_502", for_secs=2.0)
    await stage.until(lambda: ("rest", True) in stage.links())
    monitor.cancel()
    say(links=stage.links(), reason=stage.changes[0].reason)


async def cancelled_requests(stage):
    """Whoever waits for a report is told to stop."""
    client = stage.venue.links.execution
    fills = client.generate_fill_reports(GenerateFillReports(None, None, None, None, UUID4(), 0))
    positions = client.generate_position_status_reports(
        GeneratePositionStatusReports(None, None, None, UUID4(), 0)
    )
    ended = []
    for request in (fills, positions):
        asking = asyncio.create_task(request)
        await asyncio.sleep(0)
        asking.cancel()
        await asyncio.wait((asking,))
        ended.append(asking.cancelled())
    say(cancelled=ended)


async def funding(stage):
    """Hold a position through a settlement that the test makes."""
    stage.watcher.buy("0.010")
    await stage.until(lambda: len(stage.watcher.fills) == 1)
    say(do="settle")
    await stage.until(lambda: stage.funding)
    await asyncio.sleep(1.0)
    (symbol, _, amount, *_) = stage.funding[0]
    say(
        told=len(stage.funding),
        symbol=symbol,
        is_paid=amount < Decimal(0),
        fills=len(stage.watcher.fills),
        orders=len(stage.node.cache.orders()),
        net=stage.watcher.net(),
    )


async def found_at_start(stage):
    """Say what reconciliation made of an account with a settlement in its execution list."""
    await stage.until(lambda: stage.watcher.quotes > 1)
    say(net=stage.watcher.net(), told=len(stage.funding))


async def refused_start(stage):
    """Say whether the node trades although the venue refuses to list the account's orders."""
    await asyncio.sleep(6.0)
    say(is_trading=stage.watcher.is_running)


SCRIPTS = (
    silent_public,
    missed_bars,
    half_open_private,
    half_open_trade,
    busy_loop,
    cancelled_requests,
    venue_goes_down,
    funding,
    found_at_start,
    refused_start,
)


async def main():
    stage = Stage(int(sys.argv[1]), sys.argv[2])
    script = next(one for one in SCRIPTS if one.__name__ == sys.argv[3])
    running = asyncio.create_task(stage.node.run_async())
    if script is not refused_start:
        await stage.until(lambda: stage.watcher.is_running and stage.watcher.quotes)
    try:
        await script(stage)
    except TimeoutError:
        say(stuck=stage.links(), fills=len(stage.watcher.fills), quotes=stage.watcher.quotes)
    await stage.node.stop_async()
    await running
    stage.node.dispose()


if __name__ == "__main__":
    asyncio.run(main())
