"""Candles as arrays: one contiguous column per field, oldest first."""

from collections.abc import Iterator
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from nautilus_bot.core.errors import DataError

type IntArray = NDArray[np.int64]
type FloatArray = NDArray[np.float64]

PRICE_COLUMNS: Final = ("open", "high", "low", "close")
COLUMNS: Final = ("ts_open", *PRICE_COLUMNS, "volume")

GRID_TOLERANCE: Final = 1e-6
"""How far from a whole tick a price may lie, in ticks: float noise of 15 digits, nothing more."""


class Candles(msgspec.Struct, frozen=True, eq=False):
    """
    Candles of one symbol and interval.

    Parameters
    ----------
    ts_open : IntArray, shape (n,)
        Opening times, ns UTC, strictly increasing.
    open, high, low, close : FloatArray, shape (n,)
        Prices in USDT.
    volume : FloatArray, shape (n,)
        Volume in base currency, zero or more.
    """

    ts_open: IntArray
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray

    def __len__(self) -> int:
        return len(self.ts_open)

    def __getitem__(self, rows: slice | NDArray[np.bool_] | IntArray) -> "Candles":
        return Candles(*(column[rows] for column in self.columns()))

    def columns(self) -> Iterator[NDArray[Any]]:
        """Yield the arrays in the order of ``COLUMNS``."""
        return (getattr(self, name) for name in COLUMNS)

    def equals(self, other: "Candles") -> bool:
        """Return whether both hold the same rows, bit for bit."""
        return all(np.array_equal(a, b) for a, b in zip(self.columns(), other.columns(), strict=True))


def concatenate(parts: list[Candles]) -> Candles:
    """Return the rows of all parts, in the order given."""
    return Candles(*(np.concatenate([getattr(part, name) for part in parts]) for name in COLUMNS))


def aggregate(candles: Candles, factor: int, volume_decimals: int) -> Candles:
    """
    Return longer candles, each made of ``factor`` consecutive ones.

    Parameters
    ----------
    candles : Candles
        Without gaps; a whole number of groups, the first one aligned.
    factor : int
        Candles in a group.
    volume_decimals : int
        Precision that summed volumes are rounded to.
    """
    if factor == 1:
        return candles
    groups = Candles(*(column.reshape(-1, factor) for column in candles.columns()))
    volume = groups.volume[:, 0]
    for column in range(1, factor):  # from left to right: the order of a float sum is part of its result
        volume = volume + groups.volume[:, column]
    return Candles(
        groups.ts_open[:, 0].copy(),
        groups.open[:, 0].copy(),
        groups.high.max(axis=1),
        groups.low.min(axis=1),
        groups.close[:, -1].copy(),
        np.round(volume, volume_decimals),
    )


def validate(candles: Candles, interval_ns: int, source: str) -> None:
    """
    Refuse candles that must not be traded on.

    Parameters
    ----------
    candles : Candles
        At least one row.
    interval_ns : int
        Length of a bar; every opening time is a multiple of it.
    source : str
        File name for the message.

    Raises
    ------
    DataError
        Naming the first bad row (counted from 1, without the header), what was found and what must hold.
    """
    if not len(candles):
        raise DataError(f"{source}: a candle file must have at least one row, has none")
    for name in (*PRICE_COLUMNS, "volume"):
        _refuse(~np.isfinite(getattr(candles, name)), candles, source, f"{name} must be a finite number")
    for name in PRICE_COLUMNS:
        _refuse(getattr(candles, name) <= 0, candles, source, f"{name} must be above zero")
    _refuse(candles.volume < 0, candles, source, "volume must be zero or more")
    _refuse(candles.high < candles.low, candles, source, "high must not be below low")
    for name in ("open", "close"):
        price = getattr(candles, name)
        _refuse(price > candles.high, candles, source, f"{name} must not be above high")
        _refuse(price < candles.low, candles, source, f"{name} must not be below low")
    _validate_times(candles, interval_ns, source)


def _validate_times(candles: Candles, interval_ns: int, source: str) -> None:
    step = np.diff(candles.ts_open, prepend=candles.ts_open[0] - 1)
    _refuse(candles.ts_open <= 0, candles, source, "ts_open must be after 1970")
    _refuse(step == 0, candles, source, "ts_open must not repeat the row before")
    _refuse(step < 0, candles, source, "ts_open must be later than the row before")
    off_interval = candles.ts_open % interval_ns != 0
    _refuse(off_interval, candles, source, f"ts_open must be a multiple of {interval_ns // 10**9} seconds")


def snap_to_grid(candles: Candles, tick: float, decimals: int, source: str) -> Candles:
    """
    Return the candles with prices exactly on the tick grid.

    Parameters
    ----------
    candles : Candles
        Validated candles.
    tick : float
        Finest price step that the symbol ever had, USDT.
    decimals : int
        Price precision of the instrument.
    source : str
        File name for the message.

    Raises
    ------
    DataError
        If a price lies off the grid by more than float noise.
    """
    prices = {}
    for name in PRICE_COLUMNS:
        ticks = getattr(candles, name) / tick
        whole = np.rint(ticks)
        _refuse(
            np.abs(ticks - whole) > GRID_TOLERANCE, candles, source, f"{name} must be a multiple of {tick:g}"
        )
        prices[name] = np.round(whole * tick, decimals)
    return msgspec.structs.replace(candles, **prices)


def _refuse(bad: NDArray[np.bool_], candles: Candles, source: str, rule: str) -> None:
    if not bad.any():
        return
    row = int(np.argmax(bad))
    found = ", ".join(f"{name}={getattr(candles, name)[row]!s}" for name in COLUMNS)
    raise DataError(f"{source}: row {row + 1}: {rule}, found {found}; nothing was imported")
