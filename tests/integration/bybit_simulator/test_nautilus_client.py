"""
Nautilus's production Bybit clients against the simulator: the numbered acceptance list.

Every node runs in a process of its own (``node_script.py``); the market is moved by hand from here.
"""

import asyncio
import json
import sys
from pathlib import Path

import pytest

from adapters.bybit_simulator.config import BybitSimulatorConfig
from adapters.bybit_simulator.faults import Latency
from adapters.bybit_simulator.server import BybitSimulator

SCRIPT = Path(__file__).with_name("node_script.py")
AS_FAR_AS_BYBIT = Latency(delay_ms=250, channels=("private", "trade"))
"""
The client counts on the answer's way: it notes whose order a request was only after it is sent, and drops the
word that an order was accepted when it overtakes its own ``OrderSubmitted``.
"""
SUBMITTED = ["OrderInitialized", "OrderSubmitted"]
ACCEPTED = [*SUBMITTED, "OrderAccepted"]
FILLED = [*ACCEPTED, "OrderFilled"]


async def run_node(simulator, script, price_ticks):
    """Run one node to the end of its script and return what it observed, by case."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(SCRIPT),
        str(simulator.port),
        simulator.control_token,
        script,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        limit=2**22,
    )
    cases, log = {}, []
    try:
        async for raw in process.stdout:
            line = raw.decode()
            log.append(line)
            if not line.startswith("{"):
                continue
            message = json.loads(line)
            if message.pop("do", None) == "price":
                for tick in price_ticks(**message):
                    simulator.publish(tick)
            elif "case" in message:
                cases[message.pop("case")] = message
        code = await asyncio.wait_for(process.wait(), 60)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert code == 0, "".join(log[-40:])
    assert not any("stuck" in line for line in log), "".join(log[-40:])
    return cases


@pytest.fixture(scope="module")
def observed(tmp_path_factory, price_ticks, minute_history):
    """Run the list once: a node, a restart of the simulator, and a second node."""
    state = tmp_path_factory.mktemp("account") / "account.sqlite"

    async def session(script):
        config = BybitSimulatorConfig(prices="none", state_path=str(state))
        async with BybitSimulator(config, history={"BTCUSDT": minute_history}) as simulator:
            simulator.venue.faults.start(AS_FAR_AS_BYBIT)
            for tick in price_ticks("50000.0", "50000.1", trade="50000.0"):
                simulator.publish(tick)
            return await run_node(simulator, script, price_ticks)

    return asyncio.run(session("acceptance")) | asyncio.run(session("restart"))


def test_tc01_connects_authenticates_and_opens_one_socket_of_each_kind(observed):
    assert observed["TC-01"] == {
        "sockets": {"public": 1, "private": 1, "trade": 1},
        "account": "BYBIT-UNIFIED",
        "equity": "100000.00000000 USDT",
    }


def test_tc02_receives_quotes_trades_and_book_deltas(observed):
    assert all(count >= 1 for count in observed["TC-02"].values())


def test_tc03_a_market_order_is_accepted_filled_at_the_ask_and_charged_the_taker_fee(observed):
    assert observed["TC-03"] == {
        "events": FILLED,
        "px": "50000.10",
        "fee": "0.27500055 USDT",
        "net": "0.010",
    }


def test_tc04_a_reduce_only_order_closes_the_position(observed):
    assert observed["TC-04"] == {
        "events": FILLED,
        "net": "0",
        "positions": ["PositionOpened", "PositionClosed"],
    }


def test_tc05_a_resting_limit_order_is_amended(observed):
    assert observed["TC-05"] == {
        "events": [*ACCEPTED, "OrderPendingUpdate", "OrderUpdated"],
        "qty": "0.020",
        "price": "49100.00",
    }


def test_tc06_a_resting_limit_order_is_cancelled(observed):
    assert observed["TC-06"]["events"][-2:] == ["OrderPendingCancel", "OrderCanceled"]


def test_tc07_a_post_only_order_that_would_take_is_rejected(observed):
    assert observed["TC-07"]["events"] == [*SUBMITTED, "OrderRejected"]
    assert observed["TC-07"]["reason"] == "EC_PostOnlyWillTakeLiquidity"


def test_tc08_an_immediate_or_cancel_order_takes_what_it_crosses(observed):
    assert observed["TC-08"] == {"events": FILLED, "net": "0.010"}


def test_tc09_a_stop_order_waits_for_its_trigger(observed):
    assert observed["TC-09"]["events"] == ACCEPTED


def test_tc10_a_stop_order_fires_when_the_last_price_falls_through_it(observed):
    assert observed["TC-10"] == {"events": FILLED, "net": "0"}


def test_tc11_cancel_all_cancels_resting_and_conditional_orders(observed):
    assert observed["TC-11"]["events"] == [[*ACCEPTED, "OrderCanceled"]] * 2


def test_tc12_a_batch_is_placed_and_cancelled(observed):
    assert observed["TC-12"]["events"] == [[*ACCEPTED, "OrderPendingCancel", "OrderCanceled"]] * 2


def test_tc13_an_entry_has_stop_and_target_and_the_target_fills(observed):
    case = observed["TC-13"]
    assert case["target"] == FILLED
    assert case["stop"][-1] == "OrderCanceled"
    assert case["net"] == "0"


def test_tc14_a_thin_book_fills_an_order_in_parts(observed):
    assert observed["TC-14"] == {"events": [*FILLED, "OrderFilled"], "first": "0.004", "filled": "0.010"}


def test_tc15_refusals_carry_bybits_own_words(observed):
    assert observed["TC-15"]["reasons"] == [
        "ab not enough for new order",
        "current position is zero, cannot fix reduce-only order qty",
        "Too many visits. Exceeded the API Rate Limit.",
    ]


@pytest.mark.parametrize(("case", "channel"), [("TC-16", "trade"), ("TC-17", "private"), ("TC-18", "public")])
def test_tc16_to_18_each_socket_reconnects_and_trading_goes_on(observed, case, channel):
    assert observed[case]["events"] == FILLED, channel
    assert observed[case]["quotes"], channel


def test_tc19_leaves_a_position_and_two_orders_for_the_next_node(observed):
    assert observed["TC-19"]["net"] == "0.030"
    assert observed["TC-19"]["open"] == 2


def test_tc20_a_restart_of_simulator_and_node_finds_position_and_orders_again(observed):
    assert observed["TC-20"]["net"] == "0.030"
    assert observed["TC-20"]["open"] == ["LimitOrder", "StopMarketOrder"]
    assert sorted(observed["TC-20"]["quantity"]) == ["0.010", "0.030"]


def test_tc21_the_new_node_cancels_and_closes_what_the_old_one_left(observed):
    assert observed["TC-21"] == {"events": FILLED, "closed": [True, True]}


def test_tc22_reads_history_and_receives_a_bar_when_a_minute_ends(observed):
    assert observed["TC-22"]["history"] >= 50
    assert observed["TC-22"]["bars"] >= 1


@pytest.fixture(scope="module")
def through_faults(price_ticks):
    """Trade through each fault that needs no restart."""

    async def session():
        async with BybitSimulator(BybitSimulatorConfig(prices="none")) as simulator:
            simulator.venue.faults.start(AS_FAR_AS_BYBIT)
            for tick in price_ticks("50000.0", "50000.1", trade="50000.0"):
                simulator.publish(tick)
            return await run_node(simulator, "faults", price_ticks)

    return asyncio.run(session())


@pytest.mark.parametrize(
    ("case", "size"),
    [
        ("FT-01", "0.010"),
        ("FT-02", "0.020"),
        ("FT-03", "0.030"),
        ("FT-04", "0.040"),
        ("FT-05", "0.050"),
        ("FT-06", "0.060"),
    ],
)
def test_ft01_to_06_after_a_fault_node_and_venue_hold_the_same(through_faults, case, size):
    assert through_faults[case] == {"net": size, "venue": size, "fills": 1}
