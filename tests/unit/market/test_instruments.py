"""Bybit's linear perpetuals as Nautilus instruments."""

import json
import os
from decimal import Decimal
from pathlib import Path

import pytest

from nautilus_bot.core.errors import ConfigError, DataError, NotFound
from nautilus_bot.market.instruments import (
    build_instrument,
    facts_of,
    history_tick,
    instrument_from_facts,
    known_symbols,
    read_instruments_info,
    symbol_of,
)
from nautilus_bot.market.intervals import bar_length_ns, bar_type, interval_of

SHARED = Path(os.environ.get("BOT_SHARED_DATA", Path(__file__).parents[4] / "shared" / "data"))
PAYLOAD = SHARED / "payloads" / "bybit_docs_v5" / "market" / "instrument.json"

ROW = {
    "symbol": "NEWUSDT",
    "contractType": "LinearPerpetual",
    "baseCoin": "NEW",
    "settleCoin": "USDT",
    "leverageFilter": {"maxLeverage": "25.00"},
    "priceFilter": {"minPrice": "0.05", "maxPrice": "1999.95", "tickSize": "0.05"},
    "lotSizeFilter": {
        "maxOrderQty": "70000",
        "minOrderQty": "10",
        "qtyStep": "10",
        "minNotionalValue": "5",
    },
    "fundingInterval": 240,
}


@pytest.mark.parametrize(
    "symbol", ["BTCUSDT", "ETHUSDT", "SOLUSDT", "ADAUSDT", "DOTUSDT", "LINKUSDT", "XRPUSDT"]
)
def test_every_symbol_of_the_product_has_an_instrument_with_bybits_fees(symbol):
    instrument = build_instrument(symbol)
    assert str(instrument.id) == f"{symbol}-LINEAR.BYBIT"
    assert (instrument.taker_fee, instrument.maker_fee) == (Decimal("0.00055"), Decimal("0.0002"))
    assert instrument.min_notional.as_decimal() == 5
    assert instrument.min_quantity >= instrument.size_increment
    assert instrument.lot_size == instrument.size_increment
    assert instrument.margin_maint < instrument.margin_init
    assert symbol_of(instrument.id) == symbol


def test_sol_keeps_the_precision_of_its_history_and_the_tick_of_today():
    instrument = build_instrument("SOLUSDT")
    assert instrument.price_precision == 3
    assert str(instrument.price_increment) == "0.010"
    assert history_tick("SOLUSDT") == Decimal("0.001")
    assert history_tick("BTCUSDT") == Decimal("0.1")


def test_a_symbol_that_is_not_known_gets_a_hint():
    with pytest.raises(NotFound, match="did you mean 'BTCUSDT'"):
        build_instrument("BTCUSD")


def test_an_instruments_info_answer_adds_an_instrument():
    facts = read_instruments_info({"result": {"list": [ROW, {**ROW, "contractType": "LinearFutures"}]}})
    assert [one.symbol for one in facts] == ["NEWUSDT"]
    instrument = instrument_from_facts(facts[0])
    assert (str(instrument.price_increment), str(instrument.size_increment)) == ("0.05", "10")
    assert instrument.margin_init == Decimal("0.04")
    assert instrument.info["funding_interval_mins"] == 240


def test_an_instruments_info_answer_without_a_field_is_refused():
    row = {name: value for name, value in ROW.items() if name != "priceFilter"}
    with pytest.raises(DataError, match="priceFilter"):
        read_instruments_info({"result": {"list": [row]}})


@pytest.mark.skipif(not PAYLOAD.exists(), reason="recorded Bybit payloads are not here")
def test_our_table_agrees_with_bybits_documentation_where_it_has_the_symbol():
    examples = json.loads(PAYLOAD.read_text())["examples"]
    payloads = [example["payload"] for example in examples]
    answers = [answer for one in payloads for answer in (one if isinstance(one, list) else [one])]
    told = {facts.symbol: facts for answer in answers for facts in read_instruments_info(answer)}
    shared = set(told) & set(known_symbols())
    assert "BTCUSDT" in shared
    for symbol in shared:
        ours, theirs = facts_of(symbol), told[symbol]
        for field in (
            "tick",
            "min_price",
            "max_price",
            "step",
            "min_quantity",
            "max_quantity",
            "min_notional",
        ):
            assert Decimal(getattr(ours, field)) == Decimal(getattr(theirs, field)), (symbol, field)
        assert Decimal(ours.max_leverage) == Decimal(theirs.max_leverage)
        assert ours.funding_interval_mins == theirs.funding_interval_mins


@pytest.mark.parametrize(
    ("interval", "text", "minutes"),
    [("1m", "1-MINUTE", 1), ("5m", "5-MINUTE", 5), ("15m", "15-MINUTE", 15), ("1h", "1-HOUR", 60)],
)
def test_an_interval_has_a_bar_type_and_a_length(interval, text, minutes):
    kind = bar_type("BTCUSDT", interval)
    assert str(kind) == f"BTCUSDT-LINEAR.BYBIT-{text}-LAST-EXTERNAL"
    assert bar_length_ns(kind) == minutes * 60 * 10**9
    assert interval_of(kind) == interval


def test_an_interval_that_is_not_known_gets_a_hint():
    with pytest.raises(ConfigError, match=r"was '15min'.*did you mean '15m'"):
        bar_type("BTCUSDT", "15min")
