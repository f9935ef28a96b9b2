"""One writer, every entry chained, and nothing lost without a word."""

import hashlib
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import msgspec
import pytest

from catalog import chain
from catalog.journal import JOURNAL_FILE, Journal
from catalog.reader import entries
from nautilus_bot.core.errors import AlreadyRunning, CorruptEntry, JournalHalted

REPOSITORY = Path(__file__).resolve().parents[3]


def append(journal: Journal, number: int, **fields) -> int:
    return journal.append(
        ts_init=number, ts_market=number, ts_publish=number, topic="events", type="Notice",
        payload=f"payload {number}".encode(), **fields,
    )  # fmt: skip


def append_many(journal: Journal, count: int) -> None:
    for number in range(count):
        append(journal, number)


def run_script(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), str(folder)],
        env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_the_chain_can_be_checked_with_nothing_but_msgpack_and_blake2b(tmp_path):
    with Journal(tmp_path, "run-1", durable=True) as journal:
        append(journal, 7, instrument_id="BTCUSDT", correlation_id="S-1")
    row = [1, 7, 7, 7, "events", "Notice", 1, "BTCUSDT", "", "", "", "S-1", "", b"payload 7"]
    genesis = hashlib.blake2b(b"nautilus-bot/1/run-1", digest_size=32).digest()
    expected = hashlib.blake2b(genesis + msgspec.msgpack.encode(row), digest_size=32).digest()
    assert next(entries(tmp_path)).entry_hash == expected


def test_durable_and_batched_writing_give_the_same_entries_and_hashes(tmp_path):
    for durable in (True, False):
        with Journal(tmp_path / str(durable), "run-1", durable=durable, batch_size=7) as journal:
            assert [append(journal, n) for n in range(20)] == list(range(1, 21))
    assert list(entries(tmp_path / "True")) == list(entries(tmp_path / "False"))


def test_a_batched_journal_shows_nothing_before_it_flushes_and_counts_all(tmp_path):
    with Journal(tmp_path, "run-1", durable=False) as journal:
        append(journal, 1)
        assert journal.last_seq == 1
        assert list(entries(tmp_path)) == []
        journal.flush()
        assert len(list(entries(tmp_path))) == 1


def test_the_last_hash_covers_entries_that_were_only_gathered(tmp_path):
    with Journal(tmp_path, "run-1", durable=False) as journal:
        before = journal.last_hash
        append(journal, 1)
        assert journal.last_hash != before == chain.genesis("run-1")


def test_a_second_writer_is_turned_away_with_the_owners_process_id(tmp_path):
    with Journal(tmp_path, "run-1", durable=True), pytest.raises(AlreadyRunning, match=str(os.getpid())):
        Journal(tmp_path, "run-1", durable=True)


def test_a_writer_in_another_process_is_turned_away_too(tmp_path):
    script = """
        import sys, pathlib
        from catalog.journal import Journal
        Journal(pathlib.Path(sys.argv[1]), "run-1", durable=True)
    """
    with Journal(tmp_path, "run-1", durable=True):
        assert "AlreadyRunning" in run_script(script, tmp_path).stderr
    assert run_script(script, tmp_path).returncode == 0


def test_a_reopened_journal_continues_number_and_chain(tmp_path):
    with Journal(tmp_path, "run-1", durable=True) as journal:
        append(journal, 1)
        last = journal.last_hash
    with Journal(tmp_path, "run-1", durable=True) as journal:
        assert (journal.last_seq, journal.last_hash) == (1, last)
        assert append(journal, 2) == 2


def test_the_journal_of_another_run_is_refused_and_left_free(tmp_path):
    Journal(tmp_path, "run-1", durable=True).close()
    with pytest.raises(CorruptEntry, match="run-2, but names run-1"):
        Journal(tmp_path, "run-2", durable=True)
    Journal(tmp_path, "run-1", durable=True).close()


@pytest.mark.parametrize("durable", [True, False])
def test_a_full_disk_halts_the_journal_for_good_and_keeps_what_was_written(tmp_path, durable):
    journal = Journal(tmp_path, "run-1", durable=durable, batch_size=10)
    pages = journal._db.execute("PRAGMA page_count").fetchone()[0]
    journal._db.execute(f"PRAGMA max_page_count = {pages + 8}")
    with pytest.raises(JournalHalted, match="full"):
        append_many(journal, 10_000)
    with pytest.raises(JournalHalted):
        append(journal, 0)
    with pytest.raises(JournalHalted):
        journal.flush()
    assert "trading halts" in journal.halted
    journal.close()
    written = list(entries(tmp_path))
    assert [entry.seq for entry in written] == list(range(1, len(written) + 1))
    assert len(written) > 20


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX resource limits")
def test_a_real_write_error_of_the_system_halts_the_journal(tmp_path):
    done = run_script(
        """
        import resource, signal, sys, pathlib
        from catalog.journal import Journal
        from nautilus_bot.core.errors import JournalHalted
        journal = Journal(pathlib.Path(sys.argv[1]), "run-1", durable=True)
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
        seq = 0
        try:
            while True:
                seq = journal.append(
                    ts_init=1, ts_market=1, ts_publish=1, topic="t", type="T", payload=b"x" * 500)
        except JournalHalted as e:
            print(seq, e)
        """,
        tmp_path,
    )
    acknowledged, _, message = done.stdout.partition(" ")
    assert "trading halts" in message, done.stderr
    assert len(list(entries(tmp_path))) == int(acknowledged) > 10


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_halts_at_once(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(JournalHalted, match="cannot be written"):
        Journal(tmp_path / "run", "run-1", durable=True)


def test_a_path_through_a_file_halts_at_once(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(JournalHalted, match="cannot be written"):
        Journal(tmp_path / "file" / "run", "run-1", durable=True)


def test_kill_9_loses_no_entry_that_append_returned_from(tmp_path):
    script = """
        import os, pathlib, sys
        from catalog.journal import Journal
        journal = Journal(pathlib.Path(sys.argv[1]), "run-1", durable=True)
        for n in range(100_000):
            seq = journal.append(
                ts_init=n, ts_market=n, ts_publish=n, topic="t", type="T", payload=b"x" * 300)
            os.write(1, f"{seq}\\n".encode())
    """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), str(tmp_path)],
        stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    )  # fmt: skip
    assert process.stdout is not None
    for _ in range(500):
        acknowledged = int(process.stdout.readline())
    process.send_signal(signal.SIGKILL)
    acknowledged = max([acknowledged, *(int(line) for line in process.stdout if line.endswith("\n"))])
    process.stdout.close()
    process.wait(30)
    with Journal(tmp_path, "run-1", durable=True) as journal:
        assert journal.last_seq in {acknowledged, acknowledged + 1}


