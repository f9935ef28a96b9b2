"""The synthetic market in the data catalog."""

from decimal import Decimal

import pytest

from nautilus_bot.core.clocks import NS_PER_HOUR
from nautilus_bot.core.errors import DataError
from nautilus_bot.market.data_catalog import load_candles, write_bars
from nautilus_bot.market.funding import load_funding
from nautilus_bot.market.instruments import build_instrument, instrument_id
from nautilus_bot.market.intervals import bar_type, interval_ns
from nautilus_bot.market.synthetic import synthetic_candles
from nautilus_bot.market.synthetic_store import DEFAULT_START_NS, ensure_synthetic

BTC_15M = bar_type("BTCUSDT", "15m")


def test_a_synthetic_market_is_written_once_and_read_back_bit_for_bit(tmp_path):
    assert ensure_synthetic(tmp_path, 7, 2, ["BTCUSDT"]) == 192
    assert ensure_synthetic(tmp_path, 7, 2, ["BTCUSDT"]) == 0
    made = synthetic_candles(7, ["BTCUSDT"], interval_ns("15m"), DEFAULT_START_NS, 192)
    assert load_candles(tmp_path, BTC_15M).equals(made["BTCUSDT"])


def test_another_synthetic_market_never_replaces_the_one_that_is_there(tmp_path):
    ensure_synthetic(tmp_path, 7, 2, ["BTCUSDT"])
    with pytest.raises(DataError, match="seed 7, 192 bars"):
        ensure_synthetic(tmp_path, 8, 2, ["BTCUSDT"])


def test_a_synthetic_market_is_never_mixed_with_real_candles(tmp_path):
    candles = synthetic_candles(1, ["BTCUSDT"], interval_ns("15m"), DEFAULT_START_NS, 10)["BTCUSDT"]
    write_bars(tmp_path, build_instrument("BTCUSDT"), BTC_15M, candles)
    with pytest.raises(DataError, match="real candles"):
        ensure_synthetic(tmp_path, 7, 2, ["BTCUSDT"])


def test_a_synthetic_market_grows_but_never_shrinks(tmp_path):
    ensure_synthetic(tmp_path, 7, 2, ["BTCUSDT"])
    assert ensure_synthetic(tmp_path, 7, 3, ["BTCUSDT"]) == 96
    assert ensure_synthetic(tmp_path, 7, 1, ["BTCUSDT"]) == 0
    assert len(load_candles(tmp_path, BTC_15M)) == 288


def test_a_synthetic_market_has_funding_at_every_settlement(tmp_path):
    ensure_synthetic(tmp_path, 7, 2, ["BTCUSDT"])
    funding = load_funding(tmp_path, instrument_id("BTCUSDT"))
    hours = [(one.ts_ns - DEFAULT_START_NS) / NS_PER_HOUR for one in funding]
    assert hours == [8, 16, 24, 32, 40, 48]
    assert any(one.rate != Decimal("0.0001") for one in funding)


def test_every_interval_of_a_seed_has_the_same_funding(tmp_path):
    ensure_synthetic(tmp_path / "quarters", 7, 3, ["ETHUSDT"], interval="15m")
    ensure_synthetic(tmp_path / "minutes", 7, 3, ["ETHUSDT"], interval="1m")
    of = instrument_id("ETHUSDT")
    assert load_funding(tmp_path / "quarters", of) == load_funding(tmp_path / "minutes", of)
