"""Import: everything is checked before anything is written."""

import os
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from nautilus_trader.model.data import Bar

from nautilus_bot.core.errors import BotError, ConfigError, DataError, NotFound
from nautilus_bot.market.candles import COLUMNS
from nautilus_bot.market.data_catalog import bar_types, load_candles, open_data_catalog, series_files
from nautilus_bot.market.funding import load_funding
from nautilus_bot.market.importer import import_files
from nautilus_bot.market.instruments import instrument_id
from nautilus_bot.market.intervals import bar_type, interval_ns, mark_bar_type
from nautilus_bot.market.listing import describe
from nautilus_bot.market.synthetic import synthetic_candles
from nautilus_bot.market.synthetic_store import DEFAULT_START_NS as START
from nautilus_bot.market.synthetic_store import ensure_synthetic

SHARED = Path(os.environ.get("BOT_SHARED_DATA", Path(__file__).parents[4] / "shared" / "data"))
NAME = "bybit_linear_BTCUSDT_15m.parquet"
KIND = bar_type("BTCUSDT", "15m")
LENGTH = interval_ns("15m")


@pytest.fixture
def root(tmp_path):
    return tmp_path / "data_catalog"


def drawn(n_bars=20, symbol="BTCUSDT"):
    return synthetic_candles(1, [symbol], LENGTH, START, n_bars)[symbol]


def columns_of(candles):
    return {name: getattr(candles, name).copy() for name in COLUMNS}


def write(path, columns):
    pq.write_table(pa.table(columns), path)
    return str(path)


def write_candles(path, candles):
    return write(path, columns_of(candles))


def test_an_imported_bar_carries_its_closing_time_and_exact_prices(tmp_path, root):
    candles = drawn()
    import_files(root, [write_candles(tmp_path / NAME, candles)])
    bars = open_data_catalog(root).query(Bar, identifiers=[str(KIND)])
    assert [bar.ts_event for bar in bars] == [ts + LENGTH for ts in candles.ts_open.tolist()]
    assert all(bar.ts_init == bar.ts_event for bar in bars)
    assert [str(bar.close) for bar in bars] == [f"{price:.1f}" for price in candles.close]
    assert [str(bar.volume) for bar in bars] == [f"{volume:.3f}" for volume in candles.volume]
    assert load_candles(root, KIND).equals(candles)


def test_nautilus_finds_the_instrument_beside_the_bars(tmp_path, root):
    import_files(root, [write_candles(tmp_path / NAME, drawn())])
    assert [str(one.id) for one in open_data_catalog(root).instruments()] == ["BTCUSDT-LINEAR.BYBIT"]


def test_csv_and_parquet_give_the_same_bars(tmp_path, root):
    pa.csv.write_csv(pa.table(columns_of(drawn())), tmp_path / "bybit_linear_BTCUSDT_15m.csv")
    import_files(root, [str(tmp_path / "bybit_linear_BTCUSDT_15m.csv")])
    assert load_candles(root, KIND).equals(drawn())


def test_float_noise_is_rounded_away_and_nothing_more(tmp_path, root):
    columns = columns_of(drawn())
    columns["close"] = np.nextafter(columns["close"], 0)
    columns["low"] = np.nextafter(columns["low"], 0) - 1e-9
    import_files(root, [write(tmp_path / NAME, columns)])
    assert load_candles(root, KIND).equals(drawn())


def test_old_sol_prices_finer_than_todays_tick_are_kept(tmp_path, root):
    columns = columns_of(drawn(symbol="SOLUSDT"))
    for name in ("open", "high", "low", "close"):
        columns[name] = columns[name] + 0.007
    import_files(root, [write(tmp_path / "bybit_linear_SOLUSDT_15m.parquet", columns)])
    stored = load_candles(root, bar_type("SOLUSDT", "15m"))
    assert stored.close == pytest.approx(columns["close"], abs=1e-9)


BAD_ROWS = {
    "a duplicate": ("ts_open", lambda before: before[4], "ts_open must not repeat the row before"),
    "unsorted": ("ts_open", lambda before: before[2], "ts_open must be later than the row before"),
    "off the interval": (
        "ts_open",
        lambda before: before[5] + 1,
        "ts_open must be a multiple of 900 seconds",
    ),
    "a negative price": ("low", lambda _: -1.0, "low must be above zero"),
    "a negative volume": ("volume", lambda _: -0.001, "volume must be zero or more"),
    "NaN": ("close", lambda _: np.nan, "close must be a finite number"),
    "infinity": ("high", lambda _: np.inf, "high must be a finite number"),
    "high below low": ("high", lambda before: before[5] / 2, "high must not be below low"),
    "open above high": ("open", lambda before: before[5] * 2, "open must not be above high"),
    "close below low": ("close", lambda before: before[5] / 2, "close must not be below low"),
    "off the tick": ("high", lambda before: before[5] + 1_000.03, "high must be a multiple of 0.1"),
}


