"""
Tick to trade: from a public frame that leaves the exchange to the order that arrives there.

The exchange is the simulated Bybit in this process; each node has a process of its own and connects through
the production clients. This node runs with all risk rules and the durable journal, beside it a bare Nautilus
node with the same clients and strategy. One frame is sent when the order of the last has arrived.
"""

import argparse
import asyncio
import contextlib
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

import msgspec
import psutil

from adapters.bybit_simulator.config import BybitSimulatorConfig
from adapters.bybit_simulator.launch import start_simulator
from adapters.bybit_simulator.prices import BookTick, TradeTick
from adapters.bybit_simulator.server import BybitSimulator
from adapters.bybit_simulator.ws_trade import TradeStream
from benchmarks.latency_node import SYMBOLS
from benchmarks.market import REPO, VAR

BASE: Final = Decimal(50_000)
TICK: Final = Decimal("0.1")
WARM_UP: Final = 50
PAUSE_SECS: Final = 0.011
"""The node's own RiskEngine lets 100 orders a second pass."""
LOST_SECS: Final = 2.0
AIM: Final = 1.3


class Latency(msgspec.Struct, frozen=True):
    """One node's figures; latencies in ms, one a sample."""

    kind: str
    callback_ms: list[float]
    order_ms: list[float]
    ready_secs: float
    stop_secs: float
    idle_cpu_pct: float
    rss_mb: float
    entries: int
    load: float


class Arrivals:
    """When each order arrived at the exchange, by the price in its id; waits for one at a time."""

    def __init__(self) -> None:
        self.at: dict[str, int] = {}
        self._came = asyncio.Event()

    def watch(self, stream: type[TradeStream]) -> None:
        answer = stream.on_message

        def on_message(this: TradeStream, session: Any, message: Any) -> None:
            if message.get("op") == "order.create":
                self.at[_price_in(message)] = time.monotonic_ns()
                self._came.set()
            answer(this, session, message)

        stream.on_message = on_message  # type: ignore[method-assign]

    async def next(self, price: str) -> None:
        """Wait for the order at a price; a busy machine's may be refused, the last being under way."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOST_SECS):
                while price not in self.at:
                    self._came.clear()
                    await self._came.wait()


def _price_in(message: Any) -> str:
    """Return the second part of the order's id: the price of the trade that it answers."""
    return str(message["args"][0]["orderLinkId"]).split("-")[1]


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def publish_books(exchange: BybitSimulator) -> None:
    for symbol in SYMBOLS:
        price = BASE if symbol == "BTCUSDT" else Decimal(10)
        step = Decimal("0.1") if symbol == "BTCUSDT" else Decimal("0.01")
        levels = [(price - step, Decimal(1000))], [(price + step, Decimal(1000))]
        exchange.publish(BookTick(symbol, now_ms(), tuple(levels[0]), tuple(levels[1])))


async def measure(kind: str, samples: int, idle_secs: float, arrivals: Arrivals) -> Latency:
    config = BybitSimulatorConfig(
        prices="none",
        rate_limit_scale=1_000,
        symbols=SYMBOLS,
        wallet_usdt=Decimal(10_000_000),
        history_bars=0,
    )
    load = os.getloadavg()[0]
    exchange = await start_simulator(config)
    publish_books(exchange)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.latency_node", kind, exchange.http_url, exchange.ws_url),
        cwd=REPO,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=2**24,
    )
    try:
        books = asyncio.create_task(_keep_publishing(exchange))
        ready = await _said(process, "ready_secs")
        books.cancel()
        idle_cpu, rss = await _idle(process.pid, idle_secs)
        sent = await _send(exchange, samples + WARM_UP, arrivals)
        process.stdin.write(b"stop\n")
        end = await _said(process, "stop_secs")
        await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        await exchange.stop()
    prices = list(sent)[WARM_UP:]
    return Latency(
        kind=kind,
        callback_ms=[(end["seen"][price] - sent[price]) / 1e6 for price in prices],
        order_ms=[(arrivals.at[price] - sent[price]) / 1e6 for price in prices],
        ready_secs=ready["ready_secs"],
        stop_secs=end["stop_secs"],
        idle_cpu_pct=idle_cpu,
        rss_mb=rss,
        entries=end["entries"],
        load=load,
    )


