"""
Texts in the operator's language, as Telegram's HTML.

A text is a template of ours; what stands for its placeholders comes from outside (reasons of rules, answers
of a venue) and is escaped here, in one place, so that it can neither break a message nor format it.
"""

import re
from collections.abc import Callable, Iterable
from html import escape, unescape
from typing import Final, Literal

from monitoring.telegram import words_en, words_es
from monitoring.telegram.kinds import Notification

type Language = Literal["en", "es"]

LONGEST: Final = 3_800
"""Telegram takes 4,096 UTF-16 units; the rest is a reserve."""
LONGEST_FACT: Final = 500

_TAG: Final = re.compile(r"</?[a-z]+>")
_WORDS: Final[dict[str, dict[str, str]]] = {"en": words_en.WORDS, "es": words_es.WORDS}


class Html(str):
    """Text that is Telegram's HTML already; every other text is escaped."""

    __slots__ = ()


class Texts:
    """
    Say things in one language.

    Parameters
    ----------
    language : Language
        ``en`` or ``es``.
    clean : Callable[[str], str]
        Takes secrets out of what comes from outside.
    """

    def __init__(self, language: Language, clean: Callable[[str], str] = str) -> None:
        self._words = _WORDS[language]
        self._clean = clean

    def say(self, name: str, /, **facts: object) -> str:
        """Return a text with its placeholders filled in and escaped."""
        shown = {
            key: fact if isinstance(fact, Html) else self.plain(str(fact)) for key, fact in facts.items()
        }
        return self._words[name].format_map(shown).rstrip()

    def tell(self, notification: Notification) -> str:
        """Return a notification as a message that is never too long."""
        facts = notification.facts
        text = self.say(notification.text, **facts)
        if units(text) <= LONGEST:
            return text
        share = LONGEST // (2 * len(facts) + 2)  # a character may count twice
        return self.say(notification.text, **{name: fact[:share] for name, fact in facts.items()})

    def word(self, name: str) -> str:
        """Return a text that has no placeholders."""
        return self._words[name]

    def plain(self, text: str) -> str:
        """Return text from outside without secrets, shortened and escaped."""
        cleaned = self._clean(text)
        short = cleaned if len(cleaned) <= LONGEST_FACT else cleaned[: LONGEST_FACT - 1] + "…"
        # what is no character for Telegram would make it refuse the whole message
        printable = "".join(one if one == "\n" or one.isprintable() else " " for one in short)
        return escape(printable, quote=False)


def bare(text: str) -> str:
    """Return a message of ours without its formatting."""
    return unescape(_TAG.sub("", text))


def fit(lines: Iterable[str], texts: Texts) -> str:
    """Return as many whole lines as a message takes, and how many are left out."""
    kept: list[str] = []
    left = LONGEST
    every = list(lines)
    for number, line in enumerate(every):
        left -= units(line) + 1
        if left < 0:
            kept.append(texts.say("more", count=len(every) - number))
            break
        kept.append(line)
    return "\n".join(kept)


def units(text: str) -> int:
    """Return the length of a message as Telegram counts it: in UTF-16, without its formatting."""
    return len(bare(text).encode("utf-16-le", "replace")) // 2
