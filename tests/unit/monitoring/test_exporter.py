"""The exporter over HTTP: what it serves, and that no reader can reach the one who feeds it."""

import socket
import threading
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from nautilus_trader.common.component import MessageBus, TestClock
from nautilus_trader.model.identifiers import TraderId

from monitoring import exporter as module
from monitoring.exporter import Exporter
from nautilus_bot.core import topics
from nautilus_bot.core.errors import ProcessError


@pytest.fixture
def exporter() -> Iterator[Exporter]:
    running = Exporter("paper")
    yield running
    running.close()


@pytest.fixture
def bus() -> MessageBus:
    return MessageBus(TraderId("BOT-001"), TestClock())


def read(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        return str(answer.read().decode())


def test_what_is_published_is_served(exporter: Exporter, bus: MessageBus, events: Any) -> None:
    exporter.listen(bus)
    port = exporter.serve(0)
    before = read(port)
    bus.publish(topics.SIGNAL + "x", events.signal(1))
    bus.publish(topics.VERDICT + "x", events.verdict(1, rule="throttle"))
    after = read(port)
    labels = 'asset_class="crypto",portfolio="paper",'
    assert "paper_signals_generated_total{" not in before
    assert f'generated_total{{{labels}strategy="{events.strategy}",symbol="BTCUSDT"}} 1.0' in after
    assert f'rejected_total{{{labels}result="refused",rule="throttle",strategy' in after
    exporter.unlisten(bus)
    bus.publish(topics.SIGNAL + "x", events.signal(2))
    assert f'generated_total{{{labels}strategy="{events.strategy}",symbol="BTCUSDT"}} 1.0' in read(port)


def test_declared_strategies_start_at_zero(exporter: Exporter, events: Any) -> None:
    exporter.declare_pairs([(events.strategy, events.instrument_id)], ["throttle", "exposure"])
    assert exporter.book.value("paper_signals_generated_total", *events.series) == 0
    assert len(exporter.book.series("paper_signals_rejected_total")) == 2


def test_the_past_is_counted_before_the_present(exporter: Exporter, bus: MessageBus, events: Any) -> None:
    exporter.listen(bus)
    bus.publish(topics.SIGNAL + "x", events.signal(3))
    exporter.recount([events.signal(1), events.signal(2), events.filled("S-2-E")])
    exporter.digest()
    assert exporter.book.value("paper_signals_generated_total", *events.series) == 3
    assert exporter.book.value("paper_signals_executed_total", *events.series) == 1


def test_a_port_in_use_is_one_clear_line(exporter: Exporter) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ProcessError, match=rf"127.0.0.1:{port} is not .*--metrics-port") as error:
            exporter.serve(port)
    assert "\n" not in str(error.value)


def test_it_listens_on_the_loopback_only(exporter: Exporter) -> None:
    exporter.serve(0)
    assert exporter._server is not None
    assert exporter._server.server_address[0] == "127.0.0.1"


def test_readers_that_hang_hold_up_neither_the_bus_nor_other_readers(
    exporter: Exporter, bus: MessageBus, events: Any
) -> None:
    exporter.listen(bus)
    port = exporter.serve(0)
    hanging = [socket.create_connection(("127.0.0.1", port)) for _ in range(20)]
    for connection in hanging:
        connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n")  # and never the end of it
    for number in range(1_000):
        bus.publish(topics.SIGNAL + "x", events.signal(number))
    assert 'symbol="BTCUSDT"} 1000.0' in read(port)
    for connection in hanging:
        connection.close()


def test_a_fold_that_hangs_or_fails_never_reaches_the_publisher(
    exporter: Exporter, bus: MessageBus, events: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    exporter.listen(bus)
    release, stuck = threading.Event(), threading.Event()

    def hang(_message: object, _heard_ns: int) -> None:
        stuck.set()
        release.wait(30)
        raise RuntimeError("broken")

    monkeypatch.setattr(exporter._fold, "apply", hang)
    bus.publish(topics.SIGNAL + "x", events.signal(1))

    def fail() -> None:
        with pytest.raises(RuntimeError, match="broken"):
            exporter.collect()

    reader = threading.Thread(target=fail)
    reader.start()
    assert stuck.wait(30)
    begun = time.monotonic()
    for number in range(10_000):
        bus.publish(topics.SIGNAL + "x", events.signal(number))
    # the reader still holds the lock: whatever the publisher needed from it would have waited for ever
    assert reader.is_alive()
    assert time.monotonic() - begun < 30
    release.set()
    reader.join(30)


def test_a_queue_that_nobody_empties_is_bounded_and_says_so(
    bus: MessageBus, events: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "INBOX_LIMIT", 10)
    exporter = Exporter("paper")
    exporter.listen(bus)
    for number in range(25):
        bus.publish(topics.SIGNAL + "x", events.signal(number))
    exporter.digest()
    assert exporter.book.value("paper_signals_generated_total", *events.series) == 10
    assert exporter.book.value("bot_events_dropped_total") == 15
