"""A backtest replayed, changed, forked, explained, sealed and pruned."""

import shutil
import sqlite3
from decimal import Decimal
from pathlib import Path

import pytest

from catalog.decisions import decisions_digest
from catalog.lineage import trace
from catalog.queries import EventQueries
from catalog.reader import EntryFilter, entries
from catalog.retention import prune
from catalog.seal import seal_run
from catalog.sealed import SealedStore
from catalog.store import EventStore
from catalog.verify import verify_in_process
from nautilus_bot.core import ids
from nautilus_bot.core.errors import ConfigError, CorruptEntry, DataError, NotFound
from nautilus_bot.replay.fork import entry_at, fork_run
from nautilus_bot.replay.original import load_original
from nautilus_bot.replay.parity import compare_with_backtest
from nautilus_bot.replay.run_replay import replay_run
from nautilus_bot.replay.tally import tally
from nautilus_bot.replay.why_not import explain
from tests.integration.replay.conftest import RecordedRun


@pytest.fixture
def copy(backtest: RecordedRun, tmp_path: Path) -> RecordedRun:
    """The same run in a store that a test may change."""
    shutil.copytree(backtest.store.root, tmp_path / "events")
    return RecordedRun(EventStore(tmp_path / "events"), backtest.run_id)


def test_run_again_it_decides_the_same(backtest: RecordedRun) -> None:
    result = replay_run(backtest.store, backtest.run_id)

    assert result.how == "again"
    assert result.decisions.is_identical, (result.decisions.expected, result.decisions.got)
    assert result.decisions.recorded >= 300
    assert result.replayed == result.original
    assert backtest.store.latest().run_id == backtest.run_id, "a comparison leaves no run behind"


def test_another_limit_shows_what_it_would_have_changed(copy: RecordedRun) -> None:
    result = replay_run(copy.store, copy.run_id, settings=["risk.min_confidence=0.75"])

    assert result.replayed is not None
    assert result.replayed.refused["min_confidence"] > result.original.refused.get("min_confidence", 0)
    assert not result.decisions.is_identical
    child = copy.store.latest()
    assert (child.mode, child.parent_run) == ("replay", copy.run_id)
    assert tally(copy.store.folder(result.replay_run)) == result.replayed


def test_a_changed_history_is_noticed(backtest: RecordedRun, tmp_path: Path) -> None:
    elsewhere = f'backtest.data_catalog_path="{tmp_path}"'
    original = load_original(backtest.folder, [elsewhere])

    with pytest.raises((DataError, NotFound)):
        original.simulation(original.spec())


def test_a_fork_goes_on_from_the_state_of_the_moment(copy: RecordedRun) -> None:
    manifest = copy.store.latest()
    query = manifest.data_queries[0]
    middle = (query.start_ns + query.end_ns) // 2
    seq = entry_at(copy.folder, middle)

    result = fork_run(copy.store, copy.run_id, seq, ["risk.per_trade_pct=0.25"])

    fork = copy.store.folder(result.replay_run)
    first = next(entries(fork, where=EntryFilter(types=("OrderFilled",))))
    assert first.ts_market >= middle
    inherited = next(entries(fork, where=EntryFilter(types=("SessionSnapshot",))))
    assert inherited.seq < first.seq
    opened = [
        entry.client_order_id
        for entry in entries(fork, where=EntryFilter(types=("Signal", "OrderInitialized")))
        if ids.role_of(entry.client_order_id) == ids.ENTRY
    ]
    assert all(name.startswith(f"{manifest.session}F-") for name in opened)
    assert result.replayed is not None
    assert result.replayed.fills > 0


def test_a_fork_beyond_the_end_is_refused(backtest: RecordedRun) -> None:
    with pytest.raises(NotFound, match="must be an entry"):
        fork_run(backtest.store, backtest.run_id, 10_000_000, [])


def test_parity_needs_a_session(backtest: RecordedRun) -> None:
    with pytest.raises(ConfigError, match="paper or live"):
        compare_with_backtest(backtest.store, backtest.run_id)


