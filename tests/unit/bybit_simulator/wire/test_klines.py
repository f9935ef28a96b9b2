from datetime import UTC, datetime

import numpy as np
import pytest

from adapters.bybit_simulator.instruments import listed_instruments
from adapters.bybit_simulator.klines import INTERVALS, KlineSeries, kline_end, kline_start, require_interval
from adapters.bybit_simulator.market_board import PublicMarket
from adapters.bybit_simulator.market_sources import build_candle_market
from adapters.bybit_simulator.refusals import Refused
from nautilus_bot.market.candles import Candles

MINUTE = 60_000


def ms(text):
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1_000)


@pytest.mark.parametrize(
    ("interval", "start", "end"),
    [
        ("1", "2025-06-18T13:47", "2025-06-18T13:48"),
        ("240", "2025-06-18T12:00", "2025-06-18T16:00"),
        ("D", "2025-06-18T00:00", "2025-06-19T00:00"),
        ("W", "2025-06-16T00:00", "2025-06-23T00:00"),
        ("M", "2025-06-01T00:00", "2025-07-01T00:00"),
    ],
)
def test_a_bar_begins_and_ends_where_bybits_does(interval, start, end):
    opened = kline_start(interval, ms("2025-06-18T13:47:12"))
    assert (opened, kline_end(interval, opened)) == (ms(start), ms(end))


@pytest.mark.parametrize("interval", INTERVALS)
def test_bars_of_an_interval_follow_each_other_without_a_gap(interval):
    start = kline_start(interval, ms("2024-12-30T11:11"))
    for _ in range(5):
        end = kline_end(interval, start)
        assert kline_start(interval, end) == end
        assert kline_start(interval, end - 1) == start
        start = end


def test_trades_form_a_bar_and_time_ends_it():
    series = KlineSeries("1")
    for ts, price in ((0, 10.0), (1, 12.0), (2, 9.0), (3, 11.0)):
        series.add_trade(ts, price, 2.0)
    assert series.roll(MINUTE - 1) == []
    assert series.roll(MINUTE) == [(0, 10.0, 12.0, 9.0, 11.0, 8.0, 84.0)]


def test_a_minute_without_trades_is_flat_at_the_last_close_and_opens_at_its_first_trade():
    series = KlineSeries("1")
    series.add_trade(0, 10.0, 1.0)
    ended = series.roll(2 * MINUTE)
    assert ended[1] == (MINUTE, 10.0, 10.0, 10.0, 10.0, 0.0, 0.0)
    series.add_trade(2 * MINUTE, 12.0, 1.0)
    assert series.forming == (2 * MINUTE, 12.0, 12.0, 12.0, 12.0, 1.0, 12.0)


def test_no_bar_is_made_up_for_a_time_without_any_market():
    series = KlineSeries("1")
    series.add_trade(0, 10.0, 1.0)
    ended = series.roll(7 * MINUTE + 5, heard_ms=30_000)
    assert [bar[0] for bar in ended] == [0]
    assert series.forming[0] == 7 * MINUTE
    series.add_trade(7 * MINUTE + 5, 12.0, 1.0)
    assert [bar[0] // MINUTE for bar in series.page(None, None, 10)] == [7, 0]
    assert series.forming[1:5] == (12.0, 12.0, 12.0, 12.0)


def test_a_market_that_is_heard_without_trades_has_a_bar_for_every_minute():
    market = PublicMarket(listed_instruments(("BTCUSDT",))["BTCUSDT"], [(0, 9.0, 9.0, 9.0, 9.0, 1.0, 9.0)])
    ended = [bar for ts in range(0, 5 * MINUTE + 1, 5_000) for _, bar in market.roll(ts)]
    assert [bar[0] // MINUTE for bar in ended] == [0, 1, 2, 3, 4]


def test_a_market_that_was_not_heard_for_minutes_has_a_hole():
    market = PublicMarket(listed_instruments(("BTCUSDT",))["BTCUSDT"], [(0, 9.0, 9.0, 9.0, 9.0, 1.0, 9.0)])
    ended = [bar for ts in (5_000, 55_000, 10 * MINUTE, 11 * MINUTE) for _, bar in market.roll(ts)]
    assert [bar[0] // MINUTE for bar in ended] == [0, 10]


def test_history_of_coarser_bars_is_minutes_that_make_them_again():
    count = 4
    opens = np.array([100.0, 110.0, 105.0, 120.0])
    candles = Candles(
        ts_open=np.arange(count) * 5 * MINUTE * 1_000_000,
        open=opens,
        high=opens + 9,
        low=opens - 7,
        close=opens + 3,
        volume=np.full(count, 50.0),
    )
    market = build_candle_market({"BTCUSDT": candles}, 5, history_bars=3)
    minutes = market.history["BTCUSDT"]
    assert [bar[0] // MINUTE for bar in minutes] == list(range(15))
    fives = list(KlineSeries("5", minutes))
    assert [bar[:6] for bar in fives] == [
        (n * 5 * MINUTE, o, o + 9, o - 7, o + 3, pytest.approx(50.0)) for n, o in enumerate(opens[:3])
    ]


def test_coarser_bars_are_the_minutes_taken_together():
    minutes = [(n * MINUTE, 10.0 + n, 20.0 + n, 5.0 - n, 11.0 + n, 1.0, 10.0) for n in range(7)]
    five = list(KlineSeries("5", minutes))
    assert five[0] == (0, 10.0, 24.0, 1.0, 15.0, 5.0, 50.0)
    assert [bar[0] for bar in five] == [0, 5 * MINUTE]


@pytest.mark.parametrize(
    ("start", "end", "limit", "expected"),
    [
        (None, None, 3, [9, 8, 7]),
        (None, 4, 3, [4, 3, 2]),
        (2, 4, 10, [4, 3, 2]),
        (2, None, 3, [4, 3, 2]),
        (None, -1, 3, []),
        (20, None, 3, []),
    ],
)
def test_a_page_is_newest_first_and_empty_outside_history(start, end, limit, expected):
    series = KlineSeries("1", [(n * MINUTE, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0) for n in range(10)])
    page = series.page(
        None if start is None else start * MINUTE, None if end is None else end * MINUTE, limit
    )
    assert [bar[0] // MINUTE for bar in page] == expected


def test_an_unknown_interval_is_refused():
    with pytest.raises(Refused, match="Invalid period"):
        require_interval("7")


def test_a_market_of_weeks_keeps_as_many_bars_as_it_opened_with():
    flat = (1.0, 1.0, 1.0, 1.0, 1.0, 1.0)
    (instrument,) = listed_instruments(["BTCUSDT"]).values()
    market = PublicMarket(instrument, [(n * MINUTE, *flat) for n in range(2_000)])
    market.series("5")
    ended = [bar for now in range(2_000, 12_000) for bar in market.roll(now * MINUTE)]
    minutes = list(market.series("1"))
    assert len([bar for interval, bar in ended if interval == "1"]) == 10_000
    assert 2_000 <= len(minutes) < 2_500
    assert [bar[0] for bar in minutes] == [n * MINUTE for n in range(12_000 - len(minutes), 12_000)]
    assert market.series("1").page(None, None, 3) == minutes[-1:-4:-1]
    assert market.series("1").page(0, MINUTE, 3) == []
    assert 2_000 <= len(market.series("5")) < 2_500
