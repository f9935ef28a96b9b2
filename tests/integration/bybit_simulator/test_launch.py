"""A simulator with a market of its own: synthetic, relayed, played from candles, and kept over a restart."""

import asyncio
from decimal import Decimal

import aiohttp
import numpy as np
import pytest
from msgspec.structs import replace

from adapters.bybit_simulator.config import BybitSimulatorConfig
from adapters.bybit_simulator.launch import start_simulator
from adapters.bybit_simulator.market_sources import build_candle_market
from adapters.bybit_simulator.requests import CreateOrder
from adapters.bybit_simulator.server import BybitSimulator
from nautilus_bot.core.errors import ConfigError, VenueError
from nautilus_bot.market.candles import Candles

MINUTE_NS = 60_000_000_000
FAST = BybitSimulatorConfig(symbols=("BTCUSDT",), speed=600.0, history_bars=120, seed=3)


async def until(condition, secs=90.0):
    async with asyncio.timeout(secs):
        while not condition():
            await asyncio.sleep(0.005)


def market_of(simulator):
    return simulator.venue.board.market("BTCUSDT")


async def test_an_accelerated_market_moves_bars_into_history(simulators):
    simulator = await simulators(FAST)
    market = market_of(simulator)
    before = len(market.series("1"))
    await until(lambda: len(market.series("1")) >= before + 5)
    assert before >= 120
    assert market.bids
    assert market.mark_price


async def test_the_same_seed_gives_the_same_history(simulators):
    first, second = await simulators(FAST), await simulators(FAST)
    bars = [list(market_of(one).series("1"))[:100] for one in (first, second)]
    assert bars[0] == bars[1]


async def test_order_times_are_wall_time_though_the_market_is_in_the_past(simulators):
    simulator = await simulators(FAST)
    await until(lambda: market_of(simulator).bids)
    order = simulator.venue.exchange.create_order(buy("a"))
    assert order.created_ms - simulator.venue.board.now_ms() > 86_400_000


async def test_an_accelerated_account_goes_on_where_it_stopped(simulators, tmp_path):
    config = replace(FAST, state_path=str(tmp_path / "account.sqlite"))
    simulator = await simulators(config)
    market = market_of(simulator)
    await until(lambda: market.bids and len(market.series("1")) > 125)
    simulator.venue.exchange.create_order(buy("a"))
    simulator.venue.flush()
    await simulator.stop()
    stopped_ms, bars = market.ts_ms, list(market.series("1"))
    wallet = simulator.venue.exchange.wallet().wallet_balance

    again = await simulators(config)
    await until(lambda: market_of(again).bids)
    assert market_of(again).ts_ms >= stopped_ms // 60_000 * 60_000
    assert again.venue.exchange.position("BTCUSDT").size == buy("a").qty
    assert again.venue.exchange.wallet().wallet_balance == wallet
    closes = [bar[4] for bar in bars[:120]]
    assert [bar[4] for bar in list(market_of(again).series("1"))[:120]] == closes


async def test_prices_are_relayed_from_another_exchange(simulator, simulators, price_ticks):
    relayed = await simulators(
        BybitSimulatorConfig(
            symbols=("BTCUSDT",),
            prices="relay",
            relay_ws_url=simulator.ws_url,
            relay_http_url=simulator.http_url,
        )
    )
    market = market_of(relayed)
    await until(lambda: market.bids and market.mark_price)
    for tick in price_ticks("50123.0", "50123.1", trade="50123.1"):
        simulator.publish(tick)
    await until(lambda: market.bids[0][0] == 50123 and market.trades)
    upstream = simulator.venue.board.market("BTCUSDT")
    assert (market.bids, market.asks) == (upstream.bids, upstream.asks)
    order = relayed.venue.exchange.create_order(buy("a"))
    assert str(order.avg_price) == "50123.1"
    assert len(market.series("1")) >= 1


async def test_a_relay_reconnects_after_its_source_dropped_it(simulator, simulators, price_ticks):
    relayed = await simulators(
        BybitSimulatorConfig(
            symbols=("BTCUSDT",),
            prices="relay",
            relay_ws_url=simulator.ws_url,
            relay_http_url=simulator.http_url,
        )
    )
    market = market_of(relayed)
    await until(lambda: market.bids)
    for session in simulator.venue.sessions.on("public"):
        session.abort()
    await until(lambda: not simulator.venue.sessions.on("public"))
    for tick in price_ticks("49000.0", "49000.1"):
        simulator.publish(tick)
    await until(lambda: market.bids[0][0] == 49000)


async def test_a_relay_without_address_or_from_a_dead_one_says_so():
    with pytest.raises(ConfigError, match="relay_ws_url"):
        await start_simulator(BybitSimulatorConfig(prices="relay"))
    dead = BybitSimulatorConfig(
        prices="relay", relay_ws_url="ws://127.0.0.1:9", relay_http_url="http://127.0.0.1:9"
    )
    with pytest.raises(VenueError, match="must answer with klines"):
        await start_simulator(dead)


async def test_played_candles_come_back_as_the_same_klines(simulators):
    rng = np.random.default_rng(5)
    close = 50_000 + np.cumsum(rng.integers(-50, 50, 20)).astype(float)
    open_ = np.concatenate([[50_000.0], close[:-1]])
    ts = (1_735_689_600 + 60 * np.arange(20, dtype=np.int64)) * 1_000_000_000
    candles = Candles(
        ts, open_, np.maximum(open_, close) + 5, np.minimum(open_, close) - 5, close, np.full(20, 12.5)
    )
    market = build_candle_market({"BTCUSDT": candles}, 1, history_bars=5)
    config = BybitSimulatorConfig(symbols=("BTCUSDT",), speed=100_000.0)
    simulator = await simulators(config, market=market)
    await simulator.wait()
    async with aiohttp.ClientSession() as http:
        url = f"{simulator.http_url}/v5/market/kline?category=linear&symbol=BTCUSDT&interval=1"
        async with http.get(url) as answer:
            rows = (await answer.json())["result"]["list"][::-1]
    played = [[float(x) for x in row[1:6]] for row in rows]
    expected = [list(map(float, row)) for row in zip(*list(candles.columns())[1:], strict=True)]
    assert played == expected


def buy(link_id):
    return CreateOrder(
        symbol="BTCUSDT", side="Buy", order_type="Market", qty=Decimal("0.010"), order_link_id=link_id
    )


@pytest.fixture
async def simulators():
    """Start simulators that are stopped at the end."""
    running: list[BybitSimulator] = []

    async def start(config, **kwargs):
        running.append(await start_simulator(config, **kwargs))
        return running[-1]

    yield start
    for simulator in running:
        await simulator.stop()
