"""
The hash chain: what makes a removed, altered or reordered entry visible.

Canonical encoding, so that anyone can check a journal with any msgpack and BLAKE2b library:

- ``genesis = BLAKE2b-256("nautilus-bot/1/" + run_id)``
- ``row     = msgpack array of [seq, ts_init, ts_market, ts_publish, topic, type, version, instrument_id,
  strategy_id, client_order_id, position_id, correlation_id, causation_id, payload]``; integers and strings
  in their shortest form, the payload as ``bin``
- ``entry_hash(n) = BLAKE2b-256(entry_hash(n - 1) + row(n))``, with ``entry_hash(0) = genesis``

The run id is bound through the genesis hash and is therefore not repeated in the rows.
"""

from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import Final

import msgspec

type Row = tuple[int, int, int, int, str, str, int, str, str, str, str, str, str, bytes]
"""The hashed fields of one entry, in the order of the canonical encoding."""

type HashedRow = tuple[int, int, int, int, str, str, int, str, str, str, str, str, str, bytes, bytes]
"""A row and its hash."""

HASH_SIZE: Final = 32

canonical: Final = msgspec.msgpack.Encoder().encode
"""Encode a row canonically."""


def genesis(run_id: str) -> bytes:
    """Return the hash that the first entry of a run is chained on."""
    return blake2b(f"nautilus-bot/1/{run_id}".encode(), digest_size=HASH_SIZE).digest()


def extend(previous: bytes, rows: Iterable[Row]) -> Iterator[HashedRow]:
    """
    Yield rows with their hashes appended.

    Parameters
    ----------
    previous : bytes
        Hash of the entry before the first row, or the run's genesis.
    rows : Iterable[Row]
        Consecutive entries.
    """
    for row in rows:
        # as in `link`, without the call: this runs once for every entry of a backtest
        previous = blake2b(previous + canonical(row), digest_size=HASH_SIZE).digest()
        yield (*row, previous)


def link(previous: bytes, row: Row) -> bytes:
    """
    Return the hash of an entry.

    Parameters
    ----------
    previous : bytes
        Hash of the entry before it, or the run's genesis.
    row : Row
        The entry's fields in canonical order, ``seq`` first, ``payload`` last.
    """
    return blake2b(previous + canonical(row), digest_size=HASH_SIZE).digest()
