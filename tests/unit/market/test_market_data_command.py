"""import-data, list-data and make-data on the command line."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import typer
from typer.testing import CliRunner

from nautilus_bot.cli import market_data
from nautilus_bot.core.errors import NotFound
from nautilus_bot.market.candles import COLUMNS
from nautilus_bot.market.intervals import interval_ns
from nautilus_bot.market.synthetic import synthetic_candles
from nautilus_bot.market.synthetic_store import DEFAULT_START_NS


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("BOT_DATA_CATALOG", str(tmp_path / "data_catalog"))
    monkeypatch.setenv("COLUMNS", "200")
    app = typer.Typer()
    for command in (market_data.import_data, market_data.list_data, market_data.make_data):
        app.command(command.__name__.replace("_", "-"))(command)

    def invoke(*words):
        return CliRunner().invoke(app, words, catch_exceptions=False).stdout

    return invoke


@pytest.fixture
def candle_file(tmp_path):
    candles = synthetic_candles(1, ["BTCUSDT"], interval_ns("15m"), DEFAULT_START_NS, 20)["BTCUSDT"]
    path = tmp_path / "bybit_linear_BTCUSDT_15m.parquet"
    pq.write_table(pa.table({name: getattr(candles, name) for name in COLUMNS}), path)
    return str(path)


def test_make_data_says_what_it_made_and_makes_it_once(run):
    words = ("make-data", "--seed", "3", "--days", "2", "--symbols", "BTCUSDT,ethusdt", "--json")
    assert json.loads(run(*words))["new_bars"] == 384
    assert json.loads(run(*words))["new_bars"] == 0


def test_list_data_shows_what_import_data_wrote(run, candle_file):
    imported = json.loads(run("import-data", candle_file, "--json"))
    assert [(one["rows"], one["new_rows"]) for one in imported["series"]] == [(20, 20)]
    (listed,) = json.loads(run("list-data", "--json"))
    assert (listed["symbol"], listed["interval"], listed["rows"], listed["gaps"]) == ("BTCUSDT", "15m", 20, 0)


def test_the_tables_name_series_range_and_origin(run, candle_file):
    run("make-data", "--days", "1")
    made = run("list-data")
    assert "SOLUSDT 15m" in made
    assert "2025-01-01 00:15" in made
    assert "seed 7" in made
    assert "made room" in run("import-data", candle_file)
    assert "history" in run("list-data")


def test_a_data_catalog_that_does_not_exist_is_not_found(run):
    with pytest.raises(NotFound, match="make-data"):
        run("list-data")
