"""Time ranges as a user writes them: ``20250101-20251231``."""

import re
from datetime import UTC, datetime
from typing import Final, NamedTuple

from nautilus_bot.core.clocks import NS_PER_DAY, NS_PER_SEC
from nautilus_bot.core.errors import ConfigError

_FORM: Final = re.compile(r"(\d{8})?-(\d{8})?")


class TimeRange(NamedTuple):
    """
    A half-open stretch of time.

    Parameters
    ----------
    start_ns, end_ns : int | None
        First nanosecond and the one after the last, since the epoch, UTC; None is unbounded.
    """

    start_ns: int | None = None
    end_ns: int | None = None


def parse_timerange(text: str) -> TimeRange:
    """
    Return the range from the start of the first day to the end of the last, UTC.

    Parameters
    ----------
    text : str
        ``YYYYMMDD-YYYYMMDD``; either side may be left out, and empty is everything.

    Raises
    ------
    ConfigError
        If the text has another form, a day does not exist, or the last day is before the first.
    """
    if not text:
        return TimeRange()
    match = _FORM.fullmatch(text)
    if match is None:
        raise ConfigError(f"a time range must be YYYYMMDD-YYYYMMDD (e.g. 20250101-20251231), was {text!r}")
    start = None if match[1] is None else _midnight_ns(match[1], text)
    end = None if match[2] is None else _midnight_ns(match[2], text) + NS_PER_DAY
    if start is not None and end is not None and end <= start:
        raise ConfigError(f"the last day of a time range must not be before the first, was {text!r}")
    return TimeRange(start, end)


def _midnight_ns(day: str, text: str) -> int:
    try:
        moment = datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise ConfigError(f"{day!r} in the time range {text!r} is no day of the calendar") from error
    return int(moment.timestamp()) * NS_PER_SEC
