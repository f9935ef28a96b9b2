"""The node's clients through funding settlements, silent and half-open sockets."""

import asyncio
import json
import re
import sys
import time
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.bybit_simulator.config import BybitSimulatorConfig
from adapters.bybit_simulator.faults import RateLimitStorm
from adapters.bybit_simulator.launch import start_simulator
from adapters.bybit_simulator.prices import FundingTick

SCRIPT = Path(__file__).with_name("node_script.py")


@pytest.fixture
async def exchange():
    simulator = await start_simulator(BybitSimulatorConfig(symbols=("BTCUSDT",), history_bars=10))
    yield simulator
    await simulator.stop()


async def play(exchange, script):
    """Run a script in a process and return the last thing that it said."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(SCRIPT), str(exchange.port), exchange.control_token, script),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said = {}
    try:
        async with asyncio.timeout(240):
            while line := await process.stdout.readline():
                if not line.startswith(b"{"):
                    continue
                said = json.loads(line)
                if said.get("do") == "settle":
                    settle(exchange)
            err = (await process.stderr.read()).decode()
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
    assert said, err
    return said


def settle(exchange):
    exchange.publish(FundingTick("BTCUSDT", time.time_ns() // 1_000_000, Decimal("0.0001")))


async def test_a_settlement_while_trading_is_told_once_and_is_no_fill(exchange):
    assert await play(exchange, "funding") == {
        "told": 1,
        "symbol": "BTCUSDT",
        "is_paid": True,
        "fills": 1,
        "orders": 1,
        "net": "0.010",
    }


async def test_a_settlement_found_at_start_is_no_fill(exchange):
    await play(exchange, "funding")
    assert await play(exchange, "found_at_start") == {"net": "0.010", "told": 0}


async def test_a_silent_public_stream_is_noticed_and_replaced(exchange):
    said = await play(exchange, "silent_public")
    assert said["links"] == [["public", False], ["public", True]]
    assert re.fullmatch(r"no frame for \d+\.\d s", said["reason"])
    assert float(said["reason"].split()[3]) >= 5.0


async def test_bars_that_closed_while_the_public_stream_was_silent_are_fetched():
    config = BybitSimulatorConfig(symbols=("BTCUSDT",), history_bars=10, speed=60.0)
    simulator = await start_simulator(config)
    try:
        assert await play(simulator, "missed_bars") == {"steps": [60]}
    finally:
        await simulator.stop()


async def test_a_half_open_private_stream_is_noticed_replaced_and_its_fills_are_fetched(exchange):
    assert await play(exchange, "half_open_private") == {
        "links": [["private", False], ["private", True]],
        "fills": 3,
        "net": "0.030",
        "status": "FILLED",
    }


async def test_a_trade_stream_that_swallows_commands_is_replaced(exchange):
    assert await play(exchange, "half_open_trade") == {
        "links": [["trade", False]],
        "filled": "FILLED",
        "net": "0.020",
    }


async def test_an_acceptance_that_overtakes_the_submission_is_not_lost(exchange):
    assert await play(exchange, "busy_loop") == {
        "events": [["OrderInitialized", "OrderSubmitted", "OrderAccepted"]]
    }


async def test_a_request_that_is_cancelled_ends_whoever_waits_for_it(exchange):
    assert await play(exchange, "cancelled_requests") == {"cancelled": [True, True]}


async def test_a_venue_that_answers_502_is_told_and_so_is_its_return(exchange):
    said = await play(exchange, "venue_goes_down")
    assert said["links"] == [["rest", False], ["rest", True]]
    assert "502" in said["reason"]


@pytest.mark.parametrize("path", ["/v5/order/history", "/v5/execution/list", "/v5/position/list"])
async def test_a_node_does_not_trade_on_half_an_account(exchange, path):
    exchange.venue.faults.start(RateLimitStorm(operations=(path,)))
    assert await play(exchange, "refused_start") == {"is_trading": False}
