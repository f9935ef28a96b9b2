"""Candles from trades."""

from decimal import Decimal

from adapters.bybit_simulator.candles import MAX_FLAT, CandleStore, interval_minutes
from adapters.bybit_simulator.prices import MarkTick, TradeTick

MINUTE = 60_000
START = 1_700_006_400_000


def store_of(*trades):
    store = CandleStore(["BTCUSDT"])
    closed = [kline for at, price, qty in trades for kline in store.on_tick(trade(at, price, qty))]
    return store, closed


def trade(at_ms, price, qty=1):
    return TradeTick("BTCUSDT", START + at_ms, Decimal(price), Decimal(qty), "Buy")


def test_a_candle_closes_when_time_passes_its_end_even_without_a_trade():
    store, closed = store_of((0, 10, 1), (1000, 12, 2), (30_000, 9, 1))
    assert closed == []
    assert store.forming("BTCUSDT", 1).confirm is False
    (kline,) = store.on_tick(MarkTick("BTCUSDT", START + MINUTE, Decimal(9), Decimal(9)))
    candle = kline.candle
    assert (kline.interval, candle.confirm) == (1, True)
    assert (candle.open, candle.high, candle.low, candle.close, candle.volume) == (10, 12, 9, 9, 4)
    assert candle.turnover == 10 + 24 + 9


def test_every_interval_closes_on_its_own_boundary():
    store, _ = store_of((0, 10, 1))
    closed = [k for minute in range(1, 61) for k in store.on_tick(trade(minute * MINUTE, 10 + minute))]
    counts = {interval: sum(k.interval == interval for k in closed) for interval in (1, 5, 15, 60)}
    assert counts == {1: 60, 5: 12, 15: 4, 60: 1}
    hour = store.klines("BTCUSDT", 60)[1]
    assert (hour.open, hour.high, hour.close, hour.volume) == (10, 69, 69, 60)


def test_a_quiet_minute_gives_a_flat_candle_at_the_last_close():
    _, closed = store_of((0, 10, 1), (3 * MINUTE, 11, 1))
    flat = [k.candle for k in closed if k.interval == 1][1:]
    assert [(c.open, c.high, c.low, c.close, c.volume) for c in flat] == [(10, 10, 10, 10, 0)] * 2


def test_a_long_hole_stays_a_hole():
    store, closed = store_of((0, 10, 1), ((MAX_FLAT + 5) * MINUTE, 11, 1))
    assert len([k for k in closed if k.interval == 1]) == 1
    assert [c.open for c in store.klines("BTCUSDT", 1)] == [11, 10]


def test_the_first_trade_opens_a_candle_that_time_had_begun():
    store, _ = store_of((0, 10, 1))
    store.on_tick(MarkTick("BTCUSDT", START + MINUTE, Decimal(10), Decimal(10)))
    store.on_tick(trade(MINUTE + 5, 15))
    assert (store.forming("BTCUSDT", 1).open, store.forming("BTCUSDT", 1).low) == (15, 15)


def test_queries_are_newest_first_and_bounded():
    store, _ = store_of(*((minute * MINUTE, 10 + minute, 1) for minute in range(10)))

    def opens(**bounds):
        return [int(c.open) for c in store.klines("BTCUSDT", 1, **bounds)]

    assert opens() == list(range(19, 9, -1))
    assert opens(limit=2) == [19, 18]
    assert opens(end_ms=START + 3 * MINUTE, limit=2) == [13, 12]
    assert opens(start_ms=START + 2 * MINUTE, end_ms=START + 4 * MINUTE) == [14, 13, 12]
    assert opens(start_ms=START + 2 * MINUTE, limit=2) == [13, 12]
    assert opens(end_ms=START - 1) == []


def test_history_from_bars_fills_the_interval_and_its_multiples():
    store = CandleStore(["BTCUSDT"])
    rows = [
        ("BTCUSDT", (START + i * 5 * MINUTE) * 1_000_000, 10.0 + i, 20.0 + i, 5.0, 11.0 + i, 2.0)
        for i in range(4)
    ]
    store.seed(rows, 5)
    assert store.klines("BTCUSDT", 1) == []
    assert [int(c.open) for c in store.klines("BTCUSDT", 5)] == [13, 12, 11, 10]
    whole, forming = store.klines("BTCUSDT", 15)[::-1]
    assert (whole.open, whole.high, whole.low, whole.close, whole.volume) == (10, 22, 5, 13, 6)
    assert (whole.confirm, forming.confirm) == (True, False)
    store.on_tick(trade(20 * MINUTE, 99))
    store.on_tick(trade(30 * MINUTE, 50))
    second = store.klines("BTCUSDT", 15)[1]
    assert (second.open, second.high, second.volume, second.confirm) == (13, 99, 3, True)


def test_history_starts_with_a_whole_candle():
    store = CandleStore(["BTCUSDT"])
    rows = [
        ("BTCUSDT", (START + i * 5 * MINUTE) * 1_000_000, 10.0, 20.0, 5.0, 11.0, 2.0) for i in range(2, 7)
    ]
    store.seed(rows, 5)
    assert [c.start_ms for c in store.klines("BTCUSDT", 15)] == [START + 30 * MINUTE, START + 15 * MINUTE]


def test_interval_words_are_bybits():
    assert [interval_minutes(word) for word in ("1", "60", "D", "7", "W", "x")] == [
        1,
        60,
        1440,
        None,
        None,
        None,
    ]
