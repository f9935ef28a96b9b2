"""
A trading node with Nautilus's production Bybit clients, run as a process of its own.

``python node_script.py PORT CONTROL_TOKEN SCRIPT``: JSON lines on stdout. ``{"case": ..., ...}`` is what it
saw, ``{"do": "price", ...}`` asks the test to move the market.
"""

import asyncio
import datetime as dt
import json
import sys
import urllib.request
from collections import defaultdict

from nautilus_trader.adapters.bybit import (
    BYBIT,
    BybitDataClientConfig,
    BybitExecClientConfig,
    BybitLiveDataClientFactory,
    BybitLiveExecClientFactory,
)
from nautilus_trader.config import (
    InstrumentProviderConfig,
    LiveExecEngineConfig,
    LoggingConfig,
    TradingNodeConfig,
)
from nautilus_trader.core import nautilus_pyo3
from nautilus_trader.core.nautilus_pyo3 import BybitEnvironment, BybitProductType
from nautilus_trader.live.node import TradingNode
from nautilus_trader.model.currencies import USDT
from nautilus_trader.model.data import BarType
from nautilus_trader.model.enums import OrderSide, TimeInForce
from nautilus_trader.model.identifiers import InstrumentId, Venue
from nautilus_trader.model.objects import Price, Quantity
from nautilus_trader.trading.strategy import Strategy

BTC = InstrumentId.from_str("BTCUSDT-LINEAR.BYBIT")
STEP_SECS = 0.02
PATIENCE_SECS = 60.0


def say(**line):
    print(json.dumps(line), flush=True)


def local_data_factory(ws_url):
    """The public WebSocket address is not configurable in 1.231: replace the client before it connects."""

    class LocalDataFactory(BybitLiveDataClientFactory):
        @staticmethod
        def create(loop, name, config, msgbus, cache, clock):
            client = BybitLiveDataClientFactory.create(loop, name, config, msgbus, cache, clock)
            for product in list(client._ws_clients):
                socket = nautilus_pyo3.BybitWebSocketClient.new_public(
                    product_type=product,
                    environment=BybitEnvironment.MAINNET,
                    url=f"{ws_url}/v5/public/{product.name.lower()}",
                )
                socket.set_bars_timestamp_on_close(config.bars_timestamp_on_close)
                client._ws_clients[product] = socket
            return client

    return LocalDataFactory


class Scripted(Strategy):
    """Walk through a script: a generator that acts, then yields what it waits for."""

    def __init__(self, script, port, token, finished):
        super().__init__()
        self.port, self.token, self.finished = port, token, finished
        self.happened = defaultdict(list)
        self.positions = []
        self.quotes = self.trades = self.deltas = 0
        self.bars = []
        self.history = []
        self.steps = script(self)
        self.waiting = None
        self.waited = 0.0

    def on_start(self):
        self.clock.set_timer("step", dt.timedelta(seconds=STEP_SECS), callback=self.step)

    def step(self, _event):
        self.waited += STEP_SECS
        if self.waiting is not None and not self.waiting():
            if self.waited < PATIENCE_SECS:
                return
            say(stuck=str({str(k)[-4:]: [type(e).__name__ for e in v] for k, v in self.happened.items()}))
            self.clock.cancel_timer("step")
            self.finished.set()
            return
        try:
            self.waiting = next(self.steps)
            self.waited = 0.0
        except StopIteration:
            self.clock.cancel_timer("step")
            self.finished.set()

    def on_order_event(self, event):
        self.happened[event.client_order_id].append(event)

    def on_position_event(self, event):
        self.positions.append(type(event).__name__)

    def on_quote_tick(self, tick):
        self.quotes += 1

    def on_trade_tick(self, tick):
        self.trades += 1

    def on_order_book_deltas(self, deltas):
        self.deltas += 1

    def on_bar(self, bar):
        self.bars.append(bar)

    def on_historical_data(self, data):
        self.history.append(data)

    # what a script does

    def send(self, order, **kwargs):
        self.submit_order(order, **kwargs)
        return order

    def market(self, side, qty, **kwargs):
        return self.send(self.order_factory.market(BTC, side, Quantity.from_str(qty), **kwargs))

    def limit(self, side, qty, price, **kwargs):
        return self.send(
            self.order_factory.limit(BTC, side, Quantity.from_str(qty), Price.from_str(price), **kwargs)
        )

    def stop_order(self, side, qty, price, **kwargs):
        return self.send(
            self.order_factory.stop_market(BTC, side, Quantity.from_str(qty), Price.from_str(price), **kwargs)
        )

    def names(self, order):
        return [type(event).__name__ for event in self.happened[order.client_order_id]]

    def saw(self, order, name, times=1):
        return lambda: self.names(order).count(name) >= times

    def net(self):
        return str(self.portfolio.net_position(BTC) or 0)

    def price(self, bid, ask, qty="10", trade=None, ts_ms=None):
        say(do="price", bid=bid, ask=ask, qty=qty, trade=trade, ts_ms=ts_ms)

    def fault(self, **fault):
        return self.control("POST", "/control/faults", fault)

    def control(self, method, path, body=None):
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"X-Control-Token": self.token},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read())

    def venue_net(self):
        positions = self.control("GET", "/control/state")["positions"]
        return next((position["size"] for position in positions), "0")

    def sockets(self):
        return self.control("GET", "/control/state")["sockets"]

    def connection(self, channel):
        """Return the only connection of a kind with its topics, None when there is none."""
        found = self.control("GET", "/control/state")["connections"]
        return next((one for one in found if one["channel"] == channel), None)

    def is_replaced(self, old):
        """Tell whether another connection has logged in and subscribed as an old one had."""
        new = self.connection(old["channel"])
        return new is not None and new["id"] != old["id"] and new | {"id": old["id"]} == old


