"""A run's entries in Redis Streams, on a real server that the test starts."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from catalog.reader import entries
from catalog.store import EventStore, Run
from nautilus_bot.core.errors import EventCatalogError
from nautilus_bot.process.loopback import take_port

redis = pytest.importorskip("redis")
publish = pytest.importorskip("catalog.publish")
SERVER = shutil.which("redis-server")

pytestmark = [
    pytest.mark.service,
    pytest.mark.skipif(
        os.environ.get("BOT_REQUIRE_SERVICES") != "1", reason="runs when BOT_REQUIRE_SERVICES=1"
    ),
]


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    assert SERVER is not None, "install redis-server, e.g. apt-get install redis-server"
    port = take_port(0)
    command = [SERVER, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    address = f"redis://127.0.0.1:{port}/0"
    try:
        _await(address)
        yield address
    finally:
        process.terminate()
        process.wait(60)


def _await(address: str) -> None:
    client = redis.Redis.from_url(address)
    for _ in range(1_200):
        try:
            client.ping()
        except redis.ConnectionError:
            time.sleep(0.05)
        else:
            client.close()
            return
    raise AssertionError(f"redis-server must answer at {address}")


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    made = EventStore(tmp_path / "events").new_run("paper", "{}", durable=True)
    yield made
    made.end()


def note(run: Run, count: int) -> None:
    for number in range(count):
        run.journal.append(
            ts_init=number, ts_market=number, ts_publish=number, topic="t", type="Notice", version=1,
            payload=b"\x81\xa4text\xa2hi",
        )  # fmt: skip


def read(url: str, stream: str) -> list[Any]:
    client = redis.Redis.from_url(url)
    try:
        found: list[Any] = client.xrange(stream)
        return found
    finally:
        client.close()


def test_each_entry_is_there_once_in_order_with_its_hash(url: str, run: Run) -> None:
    note(run, 1_200)
    publisher = publish.StreamPublisher(url, run.folder)
    assert publisher.publish() == 1_200
    assert publisher.publish() == 0
    note(run, 3)
    publisher.close()

    again = publish.StreamPublisher(url, run.folder)
    assert again.publish() == 3
    found = read(url, again.stream)
    again.close()

    assert [one[0] for one in found] == [f"{seq}-0".encode() for seq in range(1, 1_204)]
    hashes = [entry.entry_hash.hex().encode() for entry in entries(run.folder)]
    assert [fields[b"entry_hash"] for _, fields in found] == hashes
    assert found[0][1][b"payload"] == b'{"text":"hi"}'


def test_a_stream_can_be_kept_short(url: str, run: Run) -> None:
    note(run, 2_000)
    publisher = publish.StreamPublisher(url, run.folder, keep=100)
    publisher.publish()
    found = read(url, publisher.stream)
    publisher.close()

    assert 100 <= len(found) < 1_000
    assert found[-1][0] == b"2000-0"


def test_a_missing_server_is_said_in_one_line(run: Run) -> None:
    with pytest.raises(EventCatalogError, match="Redis must take the entries"):
        publish.StreamPublisher("redis://127.0.0.1:1/0", run.folder)
