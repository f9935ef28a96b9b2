"""Stored numbers become whole units without building bars."""

import pyarrow as pa
import pytest
from nautilus_trader.model.objects import FIXED_PRECISION, Price

from nautilus_bot.core.errors import DataError
from nautilus_bot.market.raw_values import to_units

WIDTH = 16 if FIXED_PRECISION > 9 else 8


def stored(*raws):
    return pa.chunked_array([pa.array([raw.to_bytes(WIDTH, "little") for raw in raws], pa.binary(WIDTH))])


@pytest.mark.parametrize("text", ["0.1", "1.0", "126150.0", "1999999.8", "0.0001", "3.0108", "199999.98"])
def test_a_stored_price_is_as_many_units_as_its_digits_say(text):
    price = Price.from_str(text)
    assert to_units(stored(price.raw), price.precision).tolist() == [int(text.replace(".", ""))]


def test_chunks_and_slices_are_read_in_order():
    raws = [units * 10 ** (FIXED_PRECISION - 2) for units in range(10)]
    column = pa.chunked_array([stored(*raws[:6]).chunk(0).slice(2), stored(*raws[6:]).chunk(0)])
    assert to_units(column, 2).tolist() == list(range(2, 10))


def test_a_number_between_two_units_is_damage():
    with pytest.raises(DataError, match="whole multiple of 1e-2"):
        to_units(stored(10 ** (FIXED_PRECISION - 2) + 1), 2)