def acceptance(s):
    """The numbered list, in an order that leaves a position and two orders behind."""
    buy, sell = OrderSide.BUY, OrderSide.SELL
    account = s.cache.account_for_venue(Venue("BYBIT"))
    say(case="TC-01", sockets=s.sockets(), account=str(account.id), equity=str(account.balance_total(USDT)))
    s.subscribe_quote_ticks(BTC)
    s.subscribe_trade_ticks(BTC)
    s.subscribe_order_book_deltas(BTC)
    bar_type = BarType.from_str(f"{BTC}-1-MINUTE-LAST-EXTERNAL")
    s.subscribe_bars(bar_type)
    s.request_bars(bar_type, start=s.clock.utc_now() - dt.timedelta(hours=1))
    yield lambda: s.quotes and s.deltas
    s.price("50000.0", "50000.1", trade="50000.1")
    yield lambda: s.trades
    say(case="TC-02", quotes=s.quotes, trades=s.trades, deltas=s.deltas)

    order = s.market(buy, "0.010")
    yield s.saw(order, "OrderFilled")
    fill = s.happened[order.client_order_id][-1]
    say(case="TC-03", events=s.names(order), px=str(fill.last_px), fee=str(fill.commission), net=s.net())

    order = s.market(sell, "0.010", reduce_only=True)
    yield s.saw(order, "OrderFilled")
    yield lambda: "PositionClosed" in s.positions
    say(case="TC-04", events=s.names(order), net=s.net(), positions=s.positions)

    resting = s.limit(buy, "0.010", "49000.0")
    yield s.saw(resting, "OrderAccepted")
    s.modify_order(resting, quantity=Quantity.from_str("0.020"), price=Price.from_str("49100.0"))
    yield s.saw(resting, "OrderUpdated")
    say(case="TC-05", events=s.names(resting), qty=str(resting.quantity), price=str(resting.price))
    s.cancel_order(resting)
    yield s.saw(resting, "OrderCanceled")
    say(case="TC-06", events=s.names(resting))

    crossing = s.limit(buy, "0.010", "50500.0", post_only=True)
    yield s.saw(crossing, "OrderRejected")
    rejected = s.happened[crossing.client_order_id][-1]
    say(case="TC-07", events=s.names(crossing), due_post_only=rejected.due_post_only, reason=rejected.reason)

    crossing = s.limit(buy, "0.010", "50100.0", time_in_force=TimeInForce.IOC)
    yield s.saw(crossing, "OrderFilled")
    say(case="TC-08", events=s.names(crossing), net=s.net())
    stop = s.stop_order(sell, "0.010", "49500.0", reduce_only=True)
    yield s.saw(stop, "OrderAccepted")
    say(case="TC-09", events=s.names(stop))
    s.price("49400.0", "49400.1", trade="49400.0")
    yield s.saw(stop, "OrderFilled")
    yield lambda: s.net() == "0"
    say(case="TC-10", events=s.names(stop), net=s.net())

    s.price("50000.0", "50000.1", trade="50000.0")
    pair = [s.limit(buy, "0.010", "48000.0"), s.stop_order(sell, "0.010", "47000.0")]
    yield lambda: all(s.saw(o, "OrderAccepted")() for o in pair)
    s.cancel_all_orders(BTC)
    yield lambda: all(s.saw(o, "OrderCanceled")() for o in pair)
    say(case="TC-11", events=[s.names(o) for o in pair])

    batch = [
        s.order_factory.limit(BTC, buy, Quantity.from_str("0.010"), Price.from_str(p))
        for p in ("48000.0", "48001.0")
    ]
    s.submit_order_list(s.order_factory.create_list(batch))
    yield lambda: all(s.saw(o, "OrderAccepted")() for o in batch)
    s.cancel_orders(batch)
    yield lambda: all(s.saw(o, "OrderCanceled")() for o in batch)
    say(case="TC-12", events=[s.names(o) for o in batch])

    entry = s.market(buy, "0.020")
    yield s.saw(entry, "OrderFilled")
    stop = s.stop_order(sell, "0.020", "49000.0")
    target = s.limit(sell, "0.020", "51000.0")
    yield lambda: s.saw(stop, "OrderAccepted")() and s.saw(target, "OrderAccepted")()
    s.price("51000.1", "51000.2", trade="51000.1")
    yield s.saw(target, "OrderFilled")
    s.cancel_order(stop)
    yield s.saw(stop, "OrderCanceled")
    say(case="TC-13", target=s.names(target), stop=s.names(stop), net=s.net())

    s.price("50000.0", "50000.1", qty="0.004")
    partial = s.limit(buy, "0.010", "50000.1")
    yield s.saw(partial, "OrderFilled")
    first = str(partial.filled_qty)
    s.price("49999.0", "49999.1", trade="49999.1")
    yield lambda: partial.is_closed
    say(case="TC-14", events=s.names(partial), first=first, filled=str(partial.filled_qty))
    s.close_all_positions(BTC)
    yield lambda: s.net() == "0"

    reasons = []
    for make in (
        lambda: s.market(buy, "400.000"),
        lambda: s.market(sell, "0.010", reduce_only=True),
    ):
        order = make()
        yield s.saw(order, "OrderRejected")
        reasons.append(s.happened[order.client_order_id][-1].reason)
    s.fault(kind="rate_limit_storm", operations=["order.create"], times=1)
    order = s.market(buy, "0.010")
    yield s.saw(order, "OrderRejected")
    reasons.append(s.happened[order.client_order_id][-1].reason)
    say(case="TC-15", reasons=reasons)

    for case, channel in (("TC-16", "trade"), ("TC-17", "private"), ("TC-18", "public")):
        dropped = s.connection(channel)
        s.fault(kind="dropped_sockets", channels=[channel])
        yield lambda old=dropped: s.is_replaced(old)
        quotes = s.quotes
        s.price("50000.0", "50000.3", trade="50000.0")
        yield lambda q=quotes: s.quotes > q
        s.price("50000.0", "50000.1", trade="50000.0")
        order = s.market(buy, "0.010")
        yield s.saw(order, "OrderFilled")
        say(case=case, events=s.names(order), net=s.net(), quotes=s.quotes > quotes)

    keep = [s.stop_order(sell, "0.030", "45000.0"), s.limit(buy, "0.010", "44000.0")]
    yield lambda: all(s.saw(o, "OrderAccepted")() for o in keep)
    say(case="TC-19", net=s.net(), open=len(s.cache.orders_open()))
    bars = len(s.bars)
    s.price("50000.0", "50000.1", ts_ms=s.clock.timestamp_ms() + 60_000)
    yield lambda: len(s.bars) > bars
    say(case="TC-22", history=len(s.history), bars=len(s.bars) - bars)