def test_a_durable_journal_that_gathers_shows_its_entries_with_the_next_flush_or_barrier(tmp_path):
    with Journal(tmp_path, "run-1", durable=True) as journal:
        append(journal, 1)
        journal.gather()
        assert append(journal, 2) == journal.last_seq == 2
        append(journal, 3)
        assert [entry.seq for entry in entries(tmp_path)] == [1]
        journal.flush()
        assert [entry.seq for entry in entries(tmp_path)] == [1, 2, 3]
        append(journal, 4)
        journal.barrier()
        assert [entry.seq for entry in entries(tmp_path)] == [1, 2, 3, 4]


def test_the_log_has_its_room_before_the_first_entry_and_gives_it_back(tmp_path):
    log = tmp_path / f"{JOURNAL_FILE}-wal"
    with Journal(tmp_path, "run-1", durable=True) as journal:
        room = log.stat().st_size
        append_many(journal, 300)
        journal.barrier()
        assert log.stat().st_size == room > 2**20
    assert not log.exists()


def test_a_barrier_may_be_repeated_and_survives_a_checkpoint(tmp_path):
    with Journal(tmp_path, "run-1", durable=True) as journal:
        append(journal, 1)
        journal.barrier()
        journal.checkpoint()
        append(journal, 2)
        journal.barrier()
        assert [entry.seq for entry in entries(tmp_path)] == [1, 2]


def test_a_barrier_does_not_break_up_the_batches_of_a_backtest(tmp_path):
    with Journal(tmp_path, "run-1", durable=False) as journal:
        append(journal, 1)
        journal.barrier()
        assert list(entries(tmp_path)) == []


def test_a_batch_that_a_kill_cut_in_half_is_taken_back_whole(tmp_path):
    script = """
        import os, pathlib, sys
        from catalog import journal
        batched = journal.Journal(pathlib.Path(sys.argv[1]), "run-1", durable=False)
        def add(count):
            for n in range(count):
                batched.append(ts_init=n, ts_market=n, ts_publish=n, topic="t", type="T", payload=b"x" * 3000)
        add(100)
        batched.flush()
        # a page cache of one page makes SQLite write into the file before the commit
        batched._db.execute("PRAGMA cache_size = 1")
        batched._db.execute("BEGIN IMMEDIATE")
        rows = batched._db.execute("SELECT * FROM entries").fetchall()
        batched._db.executemany(journal._INSERT, [(row[0] + 100, *row[1:]) for row in rows])
        os.kill(os.getpid(), 9)
    """
    assert run_script(script, tmp_path).returncode == -signal.SIGKILL
    assert (tmp_path / "journal.sqlite-journal").stat().st_size > 0
    assert [entry.seq for entry in entries(tmp_path)] == list(range(1, 101))
    with Journal(tmp_path, "run-1", durable=True) as journal:
        assert journal.last_seq == 100


def test_a_checkpoint_in_another_thread_empties_the_log_while_the_owner_writes(tmp_path):
    with Journal(tmp_path, "run-1", durable=True) as journal:
        for n in range(500):
            append(journal, n)
        left: list[int] = []
        thread = threading.Thread(target=lambda: left.append(journal.checkpoint()))
        thread.start()
        for n in range(500):
            append(journal, n)
        thread.join(30)
        assert journal.checkpoint() == 0
        size = (tmp_path / "journal.sqlite-wal").stat().st_size
        for n in range(100):
            append(journal, n)
        assert (tmp_path / "journal.sqlite-wal").stat().st_size == size
    assert len(left) == 1
    assert len(list(entries(tmp_path))) == 1_100


def test_trading_writes_never_checkpoint_by_themselves(tmp_path):
    with Journal(tmp_path, "run-1", durable=True) as journal:
        for n in range(2_000):
            append(journal, n, client_order_id="x" * 36)
        # only the main file, without the log: not even the table is in it yet
        main_file = sqlite3.connect(f"{(tmp_path / 'journal.sqlite').as_uri()}?immutable=1", uri=True)
        with pytest.raises(sqlite3.DatabaseError):
            main_file.execute("SELECT count(*) FROM entries").fetchone()
        main_file.close()