async def _keep_publishing(exchange: BybitSimulator) -> None:
    while True:
        publish_books(exchange)
        await asyncio.sleep(0.05)


async def _said(process: asyncio.subprocess.Process, key: str) -> dict[str, Any]:
    async with asyncio.timeout(90):
        while line := await process.stdout.readline():
            if line.startswith(b"{"):
                words: dict[str, Any] = json.loads(line)
                if key in words:
                    return words
    raise SystemExit(f"the node ended before it said {key!r}")


async def _idle(pid: int, secs: float) -> tuple[float, float]:
    """Return CPU percent and resident megabytes of a connected node without traffic."""
    node = psutil.Process(pid)
    await asyncio.sleep(1.0)
    before = sum(node.cpu_times()[:2])
    await asyncio.sleep(secs)
    return 100.0 * (sum(node.cpu_times()[:2]) - before) / secs, node.memory_info().rss / 1e6


async def _send(exchange: BybitSimulator, count: int, arrivals: Arrivals) -> dict[str, int]:
    sent: dict[str, int] = {}
    arrivals.at.clear()
    for number in range(1, count + 1):
        price = BASE + TICK * number
        sent[f"{price:.1f}"] = time.monotonic_ns()
        exchange.publish(TradeTick("BTCUSDT", now_ms(), price, Decimal("0.01"), "Buy"))
        await arrivals.next(f"{price:.1f}")
        await asyncio.sleep(PAUSE_SECS)
    return {price: at for price, at in sent.items() if price in arrivals.at}


def percentile(values: Sequence[float], pct: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * pct / 100))]


def fsync_ms(count: int = 500) -> list[float]:
    """Return how long the disk itself takes to make 4 kB durable."""
    VAR.mkdir(parents=True, exist_ok=True)
    times = []
    with tempfile.NamedTemporaryFile(dir=VAR) as file:
        for _ in range(count):
            begun = time.perf_counter_ns()
            os.write(file.fileno(), b"x" * 4096)
            os.fdatasync(file.fileno())
            times.append((time.perf_counter_ns() - begun) / 1e6)
    return times


def report(results: list[Latency], disk: list[float]) -> str:
    lines = [f"{'ms':12}{'samples':>8}{'to callback':>22}{'to order':>22}{'load':>6}"]
    lines += [
        f"{one.kind:12}{len(one.order_ms):>8,}{_pair(one.callback_ms):>22}{_pair(one.order_ms):>22}{one.load:>6.1f}"
        for one in results
    ]
    lines += [f"{'fdatasync':12}{len(disk):>8,}{'':>22}{_pair(disk):>22}"]
    for one in results:
        lines.append(
            f"{one.kind}: first quote {one.ready_secs:.1f} s after start (imports excluded), "
            f"stop {one.stop_secs:.1f} s, idle {one.idle_cpu_pct:.1f} % CPU and {one.rss_mb:.0f} MB "
            f"with six symbols, {one.entries:,} entries"
        )
    ours, bare = (statistics.median(one.order_ms) for one in results)
    ratio = ours / bare
    lines.append(
        f"{'met   ' if ratio <= AIM else 'MISSED'} tick to trade {ratio:.2f} times the bare node (aim {AIM})"
    )
    return "\n".join(lines)


def _pair(values: Sequence[float]) -> str:
    return f"p50 {percentile(values, 50):.2f} p99 {percentile(values, 99):.2f}"


async def run(samples: int, idle_secs: float) -> list[Latency]:
    arrivals = Arrivals()
    arrivals.watch(TradeStream)
    return [await measure(kind, samples, idle_secs, arrivals) for kind in ("node", "bare")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=2_000)
    parser.add_argument("--idle-secs", type=float, default=10.0)
    arguments = parser.parse_args()
    disk = fsync_ms()
    print(report(asyncio.run(run(arguments.samples, arguments.idle_secs)), disk))


if __name__ == "__main__":
    main()
