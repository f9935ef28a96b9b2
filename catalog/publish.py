"""
Publish a run's entries to Redis Streams, so that other machines can watch.

A process of its own reads the journal and adds each entry under the id ``<seq>-0``. Redis accepts only rising
ids, so that nothing is there twice however often the publisher is started, and a reader sees a gap at once.
The trading process knows nothing of it: a slow or missing Redis delays no order.
"""

import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec
import redis

from catalog.codec import decode_plain
from catalog.entry import Entry
from catalog.manifest import load_manifest
from catalog.reader import entries
from nautilus_bot.core.errors import EventCatalogError

PREFIX: Final = "nautilus-bot"
RUNS: Final = f"{PREFIX}:runs"
"""Hash of all published runs: run id to its manifest as JSON."""
BATCH: Final = 500

type Fields = dict[str | bytes, str | bytes | int]


class StreamPublisher:
    """
    Bring a stream up to what a journal holds.

    Parameters
    ----------
    url : str
        E.g. ``redis://127.0.0.1:6379/0``.
    folder : Path
        The run's folder.
    keep : int, default 0
        About so many of the latest entries stay in the stream; 0 keeps all.

    Raises
    ------
    EventCatalogError
        If Redis cannot be reached.
    """

    def __init__(self, url: str, folder: Path, *, keep: int = 0) -> None:
        self._folder = folder
        self._keep = keep
        self.stream = stream_of(folder.name)
        self._redis: Any = redis.Redis.from_url(url, socket_timeout=10)
        self._call(self._redis.ping)

    @property
    def published(self) -> int:
        """Number of the last entry in the stream, 0 for none."""
        last = self._call(lambda: self._redis.xrevrange(self.stream, count=1))
        return int(last[0][0].partition(b"-")[0]) if last else 0

    def publish(self) -> int:
        """Add everything that is not in the stream yet, and return how many entries that were."""
        manifest = load_manifest(self._folder)
        self._call(lambda: self._redis.hset(RUNS, manifest.run_id, msgspec.json.encode(manifest)))
        count = 0
        for batch in _batches(entries(self._folder, after_seq=self.published)):
            self._call(partial(self._send, batch))
            count += len(batch)
        return count

    def follow(self, *, poll_secs: float = 0.25, stop: Callable[[], bool] = lambda: False) -> int:
        """Publish what is written until told to stop, and return how many entries that were."""
        count = 0
        while True:
            stopping = stop()
            count += self.publish()
            if stopping:
                return count
            time.sleep(poll_secs)

    def close(self) -> None:
        """Close the connection."""
        self._redis.close()

    def _send(self, batch: list[Entry]) -> None:
        pipe = self._redis.pipeline(transaction=False)
        for entry in batch:
            pipe.xadd(
                self.stream,
                _fields(entry),
                id=f"{entry.seq}-0",
                maxlen=self._keep or None,
                approximate=True,
            )
        pipe.execute()

    def _call(self, work: Callable[[], Any]) -> Any:
        try:
            return work()
        except redis.RedisError as e:
            raise EventCatalogError(f"Redis must take the entries of {self.stream}, it does not: {e}") from e


def stream_of(run_id: str) -> str:
    """Return the name of a run's stream."""
    return f"{PREFIX}:events:{run_id}"


def _batches(found: Iterator[Entry]) -> Iterator[list[Entry]]:
    batch: list[Entry] = []
    for entry in found:
        batch.append(entry)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _fields(entry: Entry) -> Fields:
    """Return an entry as flat text fields; the payload is JSON, the hash hexadecimal."""
    plain = decode_plain(entry.type, entry.version, entry.payload)
    return {
        "ts_init": entry.ts_init,
        "ts_market": entry.ts_market,
        "topic": entry.topic,
        "type": entry.type,
        "version": entry.version,
        "instrument_id": entry.instrument_id,
        "strategy_id": entry.strategy_id,
        "client_order_id": entry.client_order_id,
        "position_id": entry.position_id,
        "correlation_id": entry.correlation_id,
        "payload": msgspec.json.encode(plain, enc_hook=str),
        "entry_hash": entry.entry_hash.hex(),
    }
