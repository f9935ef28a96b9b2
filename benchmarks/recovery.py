"""
How long a recovery takes as the journal grows, with and without snapshots.

    python -m benchmarks.recovery [--sizes 10000 100000 1000000]

The journal is made of whole trades (verdicts, orders, fills, account states) between marks, through the real
codec and journal. Checking and folding are those of the start: what is timed is what a restart waits for.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nautilus_trader.core.uuid import UUID4
from nautilus_trader.model.currencies import USDT
from nautilus_trader.model.enums import AccountType, LiquiditySide, OrderSide
from nautilus_trader.model.events import AccountState, OrderAccepted, OrderFilled, OrderSubmitted
from nautilus_trader.model.identifiers import (
    AccountId,
    ClientOrderId,
    InstrumentId,
    PositionId,
    StrategyId,
    TradeId,
    TraderId,
    VenueOrderId,
)
from nautilus_trader.model.objects import AccountBalance, Money, Price, Quantity
from nautilus_trader.model.orders import MarketOrder

from catalog.codec import encode
from catalog.manifest import RunStatus, load_manifest
from catalog.store import EventStore, Run
from catalog.sweep import sweep
from nautilus_bot.core.messages import MarketMarked, RiskVerdict
from nautilus_bot.core.session_state import SessionSnapshot
from nautilus_bot.market.instruments import build_instrument
from nautilus_bot.node.snapshots import SNAPSHOT_ENTRIES, SessionFold, fold_session

TRADER, ACCOUNT = TraderId("BOT-001"), AccountId("BYBIT-UNIFIED")
STRATEGY = StrategyId("RSIEMAMomentumStrategy-RM_BTCUSDT_15m")
INSTRUMENT_ID = InstrumentId.from_str("BTCUSDT-LINEAR.BYBIT")
MARKS_PER_TRADE = 30
SECOND_NS = 1_000_000_000


def messages(instrument: Any) -> Iterator[Any]:
    """Yield one session without end: a trade a minute, thirty marks between two."""
    yield instrument
    now = 1_767_225_600 * SECOND_NS
    yield account_state(now)
    number = 0
    while True:
        number += 1
        for side, role in ((OrderSide.BUY, "E"), (OrderSide.SELL, "C")):
            for _ in range(MARKS_PER_TRADE):
                now += SECOND_NS
                yield MarketMarked(
                    ts_event=now, instrument_id=INSTRUMENT_ID.value, price=50_000.0 + now // SECOND_NS % 97
                )
            yield from order(f"TOXIDR-RM-BTCUSDT-{number}-{role}", side, now)
            yield account_state(now)


def order(name: str, side: OrderSide, now: int) -> Iterator[Any]:
    """Yield a verdict and the life of one filled order."""
    client_order_id, venue_order_id = ClientOrderId(name), VenueOrderId(name)
    quantity, at = Quantity.from_str("0.010"), (UUID4(), now, now)
    yield RiskVerdict(
        ts_event=now,
        client_order_id=name,
        signal_id=name[:-2],
        strategy="RSIEMAMomentumStrategy",
        strategy_id=STRATEGY.value,
        instrument_id=INSTRUMENT_ID.value,
        approved=True,
        role=name[-1],
    )
    identity = (TRADER, STRATEGY, INSTRUMENT_ID, client_order_id)
    yield MarketOrder(*identity, side, quantity, UUID4(), now, tags=[name[:-2]]).init_event
    yield OrderSubmitted(*identity, ACCOUNT, *at)
    yield OrderAccepted(*identity, venue_order_id, ACCOUNT, *at)
    yield OrderFilled(
        *identity,
        venue_order_id,
        ACCOUNT,
        TradeId(name),
        PositionId(f"{INSTRUMENT_ID}-{STRATEGY}"),
        side,
        1,  # OrderType.MARKET
        quantity,
        Price.from_str("50000.0"),
        USDT,
        Money("0.275", USDT),
        LiquiditySide.TAKER,
        *at,
    )


def account_state(now: int) -> AccountState:
    """Return a balance."""
    balance = AccountBalance(Money(10_000, USDT), Money(0, USDT), Money(10_000, USDT))
    return AccountState(ACCOUNT, AccountType.MARGIN, USDT, True, [balance], [], {}, UUID4(), now, now)


def write(store: EventStore, size: int, *, snapshots: bool) -> Path:
    """Write a journal of about ``size`` entries that a kill cut off; return its folder."""
    run = store.new_run("paper", "{}", durable=False, account="benchmark")
    fold = SessionFold(load_manifest(run.folder))
    source = messages(build_instrument("BTCUSDT"))
    while run.journal.last_seq < size:
        message = next(source)
        put(run, message)
        if snapshots:
            fold.take(message)
            if run.journal.last_seq % SNAPSHOT_ENTRIES == 0:
                put(run, snapshot(run, fold))
    run.journal.close()
    return run.folder


def put(run: Run, message: Any) -> None:
    """Append one message."""
    name, version, payload = encode(message)
    ts = getattr(message, "ts_init", None) or message.ts_event
    run.journal.append(
        ts_init=ts, ts_market=ts, ts_publish=ts, topic="t", type=name, version=version, payload=payload
    )


def snapshot(run: Run, fold: SessionFold) -> SessionSnapshot:
    """Return the state behind the last entry."""
    return fold.state(run.journal.last_seq, run.journal.last_hash.hex())


def timed(size: int, *, snapshots: bool) -> tuple[float, float]:
    """Return the seconds that sweep and fold take."""
    with tempfile.TemporaryDirectory() as folder:
        store = EventStore(Path(folder))
        run = write(store, size, snapshots=snapshots)
        begun = time.perf_counter()
        (swept,) = sweep(store)
        assert swept.status is RunStatus.CRASHED_RECOVERED, swept.note
        checked = time.perf_counter()
        fold_session(run, use_snapshots=snapshots)
        return checked - begun, time.perf_counter() - checked


def main() -> int:
    """Print one line a size."""
    parser = argparse.ArgumentParser(prog="recovery")
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000])
    print(f"{'entries':>10} {'check':>9} {'fold':>9} {'sum':>9}   {'check':>9} {'fold':>9} {'sum':>9}")
    print(f"{'':>10} {'without snapshots':^29}   {'with a snapshot every 10,000':^29}")
    for size in parser.parse_args().sizes:
        # 25 entries short of a snapshot is the longest tail that there can be
        without, beside = timed(size, snapshots=False), timed(size - 25, snapshots=True)
        cells = [f"{secs:8.2f}s" for pair in (without, beside) for secs in (*pair, sum(pair))]
        print(f"{size:>10,} {' '.join(cells[:3])}   {' '.join(cells[3:])}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
