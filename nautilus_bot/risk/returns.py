"""Sampled closes per instrument, and the statistics that market rules read from them."""

from collections import deque
from math import sqrt

from nautilus_bot.core.clocks import NS_PER_HOUR


class ReturnSeries:
    """
    Simple returns of one instrument, sampled on a fixed market-time grid.

    Parameters
    ----------
    sample_ns : int
        Length of a sample, ns.
    capacity : int
        Returns kept.
    """

    __slots__ = ("_bucket", "_last_price", "_sample_ns", "_sampled_price", "by_bucket", "capacity", "values")

    def __init__(self, sample_ns: int, capacity: int) -> None:
        self._sample_ns = sample_ns
        self._bucket = -1
        self._last_price = 0.0
        self._sampled_price = 0.0
        self.capacity = capacity
        self.values: deque[float] = deque(maxlen=capacity)
        self.by_bucket: dict[int, float] = {}

    def update(self, ts_ns: int, price: float) -> None:
        """Take a price; a finished sample becomes a return. Over a hole in the data no return is made."""
        bucket = (ts_ns - 1) // self._sample_ns
        if bucket == self._bucket:
            self._last_price = price
            return
        if self._bucket >= 0:
            if self._sampled_price > 0.0:
                self._append(self._bucket, self._last_price / self._sampled_price - 1.0)
            self._sampled_price = self._last_price if bucket == self._bucket + 1 else 0.0
        self._bucket = bucket
        self._last_price = price

    def _append(self, bucket: int, value: float) -> None:
        if len(self.values) == self.capacity:
            del self.by_bucket[next(iter(self.by_bucket))]
        self.values.append(value)
        self.by_bucket[bucket] = value


class ReturnsBook:
    """
    Hourly returns of every instrument that has data.

    Parameters
    ----------
    capacity : int, default 1440
        Returns kept per instrument (60 days of hours).
    """

    sample_ns = NS_PER_HOUR

    def __init__(self, capacity: int = 1440) -> None:
        self._capacity = capacity
        self._series: dict[str, ReturnSeries] = {}

    def update(self, instrument_id: str, ts_ns: int, price: float) -> None:
        """Take a close or last price at a market time."""
        series = self._series.get(instrument_id)
        if series is None:
            series = self._series[instrument_id] = ReturnSeries(self.sample_ns, self._capacity)
        series.update(ts_ns, price)

    def recent(self, instrument_id: str, count: int) -> list[float]:
        """Return up to ``count`` latest returns, oldest first."""
        series = self._series.get(instrument_id)
        return list(series.values)[-count:] if series is not None else []

    def aligned(self, first: str, second: str, count: int) -> tuple[list[float], list[float]]:
        """Return the latest samples that both instruments have, oldest first."""
        one, two = self._series.get(first), self._series.get(second)
        if one is None or two is None:
            return [], []
        common = [bucket for bucket in one.by_bucket if bucket in two.by_bucket][-count:]
        return [one.by_bucket[b] for b in common], [two.by_bucket[b] for b in common]


def deviation(values: list[float]) -> float:
    """Return the sample standard deviation; zero for fewer than two values."""
    n = len(values)
    if n < 2:
        return 0.0
    mean = sum(values) / n
    return sqrt(sum((v - mean) ** 2 for v in values) / (n - 1))


def correlation(first: list[float], second: list[float]) -> float:
    """Return Pearson's correlation of two equally long samples; zero when one does not move."""
    n = len(first)
    if n < 2:
        return 0.0
    mean_1, mean_2 = sum(first) / n, sum(second) / n
    covariance = sum((a - mean_1) * (b - mean_2) for a, b in zip(first, second, strict=True))
    scale = sqrt(sum((a - mean_1) ** 2 for a in first) * sum((b - mean_2) ** 2 for b in second))
    return covariance / scale if scale > 0.0 else 0.0
