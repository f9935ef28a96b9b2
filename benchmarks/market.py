"""
The market that the engines are measured on: 1-minute BTCUSDT, the same arrays for all.

Real candles first (Binance USDM and spot, their segments one after another), then a synthetic tail that
continues from the last price. Opening times are counted anew from a fixed date, so that no gap makes one
engine do what another does not.
"""

import os
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow.parquet as pq
from nautilus_trader.model.data import BarType

from nautilus_bot.market.candles import COLUMNS, Candles, concatenate
from nautilus_bot.market.data_catalog import series_files, write_bars
from nautilus_bot.market.instruments import build_instrument
from nautilus_bot.market.intervals import bar_type
from nautilus_bot.market.synthetic import synthetic_candles

REPO: Final = Path(__file__).resolve().parents[1]
SHARED: Final = Path(os.environ.get("BOT_SHARED_DATA", REPO.parent / "shared" / "data"))
VAR: Final = REPO / "var" / "bench"
REAL: Final = ("binance_usdm_BTCUSDT_1m", "binance_spot_BTCUSDT_1m")
SYMBOL: Final = "BTCUSDT"
MINUTE_NS: Final = 60_000_000_000
START_NS: Final = 1_704_067_200 * 10**9
"""2024-01-01 00:00 UTC."""
BARS: Final = 500_000
SEED: Final = 5
LEAST_VOLUME: Final = 1.0
"""So that 0.2 BTC fit into a quarter of every bar: Nautilus slips what does not."""
BAR_TYPE: Final[BarType] = bar_type(SYMBOL, "1m")


class BenchMarket:
    """The arrays, the data catalog and the file that other programs read; made once under ``var/bench``."""

    def __init__(self) -> None:
        self.origin = "real candles" if _real_files() else "synthetic"
        folder = VAR / ("real" if _real_files() else "synthetic")
        self.data_catalog = folder / "data_catalog"
        self.arrays = folder / "btc_1m.npy"

    def provide(self) -> None:
        """Make what is missing."""
        if not self.arrays.exists():
            self.arrays.parent.mkdir(parents=True, exist_ok=True)
            candles = build_candles()
            np.save(self.arrays, np.column_stack([column.astype(np.float64) for column in candles.columns()]))
        if not series_files(self.data_catalog, BAR_TYPE):
            write_bars(self.data_catalog, build_instrument(SYMBOL), BAR_TYPE, self.candles())

    def candles(self) -> Candles:
        """Return all bars, on the tick grid."""
        table = np.load(self.arrays)
        return Candles(_times(len(table)), *(np.ascontiguousarray(table[:, i]) for i in range(1, 6)))

    def describe(self) -> str:
        """Return where the bars come from."""
        real = sum(pq.read_metadata(path).num_rows for path in _real_files())
        tail = max(BARS - real, 0)
        return f"{BARS - tail:,} real 1m bars of {SYMBOL} ({', '.join(REAL)}), {tail:,} synthetic ones behind"


def close_ns(bars: int) -> int:
    """Return the closing time of the last of so many bars."""
    return START_NS + bars * MINUTE_NS


def build_candles() -> Candles:
    """Return the market, rounded to the tick and the lot."""
    parts = [_read(path) for path in _real_files()]
    missing = BARS - sum(len(part) for part in parts)
    if missing > 0:
        tail = synthetic_candles(SEED, [SYMBOL], MINUTE_NS, START_NS, missing)[SYMBOL]
        scale = parts[-1].close[-1] / tail.open[0] if parts else 1.0
        prices = (column * scale for column in (tail.open, tail.high, tail.low, tail.close))
        parts.append(Candles(tail.ts_open, *prices, tail.volume))
    whole = concatenate(parts)[:BARS]
    prices = [np.round(np.round(c / 0.1) * 0.1, 1) for c in (whole.open, whole.high, whole.low, whole.close)]
    opens, highs, lows, closes = prices
    return Candles(
        _times(len(whole)),
        opens,
        np.maximum.reduce([highs, opens, closes]),
        np.minimum.reduce([lows, opens, closes]),
        closes,
        np.maximum(np.round(whole.volume, 3), LEAST_VOLUME),
    )


def _times(bars: int) -> np.ndarray:
    return START_NS + np.arange(bars, dtype=np.int64) * MINUTE_NS


def _real_files() -> list[Path]:
    paths = [SHARED / "candles" / f"{name}.parquet" for name in REAL]
    return [path for path in paths if path.exists()]


def _read(path: Path) -> Candles:
    table = pq.read_table(path, columns=list(COLUMNS))
    return Candles(*(table[name].to_numpy() for name in COLUMNS))
