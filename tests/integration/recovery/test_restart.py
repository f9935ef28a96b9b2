"""
Kill -9 and restart, against the simulated Bybit: AC-REC-01 to AC-REC-09, in the order of one account's life.

Each session recovers from the one before; after every restart the bot's belief, its journals and the exchange
are compared order by order, fill by fill, to the cent.
"""

import pytest

from catalog.manifest import RunStatus
from tests.chaos.harness import OPEN_CLOSE, PARTIAL, Kill

pytestmark = pytest.mark.timeout(240)


def test_ac_rec_01_killed_right_after_a_fill_was_recorded_the_position_gets_its_stop(matrix):
    outcome = matrix.play(Kill("after:OrderFilled:1", "ETHUSDT:BUY:3"))
    assert outcome.died
    assert outcome.problems == []
    assert outcome.belief["lots"], "the position must be protected by a lot of its own strategy"
    assert set(outcome.belief["ledgers"]) == {"QAInjectStrategy-QA_ETHUSDT_60m@ETHUSDT-LINEAR.BYBIT"}
    assert outcome.belief["parent"]


def test_ac_rec_02_a_breaker_survives_the_kill_and_refuses_the_next_entry(matrix):
    outcome = matrix.play(Kill("after:TradingHalted:1", "halt,hold:5"))
    assert outcome.died
    assert outcome.problems == []
    assert outcome.belief["halt"] == "the script halts"
    before = matrix.entries_filled()
    again = matrix.play(Kill("", "BTCUSDT:BUY:1.5"))
    assert again.problems == []
    assert matrix.entries_filled() == before
    assert again.belief["halt"] == "the script halts"


def test_ac_rec_03_an_entry_whose_fate_is_unknown_is_asked_for_and_never_repeated(matrix):
    outcome = matrix.play(Kill("sent:E:1", "resume,BTCUSDT:BUY:3"))
    assert outcome.died
    assert outcome.problems == []


def test_ac_rec_04_fills_that_happened_while_the_bot_was_down_reach_their_ledger(matrix):
    # the entry has left, nothing of what the exchange answers is recorded
    outcome = matrix.play(Kill("before:OrderAccepted:1", "ETHUSDT:SELL:1.5,ETHUSDT:BUY:3"))
    assert outcome.died
    assert outcome.problems == []


def test_ac_rec_05_killed_in_the_middle_of_a_close_the_close_goes_on(matrix):
    outcome = matrix.play(Kill("after:CancelOrder:1", OPEN_CLOSE))
    assert outcome.problems == []


def test_ac_rec_06_killed_between_two_partial_fills_both_parts_are_protected(matrix):
    outcome = matrix.play(Kill("time:6.5", "resume,ETHUSDT:SELL:0.5,ETHUSDT:BUY:5", PARTIAL))
    assert outcome.problems == []


def test_ac_rec_07_killed_during_the_recovery_itself_the_next_one_succeeds(matrix):
    for place in ("before:SessionSnapshot:1", "after:SessionSnapshot:1", "after:AccountState:1"):
        outcome = matrix.play(Kill(place, "hold:5"))
        assert outcome.died
        assert outcome.problems == []


def test_ac_rec_08_a_full_disk_halts_entries_lets_exits_pass_and_loses_nothing(matrix):
    script = "resume,ETHUSDT:SELL:1,ETHUSDT:BUY:1,full,BTCUSDT:BUY:1.5,BTCUSDT:SELL:1.5"
    before = matrix.run(Kill("", ""))[1][-1]
    code, said = matrix.run(Kill("", script))
    assert code == 0
    assert "cannot be written" in said[-1]["journal_halted"]
    assert "cannot be written" in said[-1]["halt"]
    # an entry would have added to what was held; an exit may have taken from it
    assert abs(float(said[-1]["net"]["BTCUSDT"])) <= abs(float(before["net"]["BTCUSDT"]))
    code, said = matrix.run(Kill("", ""))
    assert code == 0
    assert matrix.compare(said[-1]) == []


def test_ac_rec_09_killed_while_it_seals_a_run_answers_and_is_sealed_whole_at_last(matrix):
    for place in ("seal:write:2", "seal:publish:1", "seal:point:1"):
        outcome = matrix.play(Kill(place, ""))
        assert outcome.died
        assert outcome.problems == []


def test_every_session_has_an_end_and_names_its_parent(matrix):
    runs = matrix.store.runs()
    assert {run.status for run in runs} == {RunStatus.ENDED, RunStatus.CRASHED_RECOVERED}
    names = [run.run_id for run in runs]
    for place, run in enumerate(runs[1:], 1):
        # the one before, unless that died before it had taken over
        assert run.parent_run in names[:place]