@pytest.mark.parametrize(("column", "bad", "rule"), BAD_ROWS.values(), ids=BAD_ROWS)
def test_a_bad_row_is_refused_with_file_and_row_and_nothing_is_imported(tmp_path, root, column, bad, rule):
    good = write_candles(tmp_path / "bybit_linear_ETHUSDT_15m.parquet", drawn(symbol="ETHUSDT"))
    columns = columns_of(drawn())
    columns[column][5] = bad(columns[column])
    with pytest.raises(DataError) as refusal:
        import_files(root, [good, write(tmp_path / NAME, columns)])
    assert f"{NAME}: row 6: {rule}" in str(refusal.value)
    assert not root.exists()


def test_a_missing_value_is_refused_with_its_row(tmp_path, root):
    columns = columns_of(drawn())
    columns["close"] = [None if row == 3 else value for row, value in enumerate(columns["close"].tolist())]
    with pytest.raises(DataError, match="row 4: close must be a number, is missing"):
        import_files(root, [write(tmp_path / NAME, columns)])


def test_a_word_among_the_numbers_of_a_csv_is_refused(tmp_path, root):
    path = tmp_path / "bybit_linear_BTCUSDT_15m.csv"
    path.write_text(f"{','.join(COLUMNS)}\n{START},1,1,1,many,1\n")
    with pytest.raises(DataError, match="many"):
        import_files(root, [str(path)])


@pytest.mark.parametrize("content", [b"", b"PAR1 this is not Parquet PAR1"], ids=["empty", "corrupt"])
def test_a_damaged_file_is_one_clear_line(tmp_path, root, content):
    (tmp_path / NAME).write_bytes(content)
    with pytest.raises(DataError) as refusal:
        import_files(root, [str(tmp_path / NAME)])
    assert NAME in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert not root.exists()


def test_a_file_with_columns_and_no_rows_is_refused(tmp_path, root):
    with pytest.raises(DataError, match="at least one row"):
        import_files(root, [write_candles(tmp_path / NAME, drawn()[:0])])


def test_a_path_that_names_no_file_is_not_found(tmp_path, root):
    with pytest.raises(NotFound, match="absent"):
        import_files(root, [str(tmp_path / "absent" / "*.parquet")])


def test_importing_the_same_file_again_changes_nothing(tmp_path, root):
    path = write_candles(tmp_path / NAME, drawn())
    import_files(root, [path])
    before = {file: file.read_bytes() for file in root.rglob("*.parquet")}
    report = import_files(root, [path])
    assert [one.new_rows for one in report.series] == [0]
    assert {file: file.read_bytes() for file in root.rglob("*.parquet")} == before


def test_overlapping_candles_are_joined(tmp_path, root):
    candles = drawn(60)
    holes = np.concatenate([np.arange(0, 20), np.arange(40, 60)])
    import_files(root, [write_candles(tmp_path / NAME, candles[holes])])
    report = import_files(root, [write_candles(tmp_path / NAME, candles[10:50])])
    assert [one.new_rows for one in report.series] == [20]
    assert load_candles(root, KIND).equals(candles)
    assert len(open_data_catalog(root).query(Bar, identifiers=[str(KIND)])) == 60


def test_later_candles_get_a_file_of_their_own(tmp_path, root):
    candles = drawn(60)
    import_files(root, [write_candles(tmp_path / NAME, candles[:30])])
    import_files(root, [write_candles(tmp_path / NAME, candles[30:])])
    assert len(series_files(root, KIND)) == 2
    assert load_candles(root, KIND).equals(candles)


def test_two_files_of_one_series_are_joined_in_one_import(tmp_path, root):
    candles = drawn(60)
    late = write_candles(tmp_path / "bybit_linear_BTCUSDT_15m_late.parquet", candles[25:])
    early = write_candles(tmp_path / "bybit_linear_BTCUSDT_15m_early.parquet", candles[:30])
    report = import_files(root, [late, early])
    assert [(one.rows, one.new_rows, len(one.files)) for one in report.series] == [(60, 60, 2)]
    assert load_candles(root, KIND).equals(candles)


def test_a_row_that_contradicts_a_stored_one_is_refused_by_name(tmp_path, root):
    candles = drawn()
    import_files(root, [write_candles(tmp_path / NAME, candles)])
    changed = msgspec.structs.replace(candles, volume=candles.volume + (np.arange(20) >= 7))
    with pytest.raises(DataError) as refusal:
        import_files(root, [write_candles(tmp_path / NAME, changed)])
    assert f"row 8: a candle must equal the one that is there already; ts_open={candles.ts_open[7]}" in str(
        refusal.value
    )
    assert load_candles(root, KIND).equals(candles)


def test_candles_of_another_venue_need_a_symbol_by_hand(tmp_path, root):
    path = write_candles(tmp_path / "binance_usdm_BTCUSDT_15m.parquet", drawn())
    with pytest.raises(ConfigError, match="--symbol BTCUSDT"):
        import_files(root, [path])
    import_files(root, [path], symbol="BTCUSDT")
    assert bar_types(root) == (KIND,)


def test_flags_say_what_a_file_name_does_not(tmp_path, root):
    path = write_candles(tmp_path / "download.parquet", drawn())
    with pytest.raises(ConfigError, match="--symbol and --interval"):
        import_files(root, [path])
    import_files(root, [path], symbol="BTCUSDT", interval="15m")
    assert bar_types(root) == (KIND,)


