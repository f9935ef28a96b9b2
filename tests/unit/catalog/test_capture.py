"""When what was recorded is committed: a little later, and before anything leaves for a venue."""

import pytest
from nautilus_trader.common.component import MessageBus, TestClock
from nautilus_trader.model.identifiers import TraderId

from catalog.capture import Recorder
from catalog.journal import Journal
from catalog.reader import entries
from nautilus_bot.core import topics
from nautilus_bot.core.clocks import MarketClock
from nautilus_bot.core.messages import Notice


class Turn:
    """A trading loop: what is to run a little later."""

    def __init__(self):
        self.waiting = []

    def soon(self, what):
        self.waiting.append(what)

    def end(self):
        waiting, self.waiting = self.waiting, []
        for what in waiting:
            what()


class Bench:
    def __init__(self, folder):
        self.folder = folder
        self.turn = Turn()
        self.halts = []
        self.journal = Journal(folder, "run-1", durable=True)
        clock = TestClock()
        self.bus = MessageBus(TraderId("BOT-001"), clock)
        self.recorder = Recorder(
            self.bus,
            clock,
            MarketClock(),
            self.journal,
            record_inputs=True,
            on_halt=self.halts.append,
            soon=self.turn.soon,
        )
        self.recorder.install()

    def tell(self, text):
        notice = Notice(ts_event=1, severity="info", component="test", text=text)
        self.bus.publish(topics.NOTICE + "test", notice)

    @property
    def written(self):
        return len(list(entries(self.folder)))


@pytest.fixture
def bench(tmp_path):
    made = Bench(tmp_path / "run")
    yield made
    made.journal.close()


def test_entries_that_follow_each_other_share_one_commit(bench):
    bench.tell("one")
    bench.tell("two")
    assert bench.written == 0
    assert len(bench.turn.waiting) == 1
    bench.turn.end()
    assert bench.written == 2
    bench.tell("three")
    bench.turn.end()
    assert bench.written == 3


@pytest.mark.parametrize("opens_risk", [True, False])
def test_what_leaves_for_a_venue_is_committed_before(bench, opens_risk):
    bench.tell("a command")
    bench.recorder.before_leaving(opens_risk=opens_risk)
    assert bench.written == 1
    bench.turn.end()
    assert bench.halts == []


def test_a_commit_that_fails_later_halts_trading_once(bench):
    bench.tell("one")
    bench.turn.end()
    bench.journal._db.execute("DROP TABLE entries")
    bench.tell("two")
    assert bench.halts == []
    bench.turn.end()
    bench.tell("three")
    bench.turn.end()
    (reason,) = bench.halts
    assert "trading halts" in reason


def test_a_commit_that_comes_after_the_journal_was_closed_is_no_failure(bench):
    bench.tell("one")
    bench.journal.close()
    bench.turn.end()
    assert bench.halts == []
    assert bench.written == 1
