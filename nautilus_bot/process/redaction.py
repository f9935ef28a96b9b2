"""Take secrets out of text: those that are known by value, and what looks like one."""

import os
import re
from collections.abc import Iterable, Mapping
from typing import Final, Self

from nautilus_bot.config.secrets import SECRETS

HIDDEN: Final = "***"
SHORTEST: Final = 6
"""A shorter value would hide ordinary words."""
_LABELLED: Final = re.compile(
    r"(?i)((?:api[_-]?key|api[_-]?secret|secret|token|password|passphrase|signature|x-bapi-sign)"
    r"[\"']?\s*[:=]\s*[\"']?)(?!\*\*\*)[^\s\"',}&]+"
)
_BEARER: Final = re.compile(r"(?i)(bearer\s+)[A-Za-z0-9._~+/=-]{6,}")
_TELEGRAM: Final = re.compile(r"(?<!\d)\d{6,12}:[A-Za-z0-9_-]{30,}")


class Redactor:
    """
    Hide secrets.

    Parameters
    ----------
    values : Iterable[str]
        Secrets known by value.
    """

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._values: tuple[str, ...] = ()
        self.hide(*values)

    @classmethod
    def of_environment(cls, environ: Mapping[str, str] = os.environ) -> Self:
        """Return one that knows the secrets of the environment."""
        return cls(environ.get(name, "") for name in SECRETS)

    def hide(self, *values: str) -> None:
        """Learn more secrets, e.g. those that were drawn at start."""
        known = {*self._values, *(value for value in values if len(value) >= SHORTEST)}
        # the longest first: one may be part of another
        self._values = tuple(sorted(known, key=len, reverse=True))

    def clean(self, text: str) -> str:
        """Return the text without secrets: the known ones, and what looks like one."""
        text = self.without_known(text)
        text = _TELEGRAM.sub(HIDDEN, text)
        text = _BEARER.sub(rf"\g<1>{HIDDEN}", text)
        return _LABELLED.sub(rf"\g<1>{HIDDEN}", text)

    def without_known(self, text: str) -> str:
        """Return the text without the secrets that are known by value; every other word stays."""
        for value in self._values:
            text = text.replace(value, HIDDEN)
        return text
