"""Who is obeyed, and what a button means."""

import logging

import pytest

from monitoring.telegram.access import Access, StrangerLog
from monitoring.telegram.bot_api import check_api_url, open_bot
from monitoring.telegram.commands import Act, find
from monitoring.telegram.confirm import Confirmations
from monitoring.telegram.texts import bare
from nautilus_bot.core.errors import ConfigError


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def act(name: str) -> Act:
    found = find(name)
    assert isinstance(found, Act)
    return found


@pytest.mark.parametrize(
    ("chat_id", "user_id", "allowed"), [(-1, 42, True), (-1, 43, False), (-2, 42, False), (42, 42, False)]
)
def test_both_the_chat_and_the_user_must_be_the_configured_ones(
    chat_id: int, user_id: int, allowed: bool
) -> None:
    assert Access(chat_id=-1, user_ids=(42,)).allows(chat_id, user_id) is allowed


def test_without_users_nobody_is_obeyed() -> None:
    assert not Access(chat_id=-1, user_ids=()).allows(-1, 0)


def test_a_flood_of_strangers_is_noted_once_a_minute_each(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    strangers = StrangerLog(clock)
    with caplog.at_level(logging.WARNING):
        for _ in range(100):
            strangers.note(1, 1)
        strangers.note(1, 2)
        clock.now = 61
        strangers.note(1, 1)
    assert len(caplog.records) == 3


def test_a_question_is_answered_once_by_who_asked_and_in_time() -> None:
    clock = Clock()
    confirmations = Confirmations(clock)
    token = confirmations.ask(act("close_all"), "", 42)
    assert confirmations.press(f"yes:{token}", 43) == "not_yours"
    answer = confirmations.press(f"yes:{token}", 42)
    assert not isinstance(answer, str)
    assert (answer[0].act.name, answer[1]) == ("close_all", True)
    assert confirmations.press(f"yes:{token}", 42) == "expired"
    late = confirmations.ask(act("stop"), "", 42)
    clock.now = 60
    assert confirmations.press(f"yes:{late}", 42) == "expired"


@pytest.mark.parametrize("data", ["", "yes", "yes:", "no:beef", ":", "yes:../../x"])
def test_a_button_that_was_never_made_means_nothing(data: str) -> None:
    assert Confirmations().press(data, 42) == "expired"


def test_a_token_of_no_means_no() -> None:
    confirmations = Confirmations()
    answer = confirmations.press(f"no:{confirmations.ask(act('stop'), '', 42)}", 42)
    assert not isinstance(answer, str)
    assert not answer[1]


def test_what_loses_money_or_cannot_be_undone_asks_first() -> None:
    confirmed = {name for name in ("pause", "resume", "halt", "resume_trading", "close", "close_all", "stop")
                 if act(name).confirm}  # fmt: skip
    assert confirmed == {"resume_trading", "close", "close_all", "stop"}


@pytest.mark.parametrize(
    "url", ["https://api.telegram.org", "http://127.0.0.1:8081", "http://localhost:1", "http://[::1]:1"]
)
def test_an_address_that_keeps_the_token_is_taken(url: str) -> None:
    check_api_url(url)


@pytest.mark.parametrize(
    "url", ["http://api.telegram.org", "http://127.0.0.1.evil.org", "ftp://127.0.0.1", "", "https://", "x"]
)
def test_an_address_that_would_show_the_token_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="must be https"):
        check_api_url(url)


@pytest.mark.parametrize("token", ["", "a b", "1:a/../../x", "1:a\n"])
async def test_a_token_with_other_characters_is_refused_without_naming_it(token: str) -> None:
    with pytest.raises(ConfigError, match="must look like") as refused:
        async with open_bot(token):
            pass
    assert not token.strip() or token not in str(refused.value)


def test_a_message_without_its_formatting_is_what_was_meant() -> None:
    assert bare("<b>a</b> &lt;b&gt; &amp; <code>c</code>") == "a <b> & c"
