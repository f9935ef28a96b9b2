"""Markets to play: bars that exist before the start, and a source of ticks that continues them."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Final, NamedTuple

from adapters.bybit_simulator.config import BybitSimulatorConfig
from adapters.bybit_simulator.instruments import LinearInstrument, listed_instruments
from adapters.bybit_simulator.klines import MINUTE_MS, Kline, KlineSeries, kline_start
from adapters.bybit_simulator.prices import PriceSource
from adapters.bybit_simulator.prices_bars import BarPriceSource, BarRow, BarShape, bar_trades
from nautilus_bot.core.errors import ConfigError
from nautilus_bot.market.candles import Candles
from nautilus_bot.market.synthetic import synthetic_bars

NS_PER_MS: Final = 1_000_000
MINUTE_NS: Final = MINUTE_MS * NS_PER_MS
# 2025-01-01T00:00:00Z: an accelerated market starts in the past, so that it never overtakes the wall clock.
ACCELERATED_START_MS: Final = 1_735_689_600_000


class Market(NamedTuple):
    """
    What a simulator plays.

    Parameters
    ----------
    source : PriceSource
        Ticks from the start on.
    history : dict[str, list[Kline]]
        Minute bars by symbol from before the start, oldest first.
    """

    source: PriceSource
    history: dict[str, list[Kline]]


def build_synthetic_market(config: BybitSimulatorConfig, *, resume_ms: int | None = None) -> Market:
    """
    Return the endless synthetic market of the configuration's seed.

    Parameters
    ----------
    config : BybitSimulatorConfig
        Seed, symbols, speed, start and number of bars before it.
    resume_ms : int, optional
        Market time to continue from after a restart, ms UTC.
    """
    start_ms = _start_ms(config) if resume_ms is None else resume_ms
    origin_ms = _origin_ms(config, start_ms) - config.history_bars * MINUTE_MS
    first_live = start_ms // MINUTE_MS * MINUTE_MS
    n_before = (first_live - origin_ms) // MINUTE_MS * len(config.symbols)

    def rows() -> Iterator[BarRow]:
        return synthetic_bars(config.seed, config.symbols, MINUTE_NS, origin_ms * NS_PER_MS)

    shape = BarShape(seed=config.seed, trades_per_minute=_trades_per_minute(config.speed))
    return _market(rows, n_before, listed_instruments(config.symbols), shape)


def build_candle_market(
    candles: Mapping[str, Candles], bar_minutes: int, *, history_bars: int, seed: int = 1
) -> Market:
    """
    Return a market that plays real candles, each turned into quotes and trades that make it again.

    Parameters
    ----------
    candles : Mapping[str, Candles]
        By symbol; times may differ between symbols.
    bar_minutes : int
        Length of a candle.
    history_bars : int
        Opening times that are history; the rest is played.
    seed : int
        Chooses the paths inside the candles.

    Raises
    ------
    ConfigError
        If nothing would be left to play.
    """
    table = sorted(
        (row for symbol, bars in candles.items() for row in _rows_of(symbol, bars)), key=lambda r: r[1]
    )
    times = sorted({row[1] for row in table})
    if history_bars >= len(times):
        raise ConfigError(
            f"history_bars must be below the {len(times)} candles there are, was {history_bars}"
        )
    n_before = sum(1 for row in table if row[1] < times[history_bars])
    shape = BarShape(bar_minutes=bar_minutes, seed=seed)
    return _market(lambda: iter(table), n_before, listed_instruments(tuple(candles)), shape)


def _market(
    rows: Callable[[], Iterator[BarRow]],
    n_before: int,
    instruments: Mapping[str, LinearInstrument],
    shape: BarShape,
) -> Market:
    history: dict[str, list[Kline]] = {symbol: [] for symbol in instruments}
    for row in islice(rows(), n_before):
        history[row[0]] += _minutes(row, instruments[row[0]], shape)

    def live() -> Iterable[BarRow]:
        return islice(rows(), n_before, None)

    return Market(BarPriceSource(live, instruments, shape), history)


def _minutes(row: BarRow, instrument: LinearInstrument, shape: BarShape) -> Iterable[Kline]:
    """Return a bar as minute bars: itself, or those that playing its path would have made."""
    _, ts_open_ns, open_, high, low, close, volume = row
    if shape.bar_minutes == 1:
        return [(ts_open_ns // NS_PER_MS, open_, high, low, close, volume, volume * (open_ + close) / 2)]
    minutes = KlineSeries("1")
    for trade, _ticks in bar_trades(row, instrument, shape):
        minutes.roll(trade.ts_ms)
        minutes.add_trade(trade.ts_ms, float(trade.price), float(trade.qty))
    return minutes


def _rows_of(symbol: str, bars: Candles) -> Iterator[BarRow]:
    columns = [column.tolist() for column in bars.columns()]
    for ts_open, open_, high, low, close, volume in zip(*columns, strict=True):
        yield symbol, ts_open, open_, high, low, close, volume


def _start_ms(config: BybitSimulatorConfig) -> int:
    if config.market_start_ms is not None:
        return config.market_start_ms
    return time.time_ns() // NS_PER_MS if config.speed <= 1 else ACCELERATED_START_MS


def _origin_ms(config: BybitSimulatorConfig, start_ms: int) -> int:
    """
    Return where the market of a seed begins, before its history.

    A restart must find the same prices again, so this is one moment: the accelerated start, or the start of
    the month in real time (a market is generated from its origin, and a month takes a fraction of a second).
    """
    if config.market_start_ms is not None:
        return min(config.market_start_ms, start_ms) // MINUTE_MS * MINUTE_MS
    return kline_start("M", start_ms) if config.speed <= 1 else min(ACCELERATED_START_MS, start_ms)


def _trades_per_minute(speed: float) -> int:
    """Aim at four trades per wall second, but never fewer than one in three seconds of market time."""
    return max(20, min(240, int(240 / speed)))
