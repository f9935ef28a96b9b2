"""Whatever is done to a journal, the first bad entry is named."""

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from catalog import chain
from catalog.journal import JOURNAL_FILE
from catalog.manifest import MANIFEST_FILE
from catalog.store import EventStore
from catalog.verify import verify_in_process, verify_run
from nautilus_bot.core.errors import CorruptEntry, NotFound, SequenceGap

COUNT = 300


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    run = EventStore(tmp_path).new_run("backtest", "{}", durable=False)
    for n in range(COUNT):
        run.journal.append(
            ts_init=n, ts_market=n, ts_publish=n, topic="events", type="Notice",
            payload=f"unmistakable payload number {n + 1:04d}".encode() * 8,
        )  # fmt: skip
    run.end()
    return run.folder


def change(folder: Path, statement: str, *values: object) -> None:
    db = sqlite3.connect(folder / JOURNAL_FILE)
    with db:
        db.execute(statement, values)
    db.close()


def test_a_sound_run_is_confirmed_with_its_count_and_last_hash(folder):
    seen: list[int] = []
    report = verify_run(folder, on_progress=seen.append)
    assert (report.ok, report.entries, report.first_bad_seq, report.problem) == (True, COUNT, 0, "")
    assert seen == [COUNT]
    assert len(report.last_hash) == 64
    report.raise_if_bad()


def test_the_same_verdict_comes_from_a_process_of_its_own(folder):
    assert verify_in_process(folder).last_hash == verify_run(folder).last_hash


@pytest.mark.parametrize("number", [1, 2, 150, COUNT])
def test_one_flipped_byte_in_the_file_names_its_entry(folder, number):
    file = folder / JOURNAL_FILE
    data = bytearray(file.read_bytes())
    place = data.index(f"number {number:04d}".encode())
    data[place] ^= 1
    file.write_bytes(data)
    report = verify_run(folder)
    assert (report.ok, report.problem, report.first_bad_seq) == (False, "altered", number)
    assert report.entries == number - 1
    with pytest.raises(CorruptEntry, match=f"entry {number} "):
        report.raise_if_bad()


@pytest.mark.parametrize(
    "column",
    [
        "ts_init",
        "ts_market",
        "ts_publish",
        "topic",
        "type",
        "version",
        "strategy_id",
        "entry_hash",
        "causation_id",
    ],
)
def test_a_change_of_any_column_names_its_entry(folder, column):
    value: object = {"entry_hash": b"\0" * 32, "version": 2}.get(
        column, 5 if column.startswith("ts") else "changed"
    )
    change(folder, f"UPDATE entries SET {column} = ? WHERE seq = 77", value)
    report = verify_run(folder)
    assert (report.problem, report.first_bad_seq) == ("altered", 77)


@pytest.mark.parametrize("number", [1, 42])
def test_one_removed_entry_is_named_as_missing(folder, number):
    change(folder, "DELETE FROM entries WHERE seq = ?", number)
    report = verify_run(folder)
    assert (report.problem, report.first_bad_seq) == ("missing", number)
    with pytest.raises(SequenceGap, match=f"entry {number} is missing"):
        report.raise_if_bad()


def test_a_removed_entry_whose_gap_was_closed_is_found_where_it_was(folder):
    change(folder, "DELETE FROM entries WHERE seq = 10")
    change(folder, "UPDATE entries SET seq = -seq WHERE seq > 10")
    change(folder, "UPDATE entries SET seq = -seq - 1 WHERE seq < 0")
    assert verify_run(folder).first_bad_seq == 10


def test_a_swapped_pair_is_named_as_swapped(folder):
    for statement in ("seq = -5 WHERE seq = 5", "seq = 5 WHERE seq = 6", "seq = 6 WHERE seq = -5"):
        change(folder, f"UPDATE entries SET {statement}")
    report = verify_run(folder)
    assert (report.problem, report.first_bad_seq) == ("swapped", 5)
    assert "entry 5 was exchanged with entry 6" in report.message


