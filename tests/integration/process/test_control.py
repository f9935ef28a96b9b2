"""Operator commands on a real bot: recorded with their author, obeyed by risk and strategies."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import psutil
import pytest

from adapters.bybit.addresses import simulated_addresses
from adapters.bybit.rest import BybitRest
from catalog.codec import decode_plain
from catalog.reader import EntryFilter, entries
from nautilus_bot.control.client import ControlClient
from nautilus_bot.core.control import CloseAll, CloseSymbol, HaltTrading, InjectSignal, PauseStrategy
from nautilus_bot.core.snapshot import LedgerState
from nautilus_bot.process.identity import is_alive

if sys.platform == "win32":
    pytest.skip("the driver uses limits that Windows has not", allow_module_level=True)

spec = spec_from_file_location("cycles_for_control", Path(__file__).with_name("cycles.py"))
assert spec is not None
assert spec.loader is not None
cycles = module_from_spec(spec)
sys.modules["cycles_for_control"] = cycles
spec.loader.exec_module(cycles)

AUTHOR = "test:operator"
HANG_SECS = 120.0
INJECTED = "QAInjectStrategy"


class Running:
    """A started bot and a client of its own."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver
        self.run_file = json.loads(driver.run_path.read_text())
        self.client = ControlClient(self.run_file["control_url"], self.run_file["token"], HANG_SECS)

    def until[T](self, look: Callable[[], T]) -> T:
        deadline = time.monotonic() + HANG_SECS
        while not (seen := look()):
            assert time.monotonic() < deadline, "not seen in time"
            time.sleep(0.1)
        return seen

    def injected(self) -> list[LedgerState]:
        """Return what the test's own signals opened and has a stop; other strategies may trade, too."""
        return [one for one in self.client.positions() if one.strategy == INJECTED and one.covered]

    def is_well(self) -> bool:
        """Return whether it finds itself well, which a busy machine may keep it from for a moment."""
        return self.client.health().ok

    def recorded(self, kind: str) -> list[dict[str, Any]]:
        folder = self.driver.folder / "events" / "runs" / self.run_file["run_id"]
        found = entries(folder, where=EntryFilter(types=(kind,)))
        return [decode_plain(entry.type, entry.version, entry.payload) for entry in found]


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    driver = cycles.Cycles(tmp_path)
    driver.start()
    bot = Running(driver)
    yield bot
    left = is_alive(bot.run_file["pid"], bot.run_file["birth"])
    driver.call("force-stop", "--name", cycles.NAME, expect=cycles.OK if left else cycles.NOT_RUNNING)


def test_an_operator_opens_closes_and_halts_and_all_of_it_is_recorded(running: Running) -> None:
    client = running.client
    running.until(lambda: client.snapshot().prices)
    assert client.send(InjectSignal(symbol="ETHUSDT", side="BUY"), AUTHOR).done
    (position,) = running.until(running.injected)
    assert position.instrument_id.startswith("ETHUSDT")
    running.until(lambda: [s.state for s in client.signals() if s.strategy == INJECTED] == ["executed"])

    assert client.send(CloseSymbol(symbol="ethusdt"), AUTHOR).done
    running.until(lambda: not any(p.instrument_id.startswith("ETHUSDT") for p in client.positions()))
    assert not client.send(CloseSymbol(symbol="DOGEUSDT"), AUTHOR).done
    assert not client.send(PauseStrategy(strategy="Nobody"), AUTHOR).done
    assert client.send(CloseAll(), AUTHOR).done

    assert client.send(HaltTrading(reason="a test"), AUTHOR).done
    status = client.status()
    assert (status.breakers.state, status.breakers.author) == ("halted", AUTHOR)
    assert client.send(InjectSignal(symbol="ETHUSDT", side="BUY"), AUTHOR).done
    refused = running.until(
        lambda: [s for s in client.signals() if s.strategy == INJECTED and s.state == "refused"]
    )
    assert refused[-1].rule == "trading_state"
    running.until(running.is_well)
    running.driver.stop()

    commands = [(one["command"], one["author"]) for one in running.recorded("OperatorCommand")]
    words = ["inject", "close", "close", "pause", "close_all", "halt", "inject"]
    assert commands[:-1] == [(word, AUTHOR) for word in words]
    assert commands[-1][0] == "stop"
    assert [halt["author"] for halt in running.recorded("TradingHalted")] == [AUTHOR]


