"""The book of values: labels in order, histograms cumulative, series bounded."""

import pytest

from monitoring.book import MAX_SERIES, OTHER, Buckets, MetricsBook


def samples(book: MetricsBook, name: str) -> list[tuple[str, dict[str, str], float]]:
    return [
        (one.name, dict(one.labels), one.value)
        for family in book.families()
        if family.name == name.removesuffix("_total")
        for one in family.samples
    ]


def test_a_counter_adds_up_under_its_labels() -> None:
    book = MetricsBook("paper")
    book.add("bot_halts_total", 0, "daily_loss")
    book.add("bot_halts_total", 1, "daily_loss")
    book.add("bot_halts_total", 2, "daily_loss")
    assert samples(book, "bot_halts_total") == [
        ("bot_halts_total", {"portfolio": "paper", "breaker": "daily_loss"}, 3.0)
    ]


def test_a_gauge_that_is_replaced_forgets_what_is_no_longer_there() -> None:
    book = MetricsBook("paper")
    book.replace("bot_trading_state", {("active",): 1.0, ("halted",): 0.0})
    book.replace("bot_trading_state", {("halted",): 1.0})
    assert book.series("bot_trading_state") == {("halted",): 1.0}


def test_a_name_outside_the_table_is_a_bug() -> None:
    with pytest.raises(KeyError):
        MetricsBook("paper").add("bot_invented_total", 1)


def test_buckets_count_everything_at_or_below_their_bound() -> None:
    buckets = Buckets((0.1, 0.5))
    for value in (0.05, 0.1, 0.3, 7.0):
        buckets.observe(value)
    assert buckets.cumulative() == [("0.1", 2.0), ("0.5", 3.0), ("+Inf", 4.0)]
    assert buckets.total == pytest.approx(7.45)


def test_the_number_of_series_is_bounded_whatever_the_labels_say() -> None:
    book = MetricsBook("paper")
    for number in range(MAX_SERIES + 500):
        book.add("bot_market_gaps_total", 1, f"COIN{number}USDT")
    found = book.series("bot_market_gaps_total")
    assert len(found) == MAX_SERIES + 1
    assert found[(OTHER,)] == 500
