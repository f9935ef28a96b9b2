"""
Three questions of a long run: DuckDB over the sealed files beside SQLite over the journal.

``python -m benchmarks.event_queries [entries]`` makes a run of that many entries (1,000,000 by default),
seals it, and asks for the last 100 fills, profit by strategy and day, and all events of one order. Times are
the best of three, connection included: a person who asks once waits that long. ``warm`` asks again with what
is loaded.
"""

import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from catalog.codec import decode_plain
from catalog.queries import EventQueries
from catalog.reader import EntryFilter, entries, tail
from catalog.seal import seal_run
from catalog.store import EventStore, Run

ROUNDS = 3
PER_ORDER = 10
FILLS = EntryFilter(types=("OrderFilled",))
DAY_NS = 86_400_000_000_000
STRATEGIES = ("VolatilityBreakoutStrategy", "RSIEMAMomentumStrategy", "BollingerReversionStrategy")


def main(count: int) -> None:
    """Make, seal, ask, print."""
    with tempfile.TemporaryDirectory(prefix="event-queries-") as folder:
        store = EventStore(Path(folder) / "events")
        begun = time.perf_counter()
        run = record(store, count)
        made = time.perf_counter() - begun
        begun = time.perf_counter()
        sealed = seal_run(run.folder, str(Path(folder) / "sealed"))
        sealing = time.perf_counter() - begun
        journal = (run.folder / "journal.sqlite").stat().st_size
        parquet = sum(file.size for file in sealed.files)
        print(
            f"{count:,} entries made in {made:.1f} s, sealed and checked in {sealing:.1f} s; journal "
            f"{journal / 1e6:,.0f} MB, {len(sealed.files)} Parquet files {parquet / 1e6:,.0f} MB"
        )
        ask(store, run, count)


def ask(store: EventStore, run: Run, count: int) -> None:
    """Time each question on both."""
    order = f"S-VB-BTCUSDT-{count // PER_ORDER // 2}-E"
    questions: dict[str, tuple[Callable[[], object], str]] = {
        "last 100 fills": (
            lambda: [plain(one) for one in tail(run.folder, where=FILLS, count=100)],
            "SELECT * FROM fills ORDER BY seq DESC LIMIT 100",
        ),
        "profit by strategy and day": (
            lambda: by_strategy_and_day(run.folder),
            "SELECT strategy_id, closed::DATE, sum(realized_pnl) FROM positions GROUP BY ALL",
        ),
        "all events of one order": (
            lambda: [plain(one) for one in entries(run.folder, where=EntryFilter(client_order_id=order))],
            f"SELECT * FROM order_events WHERE client_order_id = '{order}'",
        ),
    }
    print(f"{'question':<28}{'SQLite ms':>12}{'DuckDB ms':>12}{'warm ms':>10}{'ratio':>8}")
    for name, (by_hand, statement) in questions.items():
        journal = best(by_hand)
        cold = best(lambda sql=statement: fresh(store, run, sql))
        queries = EventQueries(store, run.run_id)
        queries.sql(statement)
        warm = best(lambda sql=statement, q=queries: q.sql(sql))
        queries.close()
        print(f"{name:<28}{journal:>12.1f}{cold:>12.1f}{warm:>10.2f}{journal / warm:>8.1f}")


def fresh(store: EventStore, run: Run, statement: str) -> None:
    """Ask with a connection of its own."""
    queries = EventQueries(store, run.run_id)
    queries.sql(statement)
    queries.close()


def best(work: Callable[[], object]) -> float:
    """Return the shortest of some rounds, milliseconds."""
    taken = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begun)
    return 1_000 * min(taken)


def by_strategy_and_day(folder: Path) -> dict[tuple[str, int], float]:
    """Sum realised profit with SQLite alone."""
    db = sqlite3.connect(folder / "journal.sqlite")
    totals: dict[tuple[str, int], float] = {}
    query = "SELECT type, version, strategy_id, payload FROM entries WHERE type = 'PositionClosed'"
    for name, version, strategy, payload in db.execute(query):
        closed = decode_plain(name, version, payload)
        key = strategy, closed["ts_closed"] // DAY_NS
        totals[key] = totals.get(key, 0.0) + float(closed["realized_pnl"].partition(" ")[0])
    db.close()
    return totals


def plain(entry: object) -> object:
    """Decode an entry's payload."""
    return decode_plain(entry.type, entry.version, entry.payload)  # type: ignore[attr-defined]


def record(store: EventStore, count: int) -> Run:
    """Write orders with ten entries each: signal, verdict, order events, fill, position."""
    run = store.new_run("backtest", "{}", durable=False, session="S")
    pack = msgspec.msgpack.Encoder().encode
    for number in range(count // PER_ORDER):
        ts = number * 60_000_000_000
        strategy = STRATEGIES[number % len(STRATEGIES)]
        signal = f"S-VB-BTCUSDT-{number}"
        order = f"{signal}-E"
        common = {
            "trader_id": "BOT-001", "strategy_id": strategy, "instrument_id": "BTCUSDT-LINEAR.BYBIT",
            "client_order_id": order, "event_id": f"00000000-0000-4000-8000-{number:012}",
            "ts_event": ts, "ts_init": ts,
        }  # fmt: skip
        fill = common | {
            "venue_order_id": f"V-{number}", "account_id": "BYBIT-001", "trade_id": f"T-{number}",
            "position_id": f"P-{strategy}", "order_side": "BUY", "order_type": "MARKET", "last_qty": "0.100",
            "last_px": "50000.10", "currency": "USDT", "commission": "2.75 USDT", "liquidity_side": "TAKER",
        }  # fmt: skip
        position = {
            "position_id": f"P-{strategy}", "opening_order_id": order, "strategy_id": strategy,
            "instrument_id": "BTCUSDT-LINEAR.BYBIT", "entry": "BUY", "side": "FLAT", "quantity": "0.000",
            "peak_qty": "0.100", "avg_px_open": 50000.1, "avg_px_close": 50010.1, "currency": "USDT",
            "realized_pnl": f"{number % 7 - 3}.25 USDT", "realized_return": 0.0, "ts_opened": ts,
            "ts_closed": ts, "ts_event": ts, "ts_init": ts,
        }  # fmt: skip
        initial = common | {"order_side": "BUY", "order_type": "MARKET", "quantity": "0.100", "options": {}}
        messages = [("OrderInitialized", initial), ("OrderSubmitted", common), ("OrderAccepted", common)]
        messages += [("OrderFilled", fill), ("PositionClosed", position)]
        messages += [("Notice", {"text": "x", "ts_event": ts})] * (PER_ORDER - len(messages))
        for name, message in messages:
            run.journal.append(
                ts_init=ts, ts_market=ts, ts_publish=ts, topic="t", type=name, version=1,
                payload=pack(message), instrument_id="BTCUSDT-LINEAR.BYBIT", strategy_id=strategy,
                client_order_id=order if name.startswith("Order") else "", correlation_id=signal,
            )  # fmt: skip
    run.end()
    return run


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
