"""
Nautilus's stored numbers as integers of their own precision, without building a Bar for every row.

A price in the data catalog is ``units * 10**(scale - precision)`` as a little-endian integer of 16 bytes (8
in a standard-precision build). Dividing that exactly by a power of ten needs no wide arithmetic: a shift
for the twos, and for the fives a product with their inverse modulo 2**64.
"""

from typing import Any

import numpy as np
import pyarrow as pa
from nautilus_trader.model.objects import FIXED_PRECISION
from numpy.typing import NDArray

from nautilus_bot.core.errors import DataError
from nautilus_bot.market.candles import IntArray

_WORD = 1 << 64


def to_units(column: "pa.ChunkedArray[Any]", precision: int) -> IntArray:
    """
    Return stored prices or quantities in units of ``10**-precision``.

    Parameters
    ----------
    column : pa.ChunkedArray
        Fixed-size binary of 8 or 16 bytes, without nulls.
    precision : int
        Decimals of the instrument, from the file's metadata.

    Returns
    -------
    IntArray, shape (n,)
        Whole units; at most ``2**63`` of them fit.

    Raises
    ------
    DataError
        If a value is not a whole number of units.
    """
    words = _words(column)
    power = FIXED_PRECISION - precision
    low = words[:, 0]
    if power == 0:
        return low.astype(np.int64)
    high = words[:, 1] if words.shape[1] > 1 else np.zeros_like(low)
    shifted = (low >> np.uint64(power)) | (high << np.uint64(64 - power))
    units = shifted * np.uint64(pow(5**power, -1, _WORD))
    if not np.array_equal(units * np.uint64(10**power), low):
        raise DataError(f"a stored number must be a whole multiple of 1e-{precision}; the file is damaged")
    return units.astype(np.int64)


def _words(column: "pa.ChunkedArray[Any]") -> NDArray[np.uint64]:
    """Return the values as little-endian unsigned words, one row a value."""
    width = column.type.byte_width // 8
    parts = [np.empty((0, width), dtype="<u8")]
    for chunk in column.chunks:
        values = chunk.buffers()[1]
        assert values is not None, "stored numbers have no nulls"
        words = np.frombuffer(values, dtype="<u8").reshape(-1, width)
        parts.append(words[chunk.offset : chunk.offset + len(chunk)])
    return np.concatenate(parts)
