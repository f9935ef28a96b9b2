"""Windows of a walk-forward: where parameters are chosen, and where they must prove themselves."""

from typing import Literal

import msgspec

from nautilus_bot.core.errors import ConfigError, DataError

type Mode = Literal["rolling", "anchored"]

LEAST_WINDOWS = 2


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """
    How time is cut.

    Parameters
    ----------
    mode : {"rolling", "anchored"}
        Whether the in-sample part keeps its length, or always begins at the first day.
    train_days, test_days : int
        Length of the (first) in-sample part and of the out-of-sample part.
    purge_days : int, default 1
        Taken off the end of the in-sample part: trades begun there would end out-of-sample.
    embargo_days : int, default 0
        Left out at the start of the out-of-sample part: indicators still look into the in-sample part there.
    """

    mode: Mode = "rolling"
    train_days: int = 180
    test_days: int = 30
    purge_days: int = 1
    embargo_days: int = 0

    def __post_init__(self) -> None:
        """Refuse lengths that leave nothing."""
        if self.purge_days < 0 or self.embargo_days < 0:
            raise ConfigError(
                f"purge and embargo must be 0 or more days, found {self.purge_days} and {self.embargo_days}"
            )
        if self.train_days - self.purge_days < 2 or self.test_days - self.embargo_days < 2:
            raise ConfigError(
                "in-sample less purge and out-of-sample less embargo must be 2 days or more, found "
                f"{self.train_days} - {self.purge_days} and {self.test_days} - {self.embargo_days}"
            )


class Window(msgspec.Struct, frozen=True):
    """
    One step of a walk-forward; positions in the sequence of days that have bars, ends excluded.

    Parameters
    ----------
    train_start, train_stop : int
        In-sample, purged.
    test_start, test_stop : int
        Out-of-sample, after the embargo.
    """

    train_start: int
    train_stop: int
    test_start: int
    test_stop: int


def cut_windows(plan: Plan, days: int) -> tuple[Window, ...]:
    """
    Return the windows of a plan; the last one ends with the data, days that do not fill one come first.

    Parameters
    ----------
    plan : Plan
        Lengths.
    days : int
        How many days there are.

    Raises
    ------
    DataError
        If there are not enough days for two windows.
    """
    steps = (days - plan.train_days) // plan.test_days
    if steps < LEAST_WINDOWS:
        raise DataError(
            f"a walk-forward of {plan.train_days} days in-sample and {plan.test_days} out-of-sample needs "
            f"{plan.train_days + LEAST_WINDOWS * plan.test_days} days for {LEAST_WINDOWS} windows, found "
            f"{days}; use a longer time range, or a smaller --train-days or --test-days"
        )
    spare = days - plan.train_days - steps * plan.test_days
    windows = []
    for step in range(steps):
        border = spare + plan.train_days + step * plan.test_days
        first = border - plan.train_days if plan.mode == "rolling" else 0
        windows.append(
            Window(first, border - plan.purge_days, border + plan.embargo_days, border + plan.test_days)
        )
    return tuple(windows)