def restart(s):
    """A second node finds what the first one left."""
    yield after(0.5)
    open_orders = s.cache.orders_open()
    say(
        case="TC-20",
        net=s.net(),
        open=sorted(type(order).__name__ for order in open_orders),
        quantity=[str(order.quantity) for order in open_orders],
    )
    s.subscribe_quote_ticks(BTC)
    for order in open_orders:
        s.cancel_order(order)
    yield lambda: all(order.is_closed for order in open_orders)
    order = s.market(OrderSide.SELL, s.net(), reduce_only=True)
    yield s.saw(order, "OrderFilled")
    say(case="TC-21", events=s.names(order), closed=[order.is_closed for order in open_orders])


FAULTS = {
    "FT-01": {"kind": "duplicated_private"},
    "FT-02": {"kind": "reordered_private"},
    "FT-03": {"kind": "late_private", "delay_ms": 150, "jitter_ms": 150},
    "FT-04": {"kind": "latency", "delay_ms": 60, "jitter_ms": 60},
    "FT-05": {"kind": "lost_acknowledgement", "operations": ["order.create"]},
    "FT-06": {"kind": "stale_book"},
}


def faults(s):
    """Trade through each fault; afterwards node and venue must hold the same."""
    s.subscribe_quote_ticks(BTC)
    yield lambda: s.quotes
    for case, fault in FAULTS.items():
        number = s.fault(**fault)["id"]
        order = s.market(OrderSide.BUY, "0.010")
        resting = s.limit(OrderSide.BUY, "0.010", "49000.0")
        yield s.saw(order, "OrderFilled")
        yield s.saw(resting, "OrderAccepted")
        s.control("DELETE", f"/control/faults/{number}")
        s.cancel_order(resting)
        yield s.saw(resting, "OrderCanceled")
        yield after(0.6)
        say(case=case, net=s.net(), venue=s.venue_net(), fills=s.names(order).count("OrderFilled"))


