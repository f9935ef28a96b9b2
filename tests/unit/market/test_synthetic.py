"""The synthetic market looks like a market, and a seed means one market for ever."""

from itertools import islice

import numpy as np
import pytest

from nautilus_bot.core.clocks import NS_PER_HOUR
from nautilus_bot.core.errors import ConfigError
from nautilus_bot.market.candles import snap_to_grid, validate
from nautilus_bot.market.fingerprint import fingerprint
from nautilus_bot.market.instruments import build_instrument, known_symbols
from nautilus_bot.market.intervals import bar_type, interval_ns
from nautilus_bot.market.synthetic import synthetic_bars, synthetic_candles
from nautilus_bot.market.synthetic_store import DEFAULT_START_NS as START

TRIO = ("BTCUSDT", "ETHUSDT", "SOLUSDT")
QUARTER = interval_ns("15m")
SEEDS = (1, 7, 42)


@pytest.fixture(scope="module", params=SEEDS)
def market(request):
    return synthetic_candles(request.param, TRIO, QUARTER, START, 90 * 96)


def returns(candles):
    return np.diff(np.log(candles.close))


def autocorrelation(values, lag):
    return np.corrcoef(values[:-lag], values[lag:])[0, 1]


def test_volatility_comes_in_clusters(market):
    for candles in market.values():
        moves = np.abs(returns(candles))
        assert autocorrelation(moves, 1) > 0.12
        assert autocorrelation(moves, 16) > 0.05


def test_returns_themselves_are_not_predictable(market):
    for candles in market.values():
        assert abs(autocorrelation(returns(candles), 1)) < 0.06


def test_returns_have_fat_tails(market):
    for candles in market.values():
        moves = returns(candles)
        moves = moves - moves.mean()
        assert (moves**4).mean() / (moves**2).mean() ** 2 - 3 > 1.0


def test_symbols_move_together_but_not_as_one(market):
    correlations = np.corrcoef([returns(market[symbol]) for symbol in TRIO])
    pairs = correlations[np.triu_indices(3, 1)]
    assert (pairs > 0.4).all()
    assert (pairs < 0.95).all()


def test_volatility_is_that_of_crypto(market):
    for candles in market.values():
        yearly = returns(candles).std() * np.sqrt(365 * 96)
        assert 0.25 < yearly < 1.6


def test_volume_rises_with_the_range_of_the_bar(market):
    for candles in market.values():
        assert np.corrcoef(candles.volume, (candles.high - candles.low) / candles.open)[0, 1] > 0.3


def test_new_york_is_busier_than_the_asian_night(market):
    candles = market["BTCUSDT"]
    hour = (candles.ts_open // NS_PER_HOUR) % 24
    assert np.median(candles.volume[hour == 14]) > 1.3 * np.median(candles.volume[hour == 4])


@pytest.mark.parametrize("symbol", known_symbols())
def test_every_symbol_is_valid_and_on_its_tick_and_lot(symbol):
    candles = synthetic_candles(3, [symbol], interval_ns("1m"), START, 3_000)[symbol]
    instrument = build_instrument(symbol)
    validate(candles, interval_ns("1m"), symbol)
    snapped = snap_to_grid(candles, float(instrument.price_increment), instrument.price_precision, symbol)
    assert snapped.equals(candles)
    lots = candles.volume / float(instrument.size_increment)
    assert np.abs(lots - np.rint(lots)).max() < 1e-3
    assert candles.open[1:] == pytest.approx(candles.close[:-1])


def test_a_seed_means_this_market_on_every_machine():
    candles = synthetic_candles(7, ["BTCUSDT"], QUARTER, START, 2_000)["BTCUSDT"]
    assert fingerprint(bar_type("BTCUSDT", "15m"), candles).blake2b == "834f1cb37b06f5634afd4421be9aecda"


def test_another_seed_means_another_market():
    one, other = (synthetic_candles(seed, ["BTCUSDT"], QUARTER, START, 50)["BTCUSDT"] for seed in (1, 2))
    assert not np.array_equal(one.close, other.close)


def test_the_stream_yields_what_the_arrays_hold():
    arrays = synthetic_candles(5, TRIO, QUARTER, START, 250)
    stream = islice(synthetic_bars(5, TRIO, QUARTER, START), 3 * 250)
    for number, bar in enumerate(stream):
        row, symbol = divmod(number, 3)
        expected = arrays[TRIO[symbol]]
        assert bar == (TRIO[symbol], *(column[row] for column in expected.columns()))


def test_a_symbol_is_the_same_in_any_company():
    alone = synthetic_candles(5, ["ETHUSDT"], QUARTER, START, 200)["ETHUSDT"]
    assert synthetic_candles(5, TRIO, QUARTER, START, 200)["ETHUSDT"].equals(alone)


def test_longer_bars_are_the_sum_of_shorter_ones():
    minutes = synthetic_candles(5, ["BTCUSDT"], interval_ns("1m"), START, 150)["BTCUSDT"]
    quarters = synthetic_candles(5, ["BTCUSDT"], QUARTER, START, 10)["BTCUSDT"]
    assert np.array_equal(quarters.close, minutes.close[14::15])
    assert np.array_equal(quarters.high, minutes.high.reshape(10, 15).max(axis=1))
    assert quarters.volume == pytest.approx(minutes.volume.reshape(10, 15).sum(axis=1))


def test_an_endless_market_keeps_its_price_within_reason():
    candles = synthetic_candles(11, ["SOLUSDT"], interval_ns("1h"), START, 365 * 24)["SOLUSDT"]
    assert candles.close.min() > 10
    assert candles.close.max() < 2_000


@pytest.mark.parametrize(
    ("seed", "start", "n_bars", "message"),
    [(-1, START, 10, "seed"), (1, START + 1, 10, "start"), (1, START, 0, "at least one bar")],
)
def test_a_market_that_makes_no_sense_is_refused(seed, start, n_bars, message):
    with pytest.raises(ConfigError, match=message):
        synthetic_candles(seed, ["BTCUSDT"], QUARTER, start, n_bars)