def test_no_secret_of_a_run_is_left_in_its_files(running: Running) -> None:
    running.client.status()
    running.driver.stop()
    token = running.run_file["token"].encode()
    assert len(token) >= 32
    written = [path for path in running.driver.folder.rglob("*") if path.is_file()]
    assert len(written) >= 4
    assert [path for path in written if token in path.read_bytes()] == []


def test_an_outside_position_is_assigned_from_the_command_line_and_protected(running: Running) -> None:
    client, call = running.client, running.driver.call
    running.until(lambda: client.snapshot().prices)
    rest = exchange_of(running.run_file["pid"])
    rest._session.place_order(
        category="linear", symbol="BTCUSDT", side="Buy", orderType="Market", qty="0.010"
    )
    (outside,) = running.until(lambda: [one for one in client.positions() if one.strategy == "EXTERNAL"])
    assert (outside.quantity, outside.covered) == ("0.010", False)

    words = ("control", "assign", "BTCUSDT", "VolatilityBreakoutStrategy", "--name", cycles.NAME)
    prices = (f"--stop={float(outside.mark) / 2:.1f}", f"--target={float(outside.mark) * 2:.1f}")
    answer = call(*words, *prices[::-1][:1], expect=1)
    assert answer["text"].startswith("a stop and a target are needed")
    assert call(*words, *prices, expect=0)["done"]
    taken = running.until(
        lambda: [p for p in client.positions() if p.instrument_id == outside.instrument_id and p.covered]
    )
    assert [(one.strategy, one.quantity) for one in taken] == [("VolatilityBreakoutStrategy", "0.010")]
    assert [row["side"] for row in stops_at(rest, "BTCUSDT")] == ["Sell"]
    answer = call(*words, *prices, expect=1)
    assert answer["text"] == "nothing of BTCUSDT-LINEAR.BYBIT is EXTERNAL: there is nothing to assign"
    running.driver.stop()


def test_a_bot_that_was_restarted_knows_its_stops_from_the_first_moment(running: Running) -> None:
    running.until(lambda: running.client.snapshot().prices)
    assert running.client.send(InjectSignal(symbol="ETHUSDT", side="BUY"), AUTHOR).done
    (before,) = running.until(running.injected)
    running.driver.stop()
    running.driver.start()
    again = Running(running.driver)
    running.run_file = again.run_file
    (after,) = [one for one in again.client.positions() if one.strategy_id == before.strategy_id]
    assert (after.quantity, after.covered) == (before.quantity, True)
    assert [one.client_order_id for one in after.stops] == [one.client_order_id for one in before.stops]
    again.until(again.is_well)
    again.driver.stop()


def stops_at(rest: BybitRest, symbol: str) -> list[dict[str, Any]]:
    """Return the stops of a symbol that rest at the exchange."""
    return [row for row in rest.open_orders() if row["symbol"] == symbol and "-S" in row["orderLinkId"]]


def exchange_of(pid: int) -> BybitRest:
    """Return the exchange that a paper bot runs, as somebody else with its keys reaches it."""
    (exchange,) = psutil.Process(pid).children()
    (port,) = {one.laddr.port for one in exchange.net_connections() if one.status == psutil.CONN_LISTEN}
    addresses = simulated_addresses(f"http://127.0.0.1:{port}", f"ws://127.0.0.1:{port}")
    return BybitRest(addresses, "SIMULATED", "SIMULATED")