def after(secs):
    """Wait for a while: only where the thing waited for is that nothing more happens."""
    end = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=secs)
    return lambda: dt.datetime.now(dt.UTC) >= end


SCRIPTS = {"acceptance": acceptance, "restart": restart, "faults": faults}


def build_node(port):
    http, ws = f"http://127.0.0.1:{port}", f"ws://127.0.0.1:{port}"
    shared = {
        "api_key": "SIMULATED",
        "api_secret": "SIMULATED",
        "base_url_http": http,
        "product_types": (BybitProductType.LINEAR,),
        "instrument_provider": InstrumentProviderConfig(load_all=True),
    }
    config = TradingNodeConfig(
        trader_id="TESTER-001",
        logging=LoggingConfig(log_level="ERROR"),
        exec_engine=LiveExecEngineConfig(reconciliation=True, reconciliation_startup_delay_secs=0.0),
        data_clients={BYBIT: BybitDataClientConfig(**shared)},
        exec_clients={
            BYBIT: BybitExecClientConfig(
                base_url_ws_private=f"{ws}/v5/private",
                base_url_ws_trade=f"{ws}/v5/trade",
                futures_leverages={"BTCUSDT-LINEAR": 10},
                **shared,
            )
        },
        timeout_connection=60.0,
        timeout_reconciliation=60.0,
        timeout_portfolio=60.0,
        timeout_disconnection=5.0,
        timeout_post_stop=0.1,
    )
    node = TradingNode(config)
    node.add_data_client_factory(BYBIT, local_data_factory(ws))
    node.add_exec_client_factory(BYBIT, BybitLiveExecClientFactory)
    return node


def main():
    port, token, script = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    node = build_node(port)
    finished = asyncio.Event()
    node.trader.add_strategy(Scripted(SCRIPTS[script], port, token, finished))
    node.build()

    async def run():
        running = asyncio.create_task(node.run_async())
        await finished.wait()
        await node.stop_async()
        await running

    node.kernel.loop.run_until_complete(run())
    node.dispose()


if __name__ == "__main__":
    main()
