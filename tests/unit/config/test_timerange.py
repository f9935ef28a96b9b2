"""Time ranges are whole UTC days, the last one included."""

import pytest

from nautilus_bot.config.timerange import TimeRange, parse_timerange
from nautilus_bot.core.clocks import NS_PER_DAY
from nautilus_bot.core.errors import ConfigError

START_2025_NS = 1_735_689_600_000_000_000


def test_the_last_day_is_included() -> None:
    assert parse_timerange("20250101-20250102") == TimeRange(START_2025_NS, START_2025_NS + 2 * NS_PER_DAY)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", TimeRange(None, None)),
        ("20250101-", TimeRange(START_2025_NS, None)),
        ("-20241231", TimeRange(None, START_2025_NS)),
    ],
)
def test_either_side_may_be_left_out(text: str, expected: TimeRange) -> None:
    assert parse_timerange(text) == expected


@pytest.mark.parametrize("text", ["2025", "20250101", "20251301-", "20250102-20250101", "20250101:20250102"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=text.split("-", maxsplit=1)[0]):
        parse_timerange(text)
