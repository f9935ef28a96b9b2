"""Both languages say the same, and nothing from outside can format or break a message."""

import re
import string
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.telegram import words_en, words_es
from monitoring.telegram.commands import COMMANDS
from monitoring.telegram.kinds import KINDS, Notification
from monitoring.telegram.policy import Noise
from monitoring.telegram.texts import LONGEST, Html, Texts, fit, units
from monitoring.telegram.translate import TABLE

ENGLISH, SPANISH = words_en.WORDS, words_es.WORDS
HOSTILE = '<b>x</b> & </code><a href="tg://user?id=1">y</a> *_`[]()~>#+-=|{}.! \x00\x1b[31m \u202e {id} %s'


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_both_languages_have_the_same_texts() -> None:
    assert ENGLISH.keys() == SPANISH.keys()


@pytest.mark.parametrize("name", ENGLISH)
def test_a_text_has_the_same_placeholders_and_tags_in_both_languages(name: str) -> None:
    assert placeholders(ENGLISH[name]) == placeholders(SPANISH[name])
    tags = [sorted(re.findall(r"</?\w+>", words[name])) for words in (ENGLISH, SPANISH)]
    assert tags[0] == tags[1]


def test_every_kind_row_and_command_has_its_texts() -> None:
    assert {f"kind_{kind.name}" for kind in KINDS} <= ENGLISH.keys()
    assert {row.text or row.kind for row in TABLE} <= ENGLISH.keys()
    assert {row.kind for row in TABLE} <= {kind.name for kind in KINDS}
    assert {f"help_{command.name}" for command in COMMANDS} <= ENGLISH.keys()


def test_every_kind_but_critical_has_a_level_of_noise() -> None:
    assert set(Noise.__struct_fields__) == {kind.name for kind in KINDS} - {"critical"}


class Tags(HTMLParser):
    """Collect what a reader of HTML sees."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.open.append(tag)
        self.seen.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def read(text: str) -> Tags:
    parser = Tags()
    parser.feed(text)
    parser.close()
    assert parser.open == []
    return parser


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("name", words_en.NOTIFICATIONS)
def test_hostile_facts_stay_text(name: str, language: str) -> None:
    texts = Texts(language)  # type: ignore[arg-type]
    facts = dict.fromkeys(placeholders(ENGLISH[name]), HOSTILE)
    told = Notification(key="k", kind="error", severity="error", text=name, ts_ns=0, facts=facts)
    seen = read(texts.tell(told))
    assert seen.seen <= {"b", "code", "pre"}
    if facts:
        assert '<a href="tg://user?id=1">' in seen.text
        assert "\x00" not in seen.text
        assert "\u202e" not in seen.text


@given(st.text())
def test_any_text_comes_out_as_a_reader_sees_it(text: str) -> None:
    seen = read(Texts("en").say("error", component="c", text=text))
    assert seen.seen == {"b"}
    assert len(seen.text) <= 600


@pytest.mark.parametrize("name", words_en.NOTIFICATIONS)
def test_no_notification_is_too_long_to_be_told_whatever_stands_in_it(name: str) -> None:
    facts = dict.fromkeys(placeholders(ENGLISH[name]), "<&" + "<&🟢" * 10_000)
    told = Notification(key="k", kind="error", severity="critical", text=name, ts_ns=0, facts=facts)
    for language in ("en", "es"):
        message = Texts(language).tell(told)  # type: ignore[arg-type]
        assert "&lt;&amp;&lt;" in message or not facts
        assert units(message) <= 4_096


def test_secrets_are_taken_out_of_what_comes_from_outside() -> None:
    texts = Texts("en", lambda text: text.replace("s3cret", "***"))
    assert texts.say("error", component="c", text="key s3cret</b>") == (
        "❗️ <b>Error</b> in c: key ***&lt;/b&gt;"
    )


def test_a_message_that_is_too_long_ends_at_a_line_and_says_how_many_are_left() -> None:
    texts = Texts("en")
    lines = [f"<b>{number}</b> " + "🟢" * 40 for number in range(100)]
    message = fit(lines, texts)
    assert units(message) <= LONGEST + 40
    shown = message.count("<b>")
    assert message.endswith(f"… and {100 - shown} more")
    read(message)


def test_only_what_is_marked_as_html_is_taken_as_such() -> None:
    texts = Texts("en")
    assert texts.say("answer_log", lines=Html("<b>a</b>")) == "<pre><b>a</b></pre>"
    assert texts.say("answer_log", lines="<b>a</b>") == "<pre>&lt;b&gt;a&lt;/b&gt;</pre>"
