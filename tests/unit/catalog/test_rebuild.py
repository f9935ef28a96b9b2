"""The journal alone must give back what the engine ended with."""

from decimal import Decimal
from pathlib import Path

import pytest
from nautilus_trader.model.identifiers import Venue

from catalog.codec import decode
from catalog.reader import EntryFilter, entries
from catalog.rebuild import FOLDED, Rebuild, rebuild
from catalog.store import EventStore
from nautilus_bot.core.errors import EventCatalogError


def test_fills_fees_pnl_and_balance_from_the_journal_equal_the_engines_own(recorded):
    summary = rebuild(recorded.run.folder).summary()
    cache = recorded.engine.kernel.cache
    account = cache.account_for_venue(Venue("BINANCE"))
    fills = [
        event for order in cache.orders() for event in order.events if type(event).__name__ == "OrderFilled"
    ]

    assert summary.orders == len(cache.orders()) > 50
    assert summary.fills == len(fills) > 20
    assert summary.fees == {"USDT": sum((fill.commission.as_decimal() for fill in fills), Decimal(0))}
    assert summary.balances == {f"{account.id} USDT": account.balance_total().as_decimal()}
    realized = sum(
        (p.realized_pnl.as_decimal() for p in (*cache.positions(), *cache.position_snapshots())), Decimal(0)
    )
    assert sum(summary.realized_pnl.values()) == realized
    assert account.balance_total().as_decimal() == Decimal(10_000) + realized


def test_every_order_and_position_is_rebuilt_as_it_was(recorded):
    rebuilt = rebuild(recorded.run.folder).cache
    cache = recorded.engine.kernel.cache
    assert {o.client_order_id.value: o.to_dict() for o in rebuilt.orders()} == {
        o.client_order_id.value: o.to_dict() for o in cache.orders()
    }
    assert {p.id.value: p.to_dict() for p in rebuilt.positions()} == {
        p.id.value: p.to_dict() for p in cache.positions()
    }
    assert len(rebuilt.position_snapshots()) == len(cache.position_snapshots())


def test_purging_closed_orders_changes_no_figure(recorded):
    purged = Rebuild(keep_closed_secs=1)
    for entry in entries(recorded.run.folder, where=EntryFilter(types=FOLDED)):
        purged.apply(decode(entry.type, entry.version, entry.payload))
        purged.cache.purge_closed_orders(ts_now=entry.ts_init, buffer_secs=1)
    assert purged.summary() == rebuild(recorded.run.folder).summary()
    assert len(purged.cache.orders()) < len(recorded.engine.kernel.cache.orders())


def test_a_fold_up_to_an_entry_knows_nothing_of_later_fills(recorded):
    fills = list(entries(recorded.run.folder, where=EntryFilter(types=("OrderFilled",))))
    summary = rebuild(recorded.run.folder, until_seq=fills[4].seq).summary()
    assert summary.fills == 5


def test_a_fill_of_an_unknown_instrument_is_refused_by_name(tmp_path: Path, recorded):
    run = EventStore(tmp_path).new_run("backtest", "{}", durable=False)
    for entry in entries(
        recorded.run.folder, where=EntryFilter(types=("AccountState", "OrderInitialized", "OrderFilled"))
    ):
        run.journal.append(
            ts_init=entry.ts_init,
            ts_market=0,
            ts_publish=0,
            topic="t",
            type=entry.type,
            payload=entry.payload,
        )
    run.end()
    with pytest.raises(EventCatalogError, match=r"BTCUSDT-PERP\.BINANCE is neither"):
        rebuild(run.folder)
