"""What a market rule answers before it has enough history to measure."""

from typing import Literal

from nautilus_bot.risk.rule import Verdict, refused

type OnMissingHistory = Literal["approve", "refuse"]


def missing_history(found: int, needed: int, answer: OnMissingHistory) -> Verdict:
    """
    Return the answer for too short a history, with a note of what is missing.

    Parameters
    ----------
    found, needed : int
        Finished hourly returns.
    answer : {"approve", "refuse"}
        What the configuration asks for.
    """
    reason = f"{found} of {needed} hourly returns: not measured"
    if answer == "refuse":
        return refused(reason, limit=float(needed), observed=float(found), unit="samples")
    return Verdict(True, float(needed), float(found), "samples", reason)
