"""Which market a backtest runs on, and what is said of what is missing."""

from pathlib import Path

import pytest

from nautilus_bot.config.backtest import BacktestConfig, SyntheticConfig
from nautilus_bot.core.clocks import NS_PER_DAY
from nautilus_bot.core.errors import DataError, NotFound
from nautilus_bot.market.intervals import bar_type
from nautilus_bot.market.synthetic_store import DEFAULT_START_NS, ensure_synthetic
from nautilus_bot.research.backtest.market import load_market

ETH = bar_type("ETHUSDT", "15m")
BTC = bar_type("BTCUSDT", "15m")
TWO_DAYS = 192


def config(root: Path, **changes) -> BacktestConfig:
    return BacktestConfig(
        data_catalog_path=str(root), synthetic=SyntheticConfig(seed=3, bars=TWO_DAYS), **changes
    )


def test_where_nothing_is_a_market_is_made_with_its_funding(tmp_path):
    market = load_market(config(tmp_path), [BTC, ETH])
    assert market.origin == "synthetic, seed 3"
    assert market.bars == 2 * TWO_DAYS
    assert set(market.funding) == {"BTCUSDT-LINEAR.BYBIT", "ETHUSDT-LINEAR.BYBIT"}
    assert market.absences == ()


def test_a_day_holds_the_bars_that_open_in_it(tmp_path):
    market = load_market(config(tmp_path, timerange="20250102-20250102"), [ETH])
    assert market.start_ns == DEFAULT_START_NS + NS_PER_DAY + 15 * 60 * 10**9
    assert market.end_ns == DEFAULT_START_NS + 2 * NS_PER_DAY
    assert market.bars == 96


def test_the_content_hash_changes_with_the_rows(tmp_path):
    whole = load_market(config(tmp_path), [ETH]).queries[0]
    part = load_market(config(tmp_path, timerange="20250102-"), [ETH]).queries[0]
    assert whole.content_hash == load_market(config(tmp_path), [ETH]).queries[0].content_hash
    assert whole.content_hash != part.content_hash


def test_a_market_of_another_seed_is_used_as_it_is_and_never_mixed(tmp_path):
    ensure_synthetic(tmp_path, 9, 1, ["ETHUSDT"])
    market = load_market(config(tmp_path), [BTC, ETH])
    assert market.origin == "synthetic, seed 9"
    assert [query.identifier for query in market.queries] == [str(ETH)]
    assert market.absences == (f"BTCUSDT 15m: no bars in {tmp_path}, left out",)


def test_a_made_up_market_is_never_taken_for_history(tmp_path):
    ensure_synthetic(tmp_path, 9, 1, ["ETHUSDT"])
    with pytest.raises(DataError, match="'history' needs real candles"):
        load_market(config(tmp_path, market_data="history"), [ETH])


def test_a_period_without_bars_says_what_there_is(tmp_path):
    with pytest.raises(NotFound, match=r"no bars within 20240101-20240102.*ETHUSDT 15m"):
        load_market(config(tmp_path, timerange="20240101-20240102"), [ETH])


def test_funding_that_is_switched_off_is_named(tmp_path):
    market = load_market(config(tmp_path, funding=False), [ETH])
    assert (market.funding, market.absences) == ({}, ("funding is switched off",))
