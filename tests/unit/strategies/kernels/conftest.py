import os
import random
from pathlib import Path

import pyarrow.parquet as pq
import pytest

REPO = Path(__file__).resolve().parents[4]
SHARED = Path(os.environ.get("BOT_SHARED_DATA", REPO.parent / "shared" / "data"))


def random_candles(count: int, seed: int) -> list[tuple[float, float, float, float, float]]:
    rng = random.Random(seed)
    close, candles = 30_000.0, []
    for _ in range(count):
        opening = close
        close = round(opening * (1 + rng.gauss(0, 0.003)), 1)
        high = round(max(opening, close) * (1 + abs(rng.gauss(0, 0.001))), 1)
        low = round(min(opening, close) * (1 - abs(rng.gauss(0, 0.001))), 1)
        candles.append((opening, high, low, close, round(rng.lognormvariate(3, 0.8), 3)))
    return candles


@pytest.fixture(params=["synthetic", "bybit_linear_BTCUSDT_15m", "bybit_linear_SOLUSDT_1h"], scope="session")
def candles(request):
    """Open, high, low, close, volume; real ones are skipped where the shared data is absent."""
    if request.param == "synthetic":
        return random_candles(4_000, seed=11)
    path = SHARED / "candles" / f"{request.param}.parquet"
    if not path.exists():
        pytest.skip(f"no shared candles at {path}")
    table = pq.read_table(path, columns=["open", "high", "low", "close", "volume"])[:8_000]
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))
