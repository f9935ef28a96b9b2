"""Whatever is written comes back; whatever is changed is found."""

import sqlite3
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from catalog import codec
from catalog.journal import JOURNAL_FILE, Journal
from catalog.reader import entries
from catalog.verify import verify_run
from nautilus_bot.core import messages

# SQLite keeps text as UTF-8, which has no lone surrogates
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
TIME = st.integers(0, 2**63 - 1)
ENTRY = st.fixed_dictionaries(
    {
        "ts_init": TIME,
        "ts_market": TIME,
        "ts_publish": TIME,
        "topic": TEXT,
        "type": TEXT,
        "payload": st.binary(max_size=200),
        "version": st.integers(1, 1000),
        "instrument_id": TEXT,
        "strategy_id": TEXT,
        "client_order_id": TEXT,
        "position_id": TEXT,
        "correlation_id": TEXT,
        "causation_id": TEXT,
    }
)
FLOAT = st.floats(allow_nan=False)
SIGNAL = st.builds(
    messages.Signal, ts_event=TIME, signal_id=TEXT, strategy=TEXT, strategy_id=TEXT, instrument_id=TEXT,
    side=st.sampled_from(["BUY", "SELL"]), confidence=FLOAT, price=TEXT, stop=TEXT, target=TEXT, reason=TEXT,
    indicators=st.lists(st.builds(messages.Indicator, name=TEXT, value=FLOAT), max_size=3).map(tuple),
    conditions=st.lists(
        st.builds(messages.ConditionMargin, name=TEXT, margin=FLOAT, unit=TEXT), max_size=3
    ).map(tuple),
    closes=st.booleans(),
)  # fmt: skip


def write(folder: Path, rows: list[dict], *, durable: bool, batch_size: int) -> None:
    with Journal(folder, folder.name, durable=durable, batch_size=batch_size) as journal:
        for row in rows:
            journal.append(**row)


@settings(deadline=None, max_examples=50)
@given(rows=st.lists(ENTRY, min_size=1, max_size=20), durable=st.booleans(), batch_size=st.integers(1, 7))
def test_entries_come_back_in_order_and_verified(rows, durable, batch_size):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "run"
        write(folder, rows, durable=durable, batch_size=batch_size)
        assert [{key: getattr(entry, key) for key in rows[0]} for entry in entries(folder)] == rows
        assert verify_run(folder).entries == len(rows)


@settings(deadline=None, max_examples=50)
@given(rows=st.lists(ENTRY, min_size=2, max_size=10), data=st.data())
def test_the_first_changed_entry_is_named(rows, data):
    victim = data.draw(st.integers(1, len(rows)))
    column = data.draw(st.sampled_from(sorted(rows[0])))
    value = data.draw(ENTRY.map(lambda row: row[column]).filter(lambda v: v != rows[victim - 1][column]))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "run"
        write(folder, rows, durable=False, batch_size=100)
        db = sqlite3.connect(folder / JOURNAL_FILE)
        with db:
            db.execute(f"UPDATE entries SET {column} = ? WHERE seq = ?", (value, victim))
        db.close()
        report = verify_run(folder)
        assert (report.problem, report.first_bad_seq, report.entries) == ("altered", victim, victim - 1)


@settings(deadline=None, max_examples=50)
@given(rows=st.lists(ENTRY, min_size=3, max_size=10), data=st.data())
def test_a_removed_entry_is_named_wherever_it_was(rows, data):
    victim = data.draw(st.integers(1, len(rows) - 1))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "run"
        write(folder, rows, durable=False, batch_size=100)
        db = sqlite3.connect(folder / JOURNAL_FILE)
        with db:
            db.execute("DELETE FROM entries WHERE seq = ?", (victim,))
        db.close()
        report = verify_run(folder)
        assert (report.problem, report.first_bad_seq) == ("missing", victim)


@given(signal=SIGNAL)
def test_a_signal_of_any_content_comes_back_exactly(signal):
    assert codec.decode(*codec.encode(signal)) == signal
