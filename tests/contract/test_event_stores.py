"""What every way of writing a run promises, durable and batched alike."""

import threading

import pytest

from catalog import chain
from catalog.journal import Journal
from catalog.manifest import RunStatus, load_manifest
from catalog.reader import EntryFilter, entries, follow, last_seq, tail
from catalog.store import EventStore
from catalog.verify import verify_run
from nautilus_bot.core.errors import AlreadyRunning, CorruptEntry, JournalHalted, NotFound

WRITERS = {
    "durable": {"durable": True},
    "batched": {"durable": False},
    "batched one by one": {"durable": False, "batch_size": 1},
}
FIELDS = {
    "ts_init": 1, "ts_market": 2, "ts_publish": 3, "topic": "events.order.S-1", "type": "OrderFilled",
    "payload": b"\x00\xff payload", "version": 4, "instrument_id": "BTCUSDT-LINEAR.BYBIT",
    "strategy_id": "S-1", "client_order_id": "A-RSI-BTCUSDT-1-E", "position_id": "P-1",
    "correlation_id": "A-RSI-BTCUSDT-1", "causation_id": "A-RSI-BTCUSDT-1-E",
}  # fmt: skip


@pytest.fixture(params=WRITERS, ids=lambda name: name.replace(" ", "-"))
def writer(request):
    return WRITERS[request.param]


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "run-1"


@pytest.fixture
def journal(folder, writer):
    with Journal(folder, "run-1", **writer) as journal:
        yield journal


def add(journal, count, **changes):
    return [journal.append(**{**FIELDS, "ts_init": n, **changes}) for n in range(1, count + 1)]


def test_every_field_comes_back_as_it_was_given(journal, folder):
    journal.append(**FIELDS)
    journal.flush()
    entry = next(entries(folder))
    assert {name: getattr(entry, name) for name in FIELDS} == FIELDS
    assert (entry.run_id, entry.seq) == ("run-1", 1)
    assert len(entry.entry_hash) == chain.HASH_SIZE


def test_numbers_start_at_one_and_have_no_gap(journal, folder):
    assert add(journal, 50) == list(range(1, 51))
    journal.flush()
    assert [entry.seq for entry in entries(folder)] == list(range(1, 51))


def test_order_is_that_of_appending_never_of_time(journal, folder):
    for ts_init in (5, 1, 9, 2):
        journal.append(**{**FIELDS, "ts_init": ts_init})
    journal.flush()
    assert [entry.ts_init for entry in entries(folder)] == [5, 1, 9, 2]


def test_large_and_empty_payloads_and_any_text_are_kept(journal, folder):
    odd = {"payload": b"x" * 3_000_000, "topic": "", "strategy_id": "Ünïcode 💹 'quoted' \"twice\" \n"}
    journal.append(**{**FIELDS, **odd})
    journal.append(**{**FIELDS, "payload": b"", "ts_init": 2**63 - 1})
    journal.flush()
    first, second = entries(folder)
    assert {name: getattr(first, name) for name in odd} == odd
    assert (second.payload, second.ts_init) == (b"", 2**63 - 1)
    journal.close()
    # there is no manifest, so the chain alone is judged
    report = verify_run(folder)
    assert (report.entries, report.problem) == (2, "manifest")


def test_a_reader_sees_a_prefix_while_the_owner_writes(journal, folder):
    done = threading.Event()
    seen: list[int] = []

    def read() -> None:
        seen.extend(entry.seq for entry in follow(folder, stop=done.is_set, poll_secs=0.001))

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(20):
        add(journal, 50)
        journal.flush()
    done.set()
    reader.join(60)
    assert seen == list(range(1, 1_001))


def test_the_tail_is_the_last_entries_oldest_first(journal, folder):
    add(journal, 30)
    journal.flush()
    assert [entry.seq for entry in tail(folder, count=3)] == [28, 29, 30]
    assert last_seq(folder) == journal.last_seq == 30


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, [1, 2, 3, 4]),
        ({"types": ("Signal",)}, [1, 3]),
        ({"types": ("Signal", "OrderFilled")}, [1, 2, 3, 4]),
        ({"strategy": "RSI"}, [1, 4]),
        ({"symbol": "BTCUSDT"}, [1, 2]),
        ({"client_order_id": "O-3"}, [3]),
        ({"correlation_id": "S-9"}, [4]),
        ({"since_ns": 20, "until_ns": 40}, [2, 3]),
        ({"strategy": "RSI", "symbol": "ETHUSDT"}, [4]),
        ({"symbol": "100%_"}, []),
    ],
)
def test_a_filter_keeps_what_it_names(journal, folder, wanted, expected):
    rows = [
        ("Signal", "RSI-0", "BTCUSDT.X", "O-1", "S-1"),
        ("OrderFilled", "EMA-0", "BTCUSDT.X", "O-2", "S-1"),
        ("Signal", "EMA-0", "ETHUSDT.X", "O-3", "S-2"),
        ("OrderFilled", "RSI-0", "ETHUSDT.X", "O-4", "S-9"),
    ]
    names = ("type", "strategy_id", "instrument_id", "client_order_id", "correlation_id")
    for number, row in enumerate(rows, 1):
        journal.append(**{**FIELDS, **dict(zip(names, row, strict=True)), "ts_init": number * 10})
    journal.flush()
    assert [entry.seq for entry in entries(folder, where=EntryFilter(**wanted))] == expected


def test_reading_begins_behind_a_number_and_stops_at_a_limit(journal, folder):
    add(journal, 10)
    journal.flush()
    assert [entry.seq for entry in entries(folder, after_seq=4, limit=3)] == [5, 6, 7]


def test_closing_twice_and_flushing_nothing_do_no_harm(journal, folder):
    journal.flush()
    add(journal, 1)
    journal.close()
    journal.close()
    assert last_seq(folder) == journal.last_seq == 1
    with pytest.raises(JournalHalted, match="is closed"):
        add(journal, 1)


def test_a_run_of_either_kind_can_be_continued_by_the_other(folder, writer):
    for durable in (writer["durable"], not writer["durable"], writer["durable"]):
        with Journal(folder, "run-1", durable=durable) as journal:
            add(journal, 3)
    assert [entry.seq for entry in entries(folder)] == list(range(1, 10))
    report = verify_run(folder)
    assert (report.entries, report.problem) == (9, "manifest")


def test_a_life_of_a_run_from_new_to_verified(tmp_path, writer):
    store = EventStore(tmp_path)
    run = store.new_run("paper", "{}", durable=writer["durable"])
    add(run.journal, 25)
    with pytest.raises(AlreadyRunning):
        store.open_run(run.run_id)
    run.end()
    assert load_manifest(run.folder).status is RunStatus.ENDED
    assert verify_run(store.folder("latest")).ok
    assert verify_run(store.folder("latest")).entries == 25


def test_a_missing_journal_and_a_foreign_file_are_told_apart(tmp_path):
    with pytest.raises(NotFound):
        next(entries(tmp_path))
    (tmp_path / "journal.sqlite").write_bytes(b"no database at all" * 100)
    with pytest.raises(CorruptEntry):
        next(entries(tmp_path))
