"""What the data catalog says of itself: fingerprints, segments, gaps, absences."""

import numpy as np
import pytest

from nautilus_bot.core.errors import DataError, NotFound
from nautilus_bot.market.data_catalog import load_candles, series_files, write_bars
from nautilus_bot.market.fingerprint import query_fingerprint
from nautilus_bot.market.instruments import build_instrument
from nautilus_bot.market.intervals import bar_type, interval_ns
from nautilus_bot.market.listing import Segment, absences, describe, segments
from nautilus_bot.market.synthetic import synthetic_candles
from nautilus_bot.market.synthetic_store import DEFAULT_START_NS as START
from nautilus_bot.market.synthetic_store import ensure_synthetic

KIND = bar_type("ETHUSDT", "15m")
LENGTH = interval_ns("15m")
INSTRUMENT = build_instrument("ETHUSDT")
CANDLES = synthetic_candles(1, ["ETHUSDT"], LENGTH, START, 100)["ETHUSDT"]
CLOSED = (CANDLES.ts_open + LENGTH).tolist()


def test_a_query_takes_both_ends_by_closing_time(tmp_path):
    write_bars(tmp_path, INSTRUMENT, KIND, CANDLES)
    assert load_candles(tmp_path, KIND, CLOSED[3], CLOSED[9]).equals(CANDLES[3:10])
    assert load_candles(tmp_path, KIND, CLOSED[3] + 1, CLOSED[9] - 1).equals(CANDLES[4:9])
    assert load_candles(tmp_path, KIND, CLOSED[90]).equals(CANDLES[90:])
    assert load_candles(tmp_path, KIND, None, CLOSED[0]).equals(CANDLES[:1])


def test_a_fingerprint_does_not_depend_on_how_files_are_laid_out(tmp_path):
    write_bars(tmp_path / "one", INSTRUMENT, KIND, CANDLES)
    for part in (CANDLES[:40], CANDLES[40:70], CANDLES[70:]):
        write_bars(tmp_path / "three", INSTRUMENT, KIND, part)
    assert len(series_files(tmp_path / "three", KIND)) == 3
    for limits in ((), (CLOSED[10], CLOSED[80])):
        assert query_fingerprint(tmp_path / "one", KIND, *limits) == query_fingerprint(
            tmp_path / "three", KIND, *limits
        )


@pytest.mark.parametrize("column", ["ts_open", "open", "high", "low", "close", "volume"])
def test_a_fingerprint_changes_with_every_column(tmp_path, column):
    changed = CANDLES[np.arange(100)]
    getattr(changed, column)[-1] += LENGTH if column == "ts_open" else 0.01
    write_bars(tmp_path / "before", INSTRUMENT, KIND, CANDLES)
    write_bars(tmp_path / "after", INSTRUMENT, KIND, changed)
    before, after = (query_fingerprint(tmp_path / name, KIND) for name in ("before", "after"))
    assert before.blake2b != after.blake2b
    assert before.rows == after.rows == 100


def test_a_query_without_bars_is_not_found(tmp_path):
    write_bars(tmp_path, INSTRUMENT, KIND, CANDLES)
    with pytest.raises(NotFound, match="between"):
        query_fingerprint(tmp_path, KIND, CLOSED[-1] + 1, None)
    with pytest.raises(NotFound, match="did you mean 'ETHUSDT"):
        load_candles(tmp_path, bar_type("ETHUSDT", "5m"))


def test_gaps_split_a_series_into_segments(tmp_path):
    rows = np.concatenate([np.arange(0, 10), np.arange(13, 50), np.arange(90, 100)])
    write_bars(tmp_path, INSTRUMENT, KIND, CANDLES[rows])
    assert segments(tmp_path, KIND) == [
        Segment(CLOSED[0], CLOSED[9], 10),
        Segment(CLOSED[13], CLOSED[49], 37),
        Segment(CLOSED[90], CLOSED[99], 10),
    ]
    assert segments(tmp_path, KIND, CLOSED[5], CLOSED[13]) == [
        Segment(CLOSED[5], CLOSED[9], 5),
        Segment(CLOSED[13], CLOSED[13], 1),
    ]
    (report,) = describe(tmp_path)
    assert (report.gaps, report.missing_bars, report.first_missing_ts) == (2, 43, CLOSED[10])


def test_bars_without_volume_are_counted(tmp_path):
    silent = CANDLES[np.arange(100)]
    silent.volume[[3, 4]] = 0
    write_bars(tmp_path, INSTRUMENT, KIND, silent)
    assert describe(tmp_path)[0].zero_volume_bars == 2


def test_a_synthetic_series_is_listed_as_one(tmp_path):
    ensure_synthetic(tmp_path / "made", 7, 1, ["ETHUSDT"])
    write_bars(tmp_path / "real", INSTRUMENT, KIND, CANDLES)
    made, real = describe(tmp_path / "made")[0], describe(tmp_path / "real")[0]
    assert (made.seed, real.seed) == (7, None)
    assert made.funding.rows == 3
    assert real.funding is None


def test_what_is_missing_is_said_by_name(tmp_path):
    write_bars(tmp_path, INSTRUMENT, KIND, CANDLES)
    assert [sentence.split(" in ")[0] for sentence in absences(tmp_path, ["ETHUSDT", "LINKUSDT"], "15m")] == [
        "ETHUSDT has no funding rates",
        "LINKUSDT has no 15m bars",
        "LINKUSDT has no funding rates",
    ]


def test_a_data_catalog_that_does_not_exist_is_not_found(tmp_path):
    with pytest.raises(NotFound, match="import-data"):
        describe(tmp_path / "absent")


def test_a_damaged_bar_file_is_named(tmp_path):
    write_bars(tmp_path, INSTRUMENT, KIND, CANDLES)
    path = series_files(tmp_path, KIND)[0]
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(DataError, match=path.name):
        describe(tmp_path)
