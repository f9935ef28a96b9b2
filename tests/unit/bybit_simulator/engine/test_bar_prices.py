"""Bars become ticks that make the same bars again."""

import os
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from adapters.bybit_simulator.exchange import Exchange
from adapters.bybit_simulator.instruments import listed_instruments
from adapters.bybit_simulator.prices import BookTick, FundingTick, MarkTick, TradeTick
from adapters.bybit_simulator.prices_bars import BarPriceSource, BarShape

SHARED = Path(os.environ.get("BOT_SHARED_DATA", Path(__file__).parents[5] / "shared" / "data"))
MINUTE_NS = 60_000_000_000
START_NS = 1_700_006_400_000_000_000
INSTRUMENTS = listed_instruments(["BTCUSDT", "ETHUSDT", "SOLUSDT"])


def bars(count=3, symbol="BTCUSDT", minutes=5, base=50000.0):
    return [
        (
            symbol,
            START_NS + i * minutes * MINUTE_NS,
            base + i,
            base + 20.5 + i,
            base - 10.1 + i,
            base + 3 + i,
            12.345,
        )
        for i in range(count)
    ]


def source(rows, **shape):
    return BarPriceSource(lambda: rows, INSTRUMENTS, BarShape(bar_minutes=5, **shape))


def candles_of(ticks, minutes=5):
    """Put the trades together again, as plain as can be."""
    bars = {}
    for tick in ticks:
        if isinstance(tick, TradeTick):
            bars.setdefault(tick.ts_ms // (minutes * 60_000), []).append(tick)
    return [
        (
            trades[0].price,
            max(trade.price for trade in trades),
            min(trade.price for trade in trades),
            trades[-1].price,
            sum(trade.qty for trade in trades),
        )
        for trades in bars.values()
    ]


def as_decimals(row):
    return tuple(Decimal(repr(value)) for value in row[2:])


def test_trades_make_exactly_the_bar_they_came_from():
    rows = bars()
    assert candles_of(source(rows).ticks()) == [as_decimals(row) for row in rows]


@pytest.mark.parametrize("symbol", ["BTCUSDT", "ETHUSDT", "SOLUSDT"])
def test_real_candles_come_back_exactly(symbol):
    path = SHARED / "candles" / f"bybit_linear_{symbol}_5m.parquet"
    if not path.exists():
        pytest.skip("shared market data are absent")
    columns = pq.read_table(path).slice(60_000, 60).to_pydict()
    values = zip(
        *(columns[name] for name in ("ts_open", "open", "high", "low", "close", "volume")), strict=True
    )
    rows = [(symbol, *value) for value in values]
    assert candles_of(source(rows, depth=2).ticks()) == [as_decimals(row) for row in rows]


def test_time_never_runs_backwards_and_symbols_run_together():
    rows = sorted(bars() + bars(symbol="ETHUSDT", base=3000.0), key=lambda row: row[1])
    ticks = list(source(rows, depth=2).ticks())
    times = [tick.ts_ms for tick in ticks]
    assert times == sorted(times)
    assert {tick.symbol for tick in ticks[:20]} == {"BTCUSDT", "ETHUSDT"}


def test_the_same_seed_gives_the_same_ticks_and_another_seed_others():
    rows = bars(1)
    assert list(source(rows).ticks()) == list(source(rows).ticks())
    assert list(source(rows, seed=1).ticks()) != list(source(rows, seed=2).ticks())


def test_a_trade_happens_at_the_best_price_of_the_book_before_it():
    book = None
    for tick in source(bars(), depth=5).ticks():
        if isinstance(tick, BookTick):
            book = tick
            assert [price for price, _ in tick.bids] == sorted((p for p, _ in tick.bids), reverse=True)
            assert [price for price, _ in tick.asks] == sorted(p for p, _ in tick.asks)
            assert tick.bids[0][0] < tick.asks[0][0]
            assert len(tick.bids) == len(tick.asks) == 5
        if isinstance(tick, TradeTick):
            best = book.asks[0][0] if tick.side == "Buy" else book.bids[0][0]
            assert tick.price == best


def test_a_quiet_bar_still_has_a_book_that_carries_a_stop():
    quiet = (*bars(1)[0][:6], 0.004)
    book = next(tick for tick in source([quiet]).ticks() if isinstance(tick, BookTick))
    assert sum(price * qty for price, qty in book.bids) > 100_000


def test_a_bar_without_volume_moves_quotes_and_marks_but_prints_no_trade():
    ticks = list(source([(*bars(1)[0][:6], 0.0)]).ticks())
    assert not [tick for tick in ticks if isinstance(tick, TradeTick)]
    assert max(tick.mark for tick in ticks if isinstance(tick, MarkTick)) == Decimal("50020.5")


@pytest.mark.parametrize("volume", [0.001, 0.003, 0.0000123, 0.12345])
def test_a_tiny_or_odd_volume_is_kept_to_its_last_digit(volume):
    (candle,) = candles_of(source([(*bars(1)[0][:6], volume)]).ticks())
    assert candle[4] == Decimal(repr(volume))


def test_funding_is_settled_on_the_instruments_grid():
    known = {"BTCUSDT": {1_700_006_400_000: Decimal("0.0003")}}
    rows = bars(2)
    ticks = BarPriceSource(lambda: rows, INSTRUMENTS, BarShape(bar_minutes=5, depth=1), known).ticks()
    assert [tick for tick in ticks if isinstance(tick, FundingTick)] == [
        FundingTick("BTCUSDT", 1_700_006_400_000, Decimal("0.0003"))
    ]


def test_the_exchange_trades_on_the_ticks_of_bars():
    ticks = source(bars(2)).ticks()
    exchange = Exchange(INSTRUMENTS, wallet_usdt=Decimal(10000), wall_clock=lambda: 1)
    for tick in ticks:
        exchange.on_tick(tick)
    market = exchange.market("BTCUSDT")
    assert market.last == market.mark == Decimal(50004)
    assert market.book.best_bid < market.book.best_ask
