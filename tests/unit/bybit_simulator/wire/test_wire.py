from decimal import Decimal
from pathlib import Path

import pytest

from adapters.bybit_simulator import rest, routing
from adapters.bybit_simulator.book_feed import DEPTHS
from adapters.bybit_simulator.refusals import Refused
from adapters.bybit_simulator.wire import amount, optional_price, text

COVERAGE = Path(rest.__file__).with_name("COVERAGE.md")


@pytest.mark.parametrize(
    ("value", "expected"),
    [("0", "0"), ("-0.000000001", "0"), ("1E+3", "1000"), ("1.10", "1.1"), ("0.123456789", "0.12345679")],
)
def test_an_amount_has_no_exponent_and_at_most_eight_decimals(value, expected):
    assert amount(Decimal(value)) == expected


def test_a_price_keeps_the_digits_it_has_and_an_absent_one_is_empty():
    assert text(Decimal("50000.10")) == "50000.10"
    assert text(Decimal("1E-5")) == "0.00001"
    assert optional_price(None) == ""


def test_pages_follow_each_other_until_the_cursor_is_empty():
    rows, cursor, seen = list(range(7)), "", []
    while True:
        page, cursor = routing.paged(rows, {"limit": "3", "cursor": cursor}, 20, 50)
        seen += page
        if not cursor:
            break
    assert seen == rows


@pytest.mark.parametrize("limit", ["0", "-1", "many"])
def test_a_senseless_limit_is_refused(limit):
    with pytest.raises(Refused):
        routing.paged([1], {"limit": limit}, 20, 50)


def test_coverage_lists_every_endpoint_and_topic_that_exists():
    listed = COVERAGE.read_text()
    for method, path in rest.ROUTES:
        assert f"| {method} {path} | done" in listed or f"| {method} {path} | partial" in listed
    for topic in ("tickers", "publicTrade", "kline", "order", "execution", "position", "wallet"):
        assert f"| {topic}" in listed
    assert "/".join(str(depth) for depth in DEPTHS) in listed
