"""What a check found: one line, and how to mend it."""

from typing import Literal

import msgspec

type Verdict = Literal["ok", "warn", "fail"]


class Finding(msgspec.Struct, frozen=True):
    """
    One line of the doctor.

    Parameters
    ----------
    check : str
        Name of the check in the table.
    verdict : Verdict
        ``fail`` keeps the bot from running as configured; ``warn`` does not.
    text : str
        What was looked at and what was found.
    mend : str, default ""
        What to do about it; never empty beside ``warn`` and ``fail``.
    """

    check: str
    verdict: Verdict
    text: str
    mend: str = ""


class Said(msgspec.Struct, frozen=True):
    """What one look of a check found; the table adds the name of the check."""

    verdict: Verdict
    text: str
    mend: str = ""


def ok(text: str) -> Said:
    """Return that something is as it must be."""
    return Said("ok", text)


def warn(text: str, mend: str) -> Said:
    """Return that something is not as it should be, and the bot runs all the same."""
    return Said("warn", text, mend)


def fail(text: str, mend: str) -> Said:
    """Return that the bot cannot run like this, or must not."""
    return Said("fail", text, mend)
