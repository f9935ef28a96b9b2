"""Whatever valid candles are imported come back equal, to us and to Nautilus."""

import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st
from nautilus_trader.model.data import Bar

from nautilus_bot.market.bar_values import bar_values
from nautilus_bot.market.candles import COLUMNS, Candles
from nautilus_bot.market.data_catalog import load_candles, open_data_catalog
from nautilus_bot.market.importer import import_files
from nautilus_bot.market.instruments import build_instrument, facts_of, history_tick, known_symbols
from nautilus_bot.market.intervals import bar_type, interval_ns

START = 1_735_689_600 * 10**9


@st.composite
def frames(draw):
    """Candles on the symbol's grid, with gaps, silent bars and prices up to the venue's maximum."""
    symbol = draw(st.sampled_from(known_symbols()))
    instrument = build_instrument(symbol)
    interval = draw(st.sampled_from(["1m", "5m", "15m", "1h"]))
    scale = 10**instrument.price_precision
    step = int(history_tick(symbol) * scale)
    top = int(float(facts_of(symbol).max_price) * scale) // step
    rows = []
    row = 0
    for _ in range(draw(st.integers(1, 30))):
        prices = sorted(draw(st.lists(st.integers(1, top), min_size=4, max_size=4)))
        low, one, other, high = (price * step / scale for price in prices)
        opened, closed = draw(st.permutations([one, other]))
        volume = draw(st.integers(0, 10**12)) / 10**instrument.size_precision
        rows.append((START + row * interval_ns(interval), opened, high, low, closed, volume))
        row += draw(st.integers(1, 3))
    times, *values = zip(*rows, strict=True)
    columns = [np.array(column, dtype=np.float64) for column in values]
    return symbol, interval, Candles(np.array(times, dtype=np.int64), *columns)


@given(frames())
@settings(max_examples=40, deadline=None)
def test_imported_candles_come_back_equal(frame):
    symbol, interval, candles = frame
    kind = bar_type(symbol, interval)
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / f"bybit_linear_{symbol}_{interval}.parquet"
        pq.write_table(pa.table({name: getattr(candles, name) for name in COLUMNS}), path)
        root = Path(directory) / "data_catalog"
        import_files(root, [str(path)])
        assert load_candles(root, kind).equals(candles)
        bars = open_data_catalog(root).query(Bar, identifiers=[str(kind)])
    assert [bar.ts_event - interval_ns(interval) for bar in bars] == candles.ts_open.tolist()
    values = [column.tolist() for column in list(candles.columns())[1:]]
    assert [bar_values(bar) for bar in bars] == list(zip(*values, strict=True))
