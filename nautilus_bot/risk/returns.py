"""Hourly returns of every instrument, and the statistics that market rules read from them."""

from collections.abc import Callable, Hashable, Sequence
from math import fsum, sqrt, sumprod
from typing import Any

from nautilus_bot.core.clocks import NS_PER_HOUR


class ReturnSeries:
    """
    Simple returns of one instrument, sampled on a fixed market-time grid.

    Parameters
    ----------
    capacity : int
        Returns kept.

    Attributes
    ----------
    bucket : int
        Number of the unfinished sample.
    last_price : float
        Latest price within it.
    by_bucket : dict[int, float]
        Return by number of the finished sample, oldest first, dimensionless.

    Notes
    -----
    ``_run`` repeats the latest returns that follow each other without a hole as a list, since a window of
    them is asked for with every order and a slice of a list costs a tenth of a walk through the dictionary.
    """

    __slots__ = ("_capacity", "_run", "_sampled_price", "bucket", "by_bucket", "last_price")

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._sampled_price = 0.0
        self.bucket = -1
        self.last_price = 0.0
        self.by_bucket: dict[int, float] = {}
        self._run: list[float] = []

    def turn(self, bucket: int, price: float) -> None:
        """Finish the sample and begin another; over a hole in the data no return is made."""
        if self._sampled_price > 0.0:
            if len(self.by_bucket) == self._capacity:
                del self.by_bucket[next(iter(self.by_bucket))]
            if self.bucket - 1 not in self.by_bucket:
                self._run = []
            change = self.last_price / self._sampled_price - 1.0
            self.by_bucket[self.bucket] = change
            self._run.append(change)
            if len(self._run) > 2 * self._capacity:
                del self._run[: -self._capacity]
        self._sampled_price = self.last_price if bucket == self.bucket + 1 else 0.0
        self.bucket = bucket
        self.last_price = price

    def unbroken_between(self, first: int, after_last: int) -> list[float] | None:
        """Return the returns from ``first`` up to ``after_last``, oldest first; None if one is missing."""
        last = next(reversed(self.by_bucket), -1)
        end = len(self._run) - (last - after_last + 1)
        start = end - (after_last - first)
        if after_last <= first or start < 0 or last < after_last - 1:
            return None
        return self._run[start:end]


class ReturnsBook:
    """
    Hourly returns of every instrument that has data.

    A window is counted back from the latest hour of the whole market, so that an instrument whose data
    stopped has a short history, never an old one.

    Parameters
    ----------
    capacity : int, default 1440
        Returns kept per instrument (60 days of hours).
    """

    sample_ns = NS_PER_HOUR

    def __init__(self, capacity: int = 1440) -> None:
        self._capacity = capacity
        self._series: dict[str, ReturnSeries] = {}
        self._latest = -1
        self._memo: dict[Hashable, Any] = {}

    def update(self, instrument_id: str, ts_ns: int, price: float) -> None:
        """Take a close or last price; a price at a full hour belongs to the hour that ends there."""
        bucket = (ts_ns - 1) // self.sample_ns
        series = self._series.get(instrument_id)
        if series is None:
            series = self._series[instrument_id] = ReturnSeries(self._capacity)
        if bucket == series.bucket:
            series.last_price = price
        elif bucket > series.bucket:
            series.turn(bucket, price)
            self._latest = max(self._latest, bucket)
            self._memo.clear()

    def window(self, instrument_id: str, hours: int) -> list[float]:
        """Return the returns of the latest finished ``hours``, oldest first; fewer where data is missing."""
        return self.aligned((instrument_id,), hours)[0]

    def aligned(self, instrument_ids: tuple[str, ...], hours: int) -> list[list[float]]:
        """
        Return one column an instrument, of the finished hours that all of them have.

        Parameters
        ----------
        instrument_ids : tuple[str, ...]
            At least one.
        hours : int
            Hours to look back.

        Returns
        -------
        list[list[float]]
            ``len(instrument_ids)`` equally long columns, oldest first; empty when one has no data.
        """
        found = [series for i in instrument_ids if (series := self._series.get(i)) is not None]
        if len(found) < len(instrument_ids):
            return [[] for _ in instrument_ids]
        first = self._latest - hours
        after_last = min(self._latest, *(series.bucket for series in found))
        whole = [series.unbroken_between(first, after_last) for series in found]
        present = [column for column in whole if column is not None]
        if len(present) == len(found):
            return present
        columns = [series.by_bucket for series in found]
        buckets = [bucket for bucket in range(first, after_last) if bucket in columns[0]]
        for column in columns[1:]:
            buckets = [bucket for bucket in buckets if bucket in column]
        return [[column[bucket] for bucket in buckets] for column in columns]

    def once_per_sample[T](self, key: Hashable, compute: Callable[[], T]) -> T:
        """
        Return ``compute()``, remembered until an instrument finishes another sample.

        Parameters
        ----------
        key : Hashable
            Names the statistic and everything it depends on besides the returns.
        compute : Callable[[], T]
            Reads this book and nothing else that may change.
        """
        try:
            found: T = self._memo[key]
        except KeyError:
            found = self._memo[key] = compute()
        return found


def deviation(values: list[float]) -> float:
    """Return the sample standard deviation (``ddof=1``); zero for fewer than two values."""
    n = len(values)
    if n < 2:
        return 0.0
    mean = sum(values) / n
    return sqrt(sum((v - mean) ** 2 for v in values) / (n - 1))


def root_mean_square(values: list[float]) -> float:
    """Return the deviation from zero: a steady drift counts as movement; zero without values."""
    return sqrt(sum(v * v for v in values) / len(values)) if values else 0.0


def covariances(columns: Sequence[list[float]]) -> list[list[float]]:
    """
    Return the sample covariances (``ddof=1``) of equally long samples of at least two values.

    Returns
    -------
    list[list[float]]
        The lower triangle: row ``i`` holds those of sample ``i`` with samples ``0`` to ``i``.

    Notes
    -----
    Sums are rounded once at their end, so that little is lost in the difference: returns move far more than
    they drift.
    """
    n = len(columns[0])
    sums = [fsum(column) for column in columns]
    return [
        [(sumprod(columns[i], columns[j]) - sums[i] * sums[j] / n) / (n - 1) for j in range(i + 1)]
        for i in range(len(columns))
    ]


def correlation(first: list[float], second: list[float]) -> float:
    """Return Pearson's correlation of two equally long samples; zero when one does not move."""
    if len(first) < 2:
        return 0.0
    (variance_1,), (together, variance_2) = covariances((first, second))
    scale = sqrt(variance_1 * variance_2)
    return together / scale if scale > 0.0 else 0.0
