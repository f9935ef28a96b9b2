"""The last minutes of equity, sampled as the panel looks: finer than the marks in the event catalog."""

import threading
from collections import deque
from datetime import UTC, datetime
from typing import Final

from monitoring.dashboard.recorded import Row

KEPT: Final = 1_800

type Point = tuple[datetime, float]


class EquityTrace:
    """Equity of one run by market time; safe for several browser tabs."""

    def __init__(self, run_id: str) -> None:
        self.run_id = run_id
        self._points: deque[Point] = deque(maxlen=KEPT)
        self._lock = threading.Lock()

    def add(self, market_ns: int, equity_usdt: float) -> None:
        """Take a sample; one that is not newer than the last is left out."""
        time = datetime.fromtimestamp(market_ns / 1e9, UTC).replace(tzinfo=None)
        with self._lock:
            if not self._points or time > self._points[-1][0]:
                self._points.append((time, equity_usdt))

    def behind(self, marks: list[Row]) -> list[Point]:
        """Return the recorded marks and, between and behind them, the samples; oldest first."""
        with self._lock:
            samples = list(self._points)
        return sorted([*((row["time"], row["equity_usdt"]) for row in marks), *samples])