def test_the_stories_of_all_signals_sum_to_the_runs_profit(backtest: RecordedRun) -> None:
    opening = {
        ids.signal_of(entry.client_order_id)
        for entry in entries(backtest.folder, where=EntryFilter(types=("OrderFilled",)))
        if ids.role_of(entry.client_order_id) == ids.ENTRY
    }
    positions = [trace(backtest.folder, name).position for name in opening]
    count = tally(backtest.folder)

    assert len(positions) >= 20
    told = sum((one.pnl for one in positions if one), Decimal(0))
    assert abs(told - count.pnl) < Decimal("1e-6")


def test_a_silence_names_the_condition_that_was_missed(backtest: RecordedRun) -> None:
    query = backtest.store.latest().data_queries[0]
    quiet = None
    for step in range(100, 160):
        found = explain(backtest.folder, "RSIEMA", "BTCUSDT", query.start_ns + step * 900_000_000_000)
        if found.answer == "conditions":
            quiet = found
            break

    assert quiet is not None
    missed = quiet.sides[0].missed
    assert missed
    assert all(one.name in quiet.sentence for one in missed)


def test_before_its_indicators_are_ready_it_says_so(backtest: RecordedRun) -> None:
    query = backtest.store.latest().data_queries[0]
    found = explain(backtest.folder, "RSIEMA", "BTCUSDT", query.start_ns + 900_000_000_000)

    assert found.answer == "warming up"


def test_an_unknown_strategy_gets_a_hint(backtest: RecordedRun) -> None:
    with pytest.raises(NotFound, match="did you mean 'RSIEMAMomentumStrategy'"):
        explain(backtest.folder, "RSIMomentum", "BTCUSDT", 1)


def test_an_ambiguous_beginning_lists_what_it_may_be(backtest: RecordedRun) -> None:
    with pytest.raises(NotFound, match="unambiguous"):
        trace(backtest.folder, "BT-")


def test_sealed_and_pruned_it_still_answers_verifies_and_decides_the_same(
    copy: RecordedRun, tmp_path: Path
) -> None:
    digest, before = decisions_digest(copy.folder), _ask(copy)
    seal = seal_run(copy.folder, str(tmp_path / "sealed"))
    assert _ask(copy) == before

    copy.store.new_run("backtest", "{}", durable=False).end()
    pruned = prune(copy.store, keep_days=0, keep_runs=1, really=True)

    assert [one.run_id for one in pruned] == [copy.run_id]
    assert not (copy.folder / "journal.sqlite").exists()
    assert decisions_digest(copy.folder) == digest
    assert _ask(copy) == before
    report = verify_in_process(copy.folder)
    assert report.ok
    assert report.entries == seal.manifest.last_seq


def test_a_flipped_byte_in_a_sealed_file_is_found(copy: RecordedRun, tmp_path: Path) -> None:
    seal = seal_run(copy.folder, str(tmp_path / "sealed"))
    (copy.folder / "journal.sqlite").unlink()
    path = tmp_path / "sealed" / copy.run_id / seal.files[0].path
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)

    report = verify_in_process(copy.folder)

    assert not report.ok
    assert str(path) in report.message


def test_a_seal_that_was_cut_off_is_none_and_is_done_again(copy: RecordedRun, tmp_path: Path) -> None:
    url = str(tmp_path / "sealed")
    first = seal_run(copy.folder, url)
    (tmp_path / "sealed" / copy.run_id / "seal.json").unlink()
    (tmp_path / "sealed" / copy.run_id / first.files[-1].path).unlink()
    assert SealedStore(url).find(copy.run_id) is None

    again = seal_run(copy.folder, url)

    assert again.files == first.files


def test_a_damaged_journal_is_not_sealed(copy: RecordedRun, tmp_path: Path) -> None:
    db = sqlite3.connect(copy.folder / "journal.sqlite")
    db.execute("UPDATE entries SET topic = 'x' WHERE seq = 5")
    db.commit()
    db.close()

    with pytest.raises(CorruptEntry, match="sealed entry 5"):
        seal_run(copy.folder, str(tmp_path / "sealed"))
    assert not (tmp_path / "sealed" / copy.run_id / "seal.json").exists()


def _ask(run: RecordedRun) -> list[object]:
    queries = EventQueries(run.store, run.run_id)
    try:
        return [
            queries.fills(limit=5).rows,
            queries.verdicts(limit=5).rows,
            queries.sql("SELECT count(*), sum(realized_pnl) FROM positions").rows,
            queries.sql("SELECT type, count(*) FROM entries GROUP BY 1 ORDER BY 1").rows,
        ]
    finally:
        queries.close()
