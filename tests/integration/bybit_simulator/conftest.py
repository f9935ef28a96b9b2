"""A market that a test moves by hand, and a plain client of the simulated Bybit."""

import asyncio
import json
import time
from decimal import Decimal

import aiohttp
import pytest

from adapters.bybit_simulator.auth import sign
from adapters.bybit_simulator.config import BybitSimulatorConfig
from adapters.bybit_simulator.prices import BookTick, MarkTick, TradeTick
from adapters.bybit_simulator.server import BybitSimulator


def make_price_ticks(bid, ask, qty="10", trade=None, symbol="BTCUSDT", ts_ms=None):
    """Return the ticks that bring the market to a price: five levels a side, mark, and a trade if asked."""
    ts_ms = time.time_ns() // 1_000_000 if ts_ms is None else ts_ms
    bid, ask, qty = Decimal(bid), Decimal(ask), Decimal(qty)
    tick = Decimal("0.1")
    levels = 5 if qty >= 1 else 1
    bids = tuple((bid - tick * n, qty) for n in range(levels))
    asks = tuple((ask + tick * n, qty) for n in range(levels))
    ticks = [BookTick(symbol, ts_ms, bids, asks), MarkTick(symbol, ts_ms, bid, bid)]
    if trade is not None:
        ticks.append(TradeTick(symbol, ts_ms, Decimal(trade), Decimal("0.001"), "Buy"))
    return ticks


@pytest.fixture(scope="session")
def price_ticks():
    """Return ``make_price_ticks``."""
    return make_price_ticks


@pytest.fixture(scope="module")
def minute_history():
    """Return sixty minute bars that end before this minute, oldest first; made anew for who needs an hour."""
    this_minute = time.time_ns() // 60_000_000_000 * 60_000
    return [
        (this_minute - 60_000 * n, 50_000.0, 50_010.0, 49_990.0, 50_005.0, 1.0, 50_000.0)
        for n in range(60, 0, -1)
    ]


class BybitClient:
    """A plain V5 client of a simulator: signed REST, and sockets whose frames wait in ``frames``."""

    def __init__(self, simulator, http):
        self.simulator = simulator
        self.http = http
        self.sockets = {}
        self.readers = []
        self.frames = {"public": [], "private": [], "trade": []}
        self.arrivals = []
        self.closed = set()

    def sign(self, text):
        return sign(self.simulator.config.api_secret, text)

    async def call(self, method, path, **params):
        """Return status and decoded answer of a signed request."""
        key, now = self.simulator.config.api_key, str(self.simulator.venue.clock())
        query = "&".join(f"{k}={v}" for k, v in params.items()) if method == "GET" else ""
        body = "" if method == "GET" else json.dumps(params)
        headers = {
            "X-BAPI-API-KEY": key,
            "X-BAPI-TIMESTAMP": now,
            "X-BAPI-RECV-WINDOW": "5000",
            "X-BAPI-SIGN": self.sign(f"{now}{key}5000{query}{body}"),
        }
        url = f"{self.simulator.http_url}{path}" + (f"?{query}" if query else "")
        async with self.http.request(method, url, data=body or None, headers=headers) as answer:
            return answer.status, json.loads(await answer.read()) if answer.status == 200 else None

    async def get(self, path, **params):
        return (await self.call("GET", path, **{"category": "linear", **params}))[1]

    async def post(self, path, **params):
        return (await self.call("POST", path, **{"category": "linear", **params}))[1]

    async def connect(self, channel, *topics):
        """Open a socket, log in where that is needed, and subscribe."""
        path = {"public": "/v5/public/linear", "private": "/v5/private", "trade": "/v5/trade"}[channel]
        socket = await self.http.ws_connect(f"{self.simulator.ws_url}{path}")
        if channel != "public":
            expires = self.simulator.venue.clock() + 5_000
            args = [self.simulator.config.api_key, expires, self.sign(f"GET/realtime{expires}")]
            await socket.send_json({"op": "auth", "args": args})
            await socket.receive_json()
        if topics:
            await socket.send_json({"op": "subscribe", "args": list(topics), "req_id": "1"})
            await socket.receive_json()
        self.sockets[channel] = socket
        self.readers.append(asyncio.create_task(self._read(channel, socket)))

    async def _read(self, channel, socket):
        async for message in socket:
            self.frames[channel].append(json.loads(message.data))
            self.arrivals.append((channel, time.monotonic()))
        self.closed.add(channel)

    async def command(self, operation, *args, req_id="r"):
        """Send a command over the trade socket without waiting for its reply."""
        header = {"X-BAPI-TIMESTAMP": str(self.simulator.venue.clock())}
        await self.sockets["trade"].send_json(
            {"reqId": req_id, "op": operation, "header": header, "args": list(args)}
        )

    async def until(self, condition, secs=60.0):
        """Wait until something is so; the limit only guards against hanging."""
        async with asyncio.timeout(secs):
            while not condition():
                await asyncio.sleep(0.005)

    async def settle(self):
        """Let everything that is under way arrive: a request after it has been answered."""
        async with self.http.get(f"{self.simulator.http_url}/v5/market/time") as answer:
            await answer.read()
        await asyncio.sleep(0.05)

    async def fault(self, **fault):
        """Start a fault over the control endpoint and return its number."""
        headers = {"X-Control-Token": self.simulator.control_token}
        url = f"{self.simulator.http_url}/control/faults"
        async with self.http.post(url, json=fault, headers=headers) as answer:
            return (await answer.json())["id"]

    async def stop_fault(self, number):
        headers = {"X-Control-Token": self.simulator.control_token}
        url = f"{self.simulator.http_url}/control/faults/{number}"
        async with self.http.delete(url, headers=headers) as answer:
            return answer.status

    def topics(self, channel="private"):
        return [frame["topic"] for frame in self.frames[channel] if "topic" in frame]

    def replies(self):
        return [frame for frame in self.frames["trade"] if frame.get("op", "").startswith("order.")]

    async def close(self):
        for reader in self.readers:
            reader.cancel()
        await asyncio.gather(*self.readers, return_exceptions=True)
        for socket in self.sockets.values():
            await socket.close()


@pytest.fixture(scope="session")
def bybit_client():
    """Return ``BybitClient``."""
    return BybitClient


@pytest.fixture
async def simulator(price_ticks):
    """Return a running simulator with a BTCUSDT market at 50000.0 / 50000.1."""
    async with BybitSimulator(BybitSimulatorConfig(prices="none")) as running:
        for tick in price_ticks("50000.0", "50000.1", trade="50000.0"):
            running.publish(tick)
        yield running


@pytest.fixture
async def client(simulator):
    """Return a plain client of ``simulator``."""
    async with aiohttp.ClientSession() as http:
        client = BybitClient(simulator, http)
        yield client
        await client.close()