def test_a_symbol_that_is_not_known_is_not_found(tmp_path, root):
    path = write_candles(tmp_path / "bybit_linear_BTCUSD_15m.parquet", drawn())
    with pytest.raises(NotFound, match="did you mean 'BTCUSDT'"):
        import_files(root, [path])


def test_files_of_other_columns_are_left_alone_and_named(tmp_path, root):
    write_candles(tmp_path / NAME, drawn())
    other = write(tmp_path / "notes.parquet", {"a": [1]})
    assert import_files(root, [str(tmp_path)]).skipped == (other,)
    with pytest.raises(ConfigError, match="ts_open, open, high, low, close, volume"):
        import_files(root, [other])


def test_funding_rates_come_back_as_exact_decimals(tmp_path, root):
    times = [START + hours * 3_600 * 10**9 for hours in (8, 16, 24)]
    path = tmp_path / "bybit_linear_BTCUSDT_funding.parquet"
    write(path, {"ts": times, "funding_rate": [0.0001, -0.00010731, 1e-08]})
    import_files(root, [str(path)])
    rates = load_funding(root, instrument_id("BTCUSDT"))
    assert [(one.ts_ns, f"{one.rate:f}") for one in rates] == list(
        zip(times, ["0.0001", "-0.00010731", "0.00000001"], strict=True)
    )
    assert load_funding(root, instrument_id("BTCUSDT"), times[1], times[1]) == rates[1:2]


@pytest.mark.parametrize(
    ("ts", "rate", "message"),
    [(START, 0.1, "row 2: ts must be later"), (START + 1, np.nan, "row 2: funding_rate must lie")],
)
def test_a_bad_funding_row_is_refused(tmp_path, root, ts, rate, message):
    path = tmp_path / "bybit_linear_BTCUSDT_funding.parquet"
    write(path, {"ts": [START, ts], "funding_rate": [0.0001, rate]})
    with pytest.raises(DataError, match=message):
        import_files(root, [str(path)])
    assert not root.exists()


def test_a_funding_rate_that_contradicts_a_stored_one_is_refused(tmp_path, root):
    path = str(tmp_path / "bybit_linear_BTCUSDT_funding.parquet")
    write(path, {"ts": [START], "funding_rate": [0.0001]})
    import_files(root, [path])
    write(path, {"ts": [START, START + 1], "funding_rate": [0.0002, 0.0001]})
    with pytest.raises(DataError, match=r"row 1.*has 0\.0002, stored is 0\.0001"):
        import_files(root, [path])


def test_absent_funding_is_never_zero(tmp_path, root):
    import_files(root, [write_candles(tmp_path / NAME, drawn())])
    with pytest.raises(NotFound, match="no funding rates of BTCUSDT"):
        load_funding(root, instrument_id("BTCUSDT"))


def test_mark_prices_keep_decimals_finer_than_the_tick(tmp_path, root):
    path = tmp_path / "bybit_linear_BTCUSDT_mark_1h.parquet"
    price = np.array([64_000.12, 64_001.34])
    write(
        path, {"ts": [START, START + 3_600 * 10**9], **dict.fromkeys(("open", "high", "low", "close"), price)}
    )
    import_files(root, [str(path)])
    stored = load_candles(root, mark_bar_type("BTCUSDT", "1h"))
    assert stored.close.tolist() == price.tolist()
    assert [one.zero_volume_bars for one in describe(root)] == [0]


def test_history_takes_the_place_of_a_synthetic_market(tmp_path, root):
    ensure_synthetic(root, 7, 2, ["BTCUSDT", "ETHUSDT"])
    report = import_files(root, [write_candles(tmp_path / NAME, drawn())])
    assert len(report.displaced) == 2
    assert bar_types(root) == (KIND,)
    assert load_candles(root, KIND).equals(drawn())
    with pytest.raises(NotFound):
        load_funding(root, instrument_id("ETHUSDT"))


def test_a_refused_import_leaves_the_synthetic_market_in_place(tmp_path, root):
    ensure_synthetic(root, 7, 2, ["BTCUSDT"])
    (tmp_path / NAME).write_bytes(b"")
    with pytest.raises(BotError):
        import_files(root, [str(tmp_path / NAME)])
    assert len(load_candles(root, KIND)) == 192


@pytest.mark.skipif(not SHARED.exists(), reason="recorded market data is not here")
def test_recorded_bybit_history_is_imported_with_its_gaps_and_silent_bars(root):
    paths = [SHARED / "candles" / f"bybit_linear_{name}.parquet" for name in ("ADAUSDT_5m", "DOTUSDT_1m")]
    import_files(root, [str(path) for path in paths])
    ada, dot = describe(root)
    assert (ada.rows, ada.gaps, ada.missing_bars) == (37_151, 1, 24_856)
    assert (dot.rows, dot.gaps, dot.zero_volume_bars) == (26_213, 0, 1)
    recorded = pq.read_table(paths[0])
    assert load_candles(root, bar_type("ADAUSDT", "5m")).close.tolist() == recorded["close"].to_pylist()