def test_an_entry_put_in_front_is_found(folder):
    columns = "ts_init, ts_market, ts_publish, topic, type, version, instrument_id, strategy_id"
    columns += ", client_order_id, position_id, correlation_id, causation_id, payload, entry_hash"
    change(folder, f"INSERT INTO entries SELECT 0, {columns} FROM entries WHERE seq = 1")
    report = verify_run(folder)
    assert (report.ok, report.first_bad_seq) == (False, 0)
    assert "inserted" in report.message


def test_a_torn_tail_is_named_by_what_the_manifest_counts(folder):
    change(folder, "DELETE FROM entries WHERE seq > ?", COUNT - 3)
    report = verify_run(folder)
    assert (report.problem, report.first_bad_seq) == ("torn tail", COUNT - 2)
    assert f"{COUNT - 2} to {COUNT}" in report.message


def test_a_write_ahead_log_cut_short_by_a_crash_is_a_torn_tail(tmp_path):
    run = EventStore(tmp_path).new_run("paper", "{}", durable=True)
    for n in range(COUNT):
        run.journal.append(ts_init=n, ts_market=n, ts_publish=n, topic="t", type="T", payload=b"x" * 300)
    run.amend()
    crashed = tmp_path / "crashed"
    shutil.copytree(run.folder, crashed, ignore=shutil.ignore_patterns("*-shm"))
    run.end()
    assert verify_run(crashed).ok
    log = crashed / f"{JOURNAL_FILE}-wal"
    used = len(log.read_bytes().rstrip(b"\0"))
    for part in (0.9, 0.45):
        with log.open("r+b") as file:
            file.truncate(int(used * part))
        report = verify_run(crashed)
        assert report.problem == "torn tail"
        assert 0 < report.entries < COUNT
        assert report.first_bad_seq == report.entries + 1


def test_a_file_cut_short_is_reported_with_the_first_entry_that_cannot_be_read(folder):
    file = folder / JOURNAL_FILE
    data = file.read_bytes()
    file.write_bytes(data[: len(data) // 2])
    report = verify_run(folder)
    assert not report.ok
    assert report.first_bad_seq >= 1
    assert report.entries < COUNT


@pytest.mark.parametrize("content", [b"", b"not a database" * 500])
def test_a_file_that_is_no_journal_is_a_report_not_a_crash(folder, content):
    (folder / JOURNAL_FILE).write_bytes(content)
    report = verify_run(folder)
    assert (report.ok, report.problem, report.first_bad_seq) == (False, "unreadable", 1)


def test_a_chain_rewritten_from_an_entry_on_disagrees_with_the_manifest(folder):
    db = sqlite3.connect(folder / JOURNAL_FILE)
    db.execute("UPDATE entries SET payload = ? WHERE seq = 100", (b"forged",))
    digest = db.execute("SELECT entry_hash FROM entries WHERE seq = 99").fetchone()[0]
    for row in db.execute("SELECT * FROM entries WHERE seq >= 100 ORDER BY seq").fetchall():
        digest = chain.link(digest, row[:-1])
        db.execute("UPDATE entries SET entry_hash = ? WHERE seq = ?", (digest, row[0]))
    db.commit()
    db.close()
    report = verify_run(folder)
    assert (report.problem, report.first_bad_seq) == ("manifest", COUNT)


def test_the_journal_of_another_run_is_called_foreign(folder):
    change(folder, "UPDATE meta SET value = 'run-9' WHERE key = 'run_id'")
    assert verify_run(folder).problem == "foreign"


def test_a_damaged_manifest_is_reported_though_the_chain_is_sound(folder):
    (folder / MANIFEST_FILE).write_text("{")
    report = verify_run(folder)
    assert (report.ok, report.problem, report.entries) == (False, "manifest", COUNT)


@pytest.mark.parametrize("verify", [verify_run, verify_in_process])
def test_a_folder_without_a_journal_is_not_found(tmp_path: Path, verify: Callable[[Path], object]):
    with pytest.raises(NotFound):
        verify(tmp_path)
