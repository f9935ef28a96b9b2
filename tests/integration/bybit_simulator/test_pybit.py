"""The official SDK against the simulator: REST, public and private streams, orders over a socket."""

import asyncio
import json
import sys
from pathlib import Path

import pytest

from adapters.bybit_simulator.config import BybitSimulatorConfig
from adapters.bybit_simulator.faults import Latency
from adapters.bybit_simulator.server import BybitSimulator

SCRIPT = Path(__file__).with_name("pybit_script.py")
AS_FAR_AS_BYBIT = Latency(delay_ms=1_000, channels=("public", "private", "trade"))
"""pybit notes who waits for an answer only after it has asked: it counts on the answer's way."""


@pytest.fixture(scope="module")
def seen(price_ticks, minute_history):
    async def run():
        history = {"BTCUSDT": minute_history}
        async with BybitSimulator(BybitSimulatorConfig(prices="none"), history=history) as simulator:
            simulator.venue.faults.start(AS_FAR_AS_BYBIT)
            for tick in price_ticks("50000.0", "50000.1", trade="50000.0"):
                simulator.publish(tick)
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                str(SCRIPT),
                str(simulator.port),
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
            try:
                out, err = await asyncio.wait_for(process.communicate(), 240)
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()
            assert process.returncode == 0, err.decode()
            return json.loads(out.decode().splitlines()[-1])

    return asyncio.run(run())


def test_pybit_reads_market_and_account(seen):
    expected = {
        "time": 0,
        "tick": "0.10",
        "equity": "100000",
        "taker": "0.00055",
        "bid": "50000.0",
    }
    assert {name: seen[name] for name in expected} == expected
    assert seen["klines"] > 60


def test_pybit_streams_prices(seen):
    assert seen["ticker"] == "50000.1"


def test_pybit_places_an_order_and_hears_of_its_fill_on_every_private_topic(seen):
    assert seen["placed"] == "rest-1"
    assert seen["fill"] == ["rest-1", "50000.1", "0.010"]
    assert (seen["filled"], seen["position"], seen["wallet"]) == ("order", "0.010", "USDT")


def test_pybit_places_an_order_over_the_trade_socket(seen):
    assert (seen["ack"], seen["size"]) == ("ws-1", "0.020")


def test_pybit_raises_bybits_code_for_an_unknown_order(seen):
    assert seen["cancel"] == 110001
