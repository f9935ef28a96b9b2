"""The current value of every metric, by its labels; bounded, whatever the events say."""

from bisect import bisect_left
from collections.abc import Iterator
from typing import Any, Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

from monitoring.metrics import BY_NAME, METRICS, Metric

MAX_SERIES: Final = 5_000
"""Label sets of one metric; what comes after that is counted as ``other``."""
OTHER: Final = "other"

type Labels = tuple[str, ...]


class Buckets:
    """
    Observations of a histogram.

    Parameters
    ----------
    bounds : tuple[float, ...]
        Upper bounds, ascending; one more bucket takes what is above.
    """

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, value: float) -> None:
        """Count one value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    def cumulative(self) -> list[tuple[str, float]]:
        """Return the pairs of upper bound and count that Prometheus wants."""
        running, pairs = 0, []
        for bound, count in zip((*map(str, self.bounds), "+Inf"), self.counts, strict=True):
            running += count
            pairs.append((bound, float(running)))
        return pairs


class MetricsBook:
    """
    Values of all metrics of one portfolio.

    Parameters
    ----------
    portfolio : str
        Value of the first label of everything.

    Notes
    -----
    Not safe for threads: the exporter guards it.
    """

    def __init__(self, portfolio: str) -> None:
        self.portfolio = portfolio
        self._values: dict[str, dict[Labels, float]] = {m.name: {} for m in METRICS if not m.buckets}
        self._histograms: dict[str, dict[Labels, Buckets]] = {m.name: {} for m in METRICS if m.buckets}

    def add(self, name: str, amount: float, *labels: str) -> None:
        """Count up; an amount of zero makes the series exist."""
        series = self._values[name]
        key = self._bounded(series, labels)
        series[key] = series.get(key, 0.0) + amount

    def put(self, name: str, value: float, *labels: str) -> None:
        """Set a gauge."""
        series = self._values[name]
        series[self._bounded(series, labels)] = value

    def observe(self, name: str, secs: float, *labels: str) -> None:
        """Take one observation into a histogram."""
        series = self._histograms[name]
        key = self._bounded(series, labels)
        if key not in series:
            series[key] = Buckets(BY_NAME[name].buckets)
        series[key].observe(secs)

    def declare_histogram(self, name: str, *labels: str) -> None:
        """Make an empty histogram exist."""
        self._histograms[name].setdefault(labels, Buckets(BY_NAME[name].buckets))

    def replace(self, name: str, values: dict[Labels, float]) -> None:
        """Set a gauge for exactly these labels and forget all others."""
        self._values[name] = dict(values)

    def value(self, name: str, *labels: str) -> float | None:
        """Return a value; None when there is none."""
        return self._values[name].get(labels)

    def series(self, name: str) -> dict[Labels, float]:
        """Return the values of a metric by their labels."""
        return dict(self._values[name])

    def families(self) -> Iterator[Any]:
        """Yield everything as Prometheus' metric families, in the order of the table."""
        for metric in METRICS:
            yield self._histogram(metric) if metric.buckets else self._plain(metric)

    def _plain(self, metric: Metric) -> Any:
        family = (CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily)(
            metric.name, metric.help, labels=("portfolio", *metric.labels)
        )
        for labels, value in self._values[metric.name].items():
            family.add_metric((self.portfolio, *labels), value)
        return family

    def _histogram(self, metric: Metric) -> Any:
        family = HistogramMetricFamily(metric.name, metric.help, labels=("portfolio", *metric.labels))
        for labels, buckets in self._histograms[metric.name].items():
            family.add_metric(
                (self.portfolio, *labels), buckets=buckets.cumulative(), sum_value=buckets.total
            )
        return family

    def _bounded(self, series: dict[Labels, Any], labels: Labels) -> Labels:
        if labels in series or len(series) < MAX_SERIES:
            return labels
        return (OTHER,) * len(labels)
