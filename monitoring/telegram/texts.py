"""
Texts in the operator's language, as Telegram's HTML.

A text is a template of ours; what stands for its placeholders comes from outside (reasons of rules, answers
of a venue) and is escaped here, in one place, so that it can neither break a message nor format it.
"""

from collections.abc import Iterable
from html import escape
from typing import Final, Literal

from monitoring.telegram import words_en, words_es
from monitoring.telegram.kinds import Notification

type Language = Literal["en", "es"]

LONGEST: Final = 3_800
"""Telegram takes 4,096 UTF-16 units; the rest is a reserve."""
LONGEST_FACT: Final = 500

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
    """

    def __init__(self, language: Language) -> None:
        self._words = _WORDS[language]

    def say(self, name: str, /, **facts: object) -> str:
        """Return a text with its placeholders filled in and escaped."""
        shown = {key: fact if isinstance(fact, Html) else plain(str(fact)) for key, fact in facts.items()}
        return self._words[name].format_map(shown)

    def tell(self, notification: Notification) -> str:
        """Return a notification as a message."""
        return fit([self.say(notification.text, **notification.facts)], self)

    def word(self, name: str) -> str:
        """Return a text that has no placeholders."""
        return self._words[name]


def plain(text: str) -> str:
    """Return text from outside, shortened and escaped."""
    short = text if len(text) <= LONGEST_FACT else text[: LONGEST_FACT - 1] + "…"
    # what is no character for Telegram would make it refuse the whole message
    clean = "".join(one if one == "\n" or one.isprintable() else " " for one in short)
    return escape(clean, quote=False)


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
    """Return the length of a text as Telegram counts it."""
    return len(text.encode("utf-16-le")) // 2
