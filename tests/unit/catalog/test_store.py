"""Runs are found by what people type, and a manifest is never half written."""

from hashlib import sha256

import pytest

from catalog.manifest import MANIFEST_FILE, DataQuery, RunStatus, load_manifest, save_manifest
from catalog.store import EventStore
from catalog.verify import verify_run
from nautilus_bot.core.errors import AlreadyRunning, CorruptEntry, JournalHalted, NotFound

CONFIG = '{"capital_usdt": "10000"}'


def add(run, count=1):
    for n in range(count):
        run.journal.append(ts_init=n, ts_market=n, ts_publish=n, topic="t", type="T", payload=b"x")


def test_a_new_run_says_what_it_is_before_its_first_entry(tmp_path):
    query = DataQuery(identifier="BTCUSDT-15m", start_ns=1, end_ns=2, rows=3, content_hash="abc")
    run = EventStore(tmp_path).new_run(
        "backtest", CONFIG, durable=False, code_hash="c0de", data_queries=(query,), parent_run="p",
        oms="HEDGING", versions={"nautilus_trader": "1.231.0"}, started_ns=1_700_000_000_000_000_000,
    )  # fmt: skip
    manifest = load_manifest(run.folder)
    assert manifest == run.manifest
    assert manifest.status is RunStatus.RUNNING
    assert manifest.config == {"capital_usdt": "10000"}
    assert manifest.config_hash == sha256(b'{"capital_usdt":"10000"}').hexdigest()
    assert manifest.data_queries == (query,)
    assert manifest.session == "S44WE8"
    assert manifest.run_id.startswith("backtest-20231114-221320-")
    run.end()


def test_an_ended_run_carries_its_high_watermark(tmp_path):
    run = EventStore(tmp_path).new_run("paper", CONFIG, durable=True)
    add(run, 3)
    last = run.journal.last_hash.hex()
    run.end(RunStatus.ENDED, ended_ns=5)
    manifest = load_manifest(run.folder)
    assert (manifest.status, manifest.ended_ns, manifest.last_seq, manifest.last_hash) == (
        "ENDED",
        5,
        3,
        last,
    )


def test_amending_moves_the_high_watermark_while_the_run_goes_on(tmp_path):
    run = EventStore(tmp_path).new_run("paper", CONFIG, durable=True)
    add(run, 2)
    run.amend()
    assert load_manifest(run.folder).last_seq == 2
    assert load_manifest(run.folder).status is RunStatus.RUNNING
    run.end()


def test_a_run_is_found_by_its_name_its_beginning_or_as_the_latest(tmp_path):
    store = EventStore(tmp_path)
    names = ["paper-1-aaaa", "backtest-1-bbbb", "backtest-2-cccc"]
    for number, name in enumerate(names):
        store.new_run("paper", CONFIG, durable=False, run_id=name, started_ns=10**18 + number).end()
    assert store.resolve("paper-1-aaaa") == store.resolve("pap") == "paper-1-aaaa"
    assert store.resolve("latest") == store.latest().run_id == "backtest-2-cccc"
    assert store.folder("backtest-2") == tmp_path / "runs" / "backtest-2-cccc"
    assert [manifest.run_id for manifest in store.runs()] == [
        "paper-1-aaaa",
        "backtest-1-bbbb",
        "backtest-2-cccc",
    ]


def test_an_ambiguous_beginning_lists_the_candidates(tmp_path):
    store = EventStore(tmp_path)
    for name in ("backtest-1", "backtest-2"):
        store.new_run("backtest", CONFIG, durable=False, run_id=name).end()
    with pytest.raises(NotFound, match="backtest-1, backtest-2"):
        store.resolve("back")


def test_an_unknown_run_is_answered_with_the_closest_name(tmp_path):
    EventStore(tmp_path).new_run("backtest", CONFIG, durable=False, run_id="backtest-1").end()
    with pytest.raises(NotFound, match="did you mean 'backtest-1'"):
        EventStore(tmp_path).resolve("bactest-1")


@pytest.mark.parametrize("name", ["latest", "x"])
def test_an_empty_store_says_how_to_get_a_run(tmp_path, name):
    with pytest.raises(NotFound, match="nautilus-bot backtest"):
        EventStore(tmp_path / "none").resolve(name)


def test_a_damaged_manifest_hides_only_its_own_run(tmp_path):
    store = EventStore(tmp_path)
    for name in ("good", "bad"):
        store.new_run("backtest", CONFIG, durable=False, run_id=name).end()
    (tmp_path / "runs" / "bad" / MANIFEST_FILE).write_text('{"run_id": 5')
    assert [manifest.run_id for manifest in store.runs()] == ["good"]
    assert store.damaged() == ["bad"]
    with pytest.raises(CorruptEntry, match=r"bad/manifest\.json"):
        load_manifest(tmp_path / "runs" / "bad")


def test_a_run_whose_disk_was_full_still_ends_with_its_good_entries(tmp_path):
    run = EventStore(tmp_path).new_run("paper", CONFIG, durable=True)
    add(run, 5)
    run.journal._db.execute("PRAGMA max_page_count = 1")
    with pytest.raises(JournalHalted):
        add(run, 5_000)
    written = run.journal.last_seq
    run.end(RunStatus.QUARANTINED)
    assert load_manifest(run.folder).last_seq == written >= 5
    assert verify_run(run.folder).ok
    EventStore(tmp_path).open_run("latest").end()


def test_two_processes_cannot_open_one_run(tmp_path):
    store = EventStore(tmp_path)
    run = store.new_run("paper", CONFIG, durable=True, run_id="one")
    with pytest.raises(AlreadyRunning):
        store.open_run("one")
    run.end()


def test_a_run_left_by_a_crash_is_opened_and_finished_where_it_stopped(tmp_path):
    store = EventStore(tmp_path)
    run = store.new_run("paper", CONFIG, durable=True, run_id="one")
    add(run, 4)
    run.journal.close()
    again = store.open_run("one")
    assert (again.journal.last_seq, again.manifest.last_seq) == (4, 0)
    again.end(RunStatus.CRASHED_RECOVERED)
    assert load_manifest(run.folder).last_seq == 4
    assert load_manifest(run.folder).status == "CRASHED_RECOVERED"


def test_a_manifest_that_cannot_be_written_halts_and_leaves_the_old_one(tmp_path):
    run = EventStore(tmp_path).new_run("paper", CONFIG, durable=True)
    (run.folder / "manifest.json.tmp").mkdir()
    with pytest.raises(JournalHalted, match="manifest"):
        save_manifest(run.folder, run.manifest)
    assert load_manifest(run.folder) == run.manifest
    run.journal.close()
