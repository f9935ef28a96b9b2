"""The sweep ends what nobody ended, and no damaged file stops a start."""

import sqlite3
from pathlib import Path

import pytest

from catalog.journal import JOURNAL_FILE, Journal
from catalog.manifest import MANIFEST_FILE, RunStatus, load_manifest
from catalog.store import EventStore, Run
from catalog.sweep import sweep


@pytest.fixture
def store(tmp_path: Path) -> EventStore:
    return EventStore(tmp_path)


def crashed(store: EventStore, entries: int, *, run_id: str = "paper-1", marked: int = 0) -> Path:
    """Leave a run as kill -9 does: entries committed, manifest RUNNING, nobody owning it."""
    run: Run = store.new_run("paper", "{}", durable=True, run_id=run_id)
    for number in range(entries):
        run.journal.append(
            ts_init=number, ts_market=0, ts_publish=0, topic="t", type="Notice", payload=b"x" * 300
        )
        if number + 1 == marked:
            run.amend()
    run.journal.close()
    return run.folder


def test_a_crashed_run_gets_its_end_and_its_high_watermark(store):
    folder = crashed(store, 20)
    (found,) = sweep(store)
    assert (found.run_id, found.status, found.entries) == ("paper-1", RunStatus.CRASHED_RECOVERED, 20)
    manifest = load_manifest(folder)
    assert (manifest.status, manifest.last_seq) == (RunStatus.CRASHED_RECOVERED, 20)


def test_a_second_sweep_finds_nothing(store):
    crashed(store, 3)
    assert sweep(store)
    assert sweep(store) == []


def test_a_run_that_is_being_written_is_left_alone(store):
    run = store.new_run("paper", "{}", durable=True, run_id="paper-live")
    assert sweep(store) == []
    assert load_manifest(run.folder).status is RunStatus.RUNNING
    run.end()


def test_a_lost_end_is_a_crash_and_stays_visible(store):
    folder = crashed(store, 20, marked=20)
    with sqlite3.connect(folder / JOURNAL_FILE) as db:
        db.execute("DELETE FROM entries WHERE seq > 15")
    (found,) = sweep(store)
    assert (found.status, found.entries) == (RunStatus.CRASHED_RECOVERED, 15)
    assert "entries 16 to 20 are missing" in load_manifest(folder).note
    assert load_manifest(folder).last_seq == 20


def test_an_altered_entry_quarantines_its_run_and_names_the_entry(store):
    folder = crashed(store, 20)
    with sqlite3.connect(folder / JOURNAL_FILE) as db:
        db.execute("UPDATE entries SET payload = x'00' WHERE seq = 8")
    crashed(store, 5, run_id="paper-2")
    first, second = sweep(store)
    assert (first.status, first.entries) == (RunStatus.QUARANTINED, 7)
    assert "entry 8" in first.note
    assert second.status is RunStatus.CRASHED_RECOVERED


@pytest.mark.parametrize("damage", [b"", b"no database at all", b"SQLite format 3\x00" + b"\xff" * 200])
def test_a_journal_that_is_no_database_is_quarantined(store, damage):
    folder = crashed(store, 5)
    for extra in ("-wal", "-shm"):
        Path(f"{folder / JOURNAL_FILE}{extra}").unlink(missing_ok=True)
    (folder / JOURNAL_FILE).write_bytes(damage)
    (found,) = sweep(store)
    assert found.status is RunStatus.QUARANTINED


def test_a_run_without_a_readable_manifest_is_moved_aside(store):
    folder = crashed(store, 5)
    (folder / MANIFEST_FILE).write_text('{"run_id": "pap')
    (found,) = sweep(store)
    assert found.status is RunStatus.QUARANTINED
    assert not folder.exists()
    assert (store.root / "quarantine" / "paper-1" / JOURNAL_FILE).exists()
    assert store.run_ids() == []


def test_an_empty_crashed_run_is_ended_too(store):
    crashed(store, 0)
    (found,) = sweep(store)
    assert (found.status, found.entries) == (RunStatus.CRASHED_RECOVERED, 0)


def test_a_page_damaged_in_the_middle_is_quarantined_with_its_good_beginning(store):
    folder = crashed(store, 400)
    Journal(folder, "paper-1", durable=False).close()
    path = folder / JOURNAL_FILE
    content = bytearray(path.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 4096] = b"\x5a" * 4096
    path.write_bytes(content)
    (found,) = sweep(store)
    assert found.status is RunStatus.QUARANTINED
    assert 0 < found.entries < 400
