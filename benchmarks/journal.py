"""
What it costs to remember: one order event through the codec and the journal, beside bare alternatives.

    python -m benchmarks.journal [--events 200000] [--verify 1000000]

All rows are measured one after the other in this process on the same messages; trust the ratios.
"""

import argparse
import os
import sqlite3
import statistics
import struct
import tempfile
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from nautilus_trader.core.uuid import UUID4
from nautilus_trader.model.currencies import USDT
from nautilus_trader.model.enums import LiquiditySide, OrderSide, OrderType
from nautilus_trader.model.events import OrderFilled
from nautilus_trader.model.identifiers import (
    AccountId,
    ClientOrderId,
    InstrumentId,
    PositionId,
    StrategyId,
    TradeId,
    TraderId,
    VenueOrderId,
)  # fmt: skip
from nautilus_trader.model.objects import Money, Price, Quantity

from catalog import codec
from catalog.journal import Journal
from catalog.verify import verify_run


class Row(NamedTuple):
    what: str
    per_event_us: float
    p99_us: float | None
    survives: str


def fill() -> OrderFilled:
    return OrderFilled(
        trader_id=TraderId("BOT-001"),
        strategy_id=StrategyId("RSIEMAMomentumStrategy-BTCUSDT"),
        instrument_id=InstrumentId.from_str("BTCUSDT-LINEAR.BYBIT"),
        client_order_id=ClientOrderId("TOXIDR-RSI-BTCUSDT-1Z-E"),
        venue_order_id=VenueOrderId("1321052653536515584"),
        account_id=AccountId("BYBIT-UNIFIED"),
        trade_id=TradeId("2100000000007764263"),
        position_id=PositionId("BTCUSDT-LINEAR.BYBIT-RSIEMA-000"),
        order_side=OrderSide.BUY,
        order_type=OrderType.MARKET,
        last_qty=Quantity.from_str("0.013"),
        last_px=Price.from_str("42371.50"),
        currency=USDT,
        commission=Money("0.30295623", USDT),
        liquidity_side=LiquiditySide.TAKER,
        event_id=UUID4(),
        ts_event=1_700_000_000_000_000_000,
        ts_init=1_700_000_000_000_000_001,
    )


EVENT = fill()
NAME, VERSION, PAYLOAD = codec.encode(EVENT)


def append(journal: Journal, payload: bytes = PAYLOAD) -> None:
    journal.append(
        ts_init=1_700_000_000_000_000_001, ts_market=1_700_000_000_000_000_000,
        ts_publish=1_700_000_000_000_000_002, topic="events.order.RSIEMAMomentumStrategy-BTCUSDT", type=NAME,
        payload=payload, version=VERSION, instrument_id="BTCUSDT-LINEAR.BYBIT",
        strategy_id="RSIEMAMomentumStrategy-BTCUSDT", client_order_id="TOXIDR-RSI-BTCUSDT-1Z-E",
        position_id="BTCUSDT-LINEAR.BYBIT-RSIEMA-000", correlation_id="TOXIDR-RSI-BTCUSDT-1Z",
    )  # fmt: skip


def mean(what: str, survives: str, count: int, step: Callable[[], object], end: Callable[[], object]) -> Row:
    begun = time.perf_counter()
    for _ in range(count):
        step()
    end()
    return Row(what, (time.perf_counter() - begun) / count * 1e6, None, survives)


def each(what: str, survives: str, count: int, step: Callable[[], object]) -> Row:
    times = []
    for _ in range(count):
        begun = time.perf_counter()
        step()
        times.append((time.perf_counter() - begun) * 1e6)
    times.sort()
    return Row(what, statistics.fmean(times), times[int(count * 0.99)], survives)


def ours(folder: Path, events: int) -> list[Row]:
    rows = [mean("codec.encode alone", "-", events, lambda: codec.encode(EVENT), lambda: None)]
    with Journal(folder / "batched", "run", durable=False) as journal:
        rows.append(mean("journal batched", "end of batch", events, lambda: append(journal), journal.flush))
    with Journal(folder / "encoded", "run", durable=False) as journal:
        rows.append(
            mean(
                "encode + journal batched", "end of batch", events,
                lambda: append(journal, codec.encode(EVENT)[2]), journal.flush,
            )
        )  # fmt: skip
    with Journal(folder / "durable", "run", durable=True) as journal:
        few = min(events, 20_000)
        rows.append(
            each("encode + journal durable", "kill -9", few, lambda: append(journal, codec.encode(EVENT)[2]))
        )

        def with_barrier() -> None:
            append(journal)
            journal.barrier()

        rows.append(each("encode + durable + barrier", "power loss", min(events, 2_000), with_barrier))
    return rows


def plain_sqlite(folder: Path, synchronous: str, count: int, survives: str) -> Row:
    db = sqlite3.connect(folder / f"{synchronous}.sqlite", isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute(f"PRAGMA synchronous={synchronous}")
    db.execute("CREATE TABLE events (seq INTEGER PRIMARY KEY, type TEXT, payload BLOB)")
    insert = "INSERT INTO events (type, payload) VALUES (?, ?)"
    row = each(f"plain sqlite3, {synchronous}", survives, count, lambda: db.execute(insert, (NAME, PAYLOAD)))
    db.close()
    return row


def plain_file(folder: Path, count: int, sync: bool) -> Row:
    fd = os.open(folder / f"plain-{sync}", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    record = struct.pack("<II", len(PAYLOAD), zlib.crc32(PAYLOAD)) + PAYLOAD

    def write() -> None:
        os.write(fd, record)
        if sync:
            os.fdatasync(fd)

    row = each(f"write(){' + fdatasync()' * sync}", "power loss" if sync else "kill -9", count, write)
    os.close(fd)
    return row


def verify(folder: Path, count: int) -> str:
    with Journal(folder / "verify", "verify", durable=False) as journal:
        for _ in range(count):
            append(journal)
    report = verify_run(folder / "verify")
    rate = report.entries / report.secs
    return f"verified {report.entries:,} entries in {report.secs:.1f} s ({rate:,.0f} a second, one core)"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--verify", type=int, default=0, help="also verify a journal of so many entries")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = [
            *ours(folder, arguments.events),
            plain_sqlite(folder, "NORMAL", 20_000, "kill -9"),
            plain_sqlite(folder, "FULL", 2_000, "power loss"),
            plain_file(folder, 20_000, sync=False),
            plain_file(folder, 2_000, sync=True),
        ]
        print(f"an OrderFilled of {len(PAYLOAD)} bytes, {arguments.events:,} times\n")
        print(f"{'':28}{'us/event':>10}{'p99 us':>10}   survives")
        for row in rows:
            p99 = "" if row.p99_us is None else f"{row.p99_us:.1f}"
            print(f"{row.what:28}{row.per_event_us:10.1f}{p99:>10}   {row.survives}")
        if arguments.verify:
            print(f"\n{verify(folder, arguments.verify)}")


if __name__ == "__main__":
    main()
