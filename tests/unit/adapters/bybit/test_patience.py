"""How refused questions are asked again."""

import pytest

from adapters.bybit.patience import Patience
from adapters.bybit.pybit_session import AskedToWait, PybitSession, Unreachable
from adapters.bybit.recent import RecentIds
from nautilus_bot.core.errors import NotFound, RateLimited


class Answers:
    """A question that fails in the given ways before it is answered."""

    def __init__(self, *failures):
        self.failures = list(failures)
        self.asked = 0

    def __call__(self):
        self.asked += 1
        if self.failures:
            raise self.failures.pop(0)
        return "answer"


@pytest.fixture
def session():
    session = PybitSession("http://127.0.0.1:9")
    yield session
    session.close()


def test_a_limited_question_is_asked_again_when_the_venue_says(session):
    question = Answers(AskedToWait("10006", 0.01), AskedToWait("10006", 0.0))
    assert Patience(session).ask(question) == "answer"
    assert question.asked == 3


def test_patience_ends(session):
    question = Answers(*[AskedToWait("10006", 0.5)] * 100)
    with pytest.raises(RateLimited, match=r"must be accepted within 3 s"):
        Patience(session, give_up_secs=3.0).ask(question)
    assert 2 <= question.asked < 10


def test_a_wait_that_is_longer_than_patience_is_not_begun(session):
    question = Answers(AskedToWait("10006", 3_600.0))
    with pytest.raises(RateLimited):
        Patience(session, give_up_secs=5.0).ask(question)
    assert question.asked == 1


def test_a_failing_gateway_is_tried_four_times(session, monkeypatch):
    monkeypatch.setattr("adapters.bybit.patience.FIRST_WAIT_SECS", 0.001)
    question = Answers(*[Unreachable("502")] * 9)
    with pytest.raises(Unreachable):
        Patience(session).ask(question)
    assert question.asked == 4


def test_a_refusal_that_waiting_cannot_change_is_passed_on(session):
    question = Answers(NotFound("no such symbol"))
    with pytest.raises(NotFound):
        Patience(session).ask(question)
    assert question.asked == 1


def test_recent_ids_forget_the_oldest():
    ids = RecentIds(most=2)
    for one in "abc":
        ids.add(one)
    assert [one in ids for one in "abc"] == [False, True, True]
