"""Monthly proposals: whole months, one a month, never applied."""

from datetime import UTC, datetime

import msgspec
import pytest

from nautilus_bot.core.errors import DataError
from nautilus_bot.research.optimize.schedule import judge_proposal, last_months
from nautilus_bot.research.optimize.score import Figures
from nautilus_bot.research.optimize.summary import Finalist


def ns(*date):
    return int(datetime(*date, tzinfo=UTC).timestamp()) * 10**9


def test_the_months_are_whole_and_end_with_the_last_one_that_is_over():
    window = last_months(ns(2025, 1, 1), ns(2025, 6, 17, 12), 3)
    assert (window.month, window.timerange) == ("2025-05", "20250301-20250531")


def test_a_history_that_closes_at_midnight_of_the_first_ends_with_the_month_before():
    assert last_months(ns(2025, 1, 1), ns(2026, 1, 1), 12).timerange == "20250101-20251231"


def test_a_short_history_is_refused():
    with pytest.raises(DataError, match="needs 12 whole months of history up to 2025-05, the bars begin on"):
        last_months(ns(2025, 1, 1), ns(2025, 6, 17), 12)


def figures(rmd, total):
    return Figures(
        total_return=total, max_drawdown=1.0, rmd=rmd, sharpe=0.0, sortino=0.0, calmar=0.0, trades=30
    )


def finalist(number, searched, held_out):
    return Finalist(
        number=number,
        parameters={},
        values={},
        in_sample=searched,
        out_of_sample=held_out,
        slices=(),
    )


class Found(msgspec.Struct):
    best: Finalist | None
    present: Finalist
    metrics: tuple[str, ...] = ("rmd",)


def test_it_is_recommended_when_it_beats_the_present_on_both_parts_and_earns():
    present = finalist(-1, figures(0.5, 1.0), figures(0.2, 1.0))
    assert judge_proposal(Found(finalist(3, figures(1.0, 5.0), figures(0.4, 2.0)), present))[0]
    worse = judge_proposal(Found(finalist(3, figures(1.0, 5.0), figures(0.1, 2.0)), present))
    assert not worse[0]
    assert worse[1][1] == "rmd on the held-out part is 0.10, with the present parameters 0.20"
    assert not judge_proposal(Found(finalist(3, figures(1.0, 5.0), figures(0.4, -2.0)), present))[0]
    assert not judge_proposal(Found(None, present))[0]
