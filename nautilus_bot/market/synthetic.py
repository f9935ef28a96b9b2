"""
A synthetic market: regimes, volatility clusters, jumps, correlated symbols, volume that follows volatility.

One common factor moves all symbols (regime drift, GARCH(1,1) variance, jumps, time of day); each symbol adds
noise of its own. Randomness comes from PCG64 uniforms and everything after them is + - * / and sqrt, so a
seed gives the same market on every platform. Each symbol has a stream of its own: adding a symbol changes no
other. The market is drawn in minutes and summed up to longer bars, so all intervals of a seed agree.
"""

import zlib
from collections.abc import Iterator, Sequence
from itertools import count
from math import sqrt

import numpy as np

from nautilus_bot.core.clocks import NS_PER_HOUR, NS_PER_SEC
from nautilus_bot.core.errors import ConfigError
from nautilus_bot.market.candles import Candles, FloatArray, IntArray, aggregate, concatenate
from nautilus_bot.market.instruments import build_instrument
from nautilus_bot.market.synthetic_factor import Garch, MarketFactor, normals, row_sums
from nautilus_bot.market.synthetic_model import (
    MARKET_HOURLY_VOLATILITY,
    MAX_STEP,
    OTHER,
    RETURN_HOURS,
    SEASON,
    SYMBOLS,
    USUAL_RANGE,
)

type SyntheticBar = tuple[str, int, float, float, float, float, float]
"""Symbol, opening time (ns UTC), open, high, low, close (USDT), volume (base currency)."""

BLOCK_BARS = 1_440
"""Bars that are drawn at once, a day of minutes; part of what a seed means, so it never changes."""

NS_PER_MINUTE = 60 * NS_PER_SEC

STEPS = 4
"""Price steps inside a bar, from which high and low come."""


def synthetic_bars(
    seed: int, symbols: Sequence[str], interval_ns: int, start_ns: int
) -> Iterator[SyntheticBar]:
    """
    Yield an endless market, bar by bar in time order, all symbols of a time in the order given.

    Parameters
    ----------
    seed : int
        Zero or more; the same seed gives the same market.
    symbols : Sequence[str]
        Symbols of ``instruments.json``.
    interval_ns : int
        Length of a bar.
    start_ns : int
        Opening time of the first bar, a multiple of ``interval_ns``.

    Raises
    ------
    ConfigError
        If the seed is negative or the start is off the interval.
    NotFound
        If a symbol is not known.
    """
    for block in _blocks(seed, symbols, interval_ns, start_ns):
        columns = [[column.tolist() for column in block[symbol].columns()] for symbol in symbols]
        for row in range(len(columns[0][0])):
            for symbol, (ts, opens, highs, lows, closes, volumes) in zip(symbols, columns, strict=True):
                yield symbol, ts[row], opens[row], highs[row], lows[row], closes[row], volumes[row]


def synthetic_candles(
    seed: int, symbols: Sequence[str], interval_ns: int, start_ns: int, n_bars: int
) -> dict[str, Candles]:
    """
    Return the first ``n_bars`` of the market that ``synthetic_bars`` yields, as arrays by symbol.

    Raises
    ------
    ConfigError
        If the seed is negative, the start is off the interval or no bar is asked for.
    NotFound
        If a symbol is not known.
    """
    if n_bars < 1:
        raise ConfigError(f"a synthetic market must have at least one bar, {n_bars} were asked for")
    blocks = _blocks(seed, symbols, interval_ns, start_ns)
    per_block = BLOCK_BARS * _drawn_interval(interval_ns) // interval_ns
    drawn = [next(blocks) for _ in range(-(-n_bars // per_block))]
    return {symbol: concatenate([block[symbol] for block in drawn])[:n_bars] for symbol in symbols}


def _blocks(
    seed: int, symbols: Sequence[str], interval_ns: int, start_ns: int
) -> Iterator[dict[str, Candles]]:
    if seed < 0:
        raise ConfigError(f"a seed must be zero or more, was {seed}")
    if start_ns % interval_ns:
        raise ConfigError(f"start must be a multiple of the interval {interval_ns} ns, was {start_ns}")
    drawn_ns = _drawn_interval(interval_ns)
    factor = MarketFactor(seed, drawn_ns)
    series = {symbol: _SymbolSeries(seed, symbol, drawn_ns) for symbol in symbols}
    for number in count():
        first = start_ns + number * BLOCK_BARS * drawn_ns
        ts_open = first + np.arange(BLOCK_BARS, dtype=np.int64) * drawn_ns
        season = np.array(SEASON)[(ts_open // NS_PER_HOUR) % 24]
        market_steps = factor.draw(season, STEPS)
        yield {
            symbol: aggregate(
                one.draw(ts_open, season, market_steps), interval_ns // drawn_ns, one.lot_decimals
            )
            for symbol, one in series.items()
        }


def _drawn_interval(interval_ns: int) -> int:
    """Return the interval that is drawn: a minute, or the bar itself where no whole minutes make it up."""
    whole_day = BLOCK_BARS * NS_PER_MINUTE
    return NS_PER_MINUTE if interval_ns % NS_PER_MINUTE == 0 and whole_day % interval_ns == 0 else interval_ns


class _SymbolSeries:
    """One symbol's price on its way through the blocks."""

    def __init__(self, seed: int, symbol: str, interval_ns: int) -> None:
        instrument = build_instrument(symbol)
        self._model = SYMBOLS.get(symbol, OTHER)
        self._random = np.random.Generator(np.random.PCG64([seed, zlib.crc32(symbol.encode())]))
        self._hours = interval_ns / NS_PER_HOUR
        self._noise = Garch(self._hours)
        self._tick = float(instrument.price_increment)
        self._price_decimals = instrument.price_precision
        self._lot = float(instrument.size_increment)
        self.lot_decimals = instrument.size_precision
        self._last = self._model.price

    def draw(self, ts_open: IntArray, season: FloatArray, market_steps: FloatArray) -> Candles:
        """Return the next block; ``market_steps`` has one row a bar and one column a step inside it."""
        own = normals(self._random, market_steps.shape)
        deviation = self._noise.deviations(row_sums(own)) * season * self._own_deviation()
        steps = self._model.beta * market_steps + (deviation / sqrt(STEPS))[:, None] * own - self._pull()
        growth = 1.0 + np.clip(steps, -MAX_STEP, MAX_STEP)
        path = self._last * np.cumprod(growth.ravel()).reshape(steps.shape)
        opens = np.concatenate([[self._last], path[:-1, -1]])
        self._last = float(path[-1, -1])
        return self._candles(ts_open, opens, path, season)

    def _own_deviation(self) -> float:
        return self._model.hourly_volatility * sqrt(self._hours)

    def _pull(self) -> float:
        """Return the step that draws the price back to its level, so that an endless market stays sane."""
        distance = (self._last - self._model.price) / max(self._last, self._model.price)
        share = min(0.5, self._hours * BLOCK_BARS / RETURN_HOURS)
        return distance * share / (BLOCK_BARS * STEPS)

    def _candles(self, ts_open: IntArray, opens: FloatArray, path: FloatArray, season: FloatArray) -> Candles:
        closes = path[:, -1]
        highs = np.maximum(opens, path.max(axis=1))
        lows = np.minimum(opens, path.min(axis=1))
        volumes = self._volumes((highs - lows) / opens, closes, season)
        columns = [*(self._on_tick(price) for price in (opens, highs, lows, closes)), volumes]
        return Candles(ts_open, *columns)

    def _volumes(self, ranges: FloatArray, closes: FloatArray, season: FloatArray) -> FloatArray:
        """Return volumes in base currency that rise with the bar's range and the time of day."""
        usual = (
            USUAL_RANGE
            * sqrt(self._hours)
            * (self._model.hourly_volatility + self._model.beta * MARKET_HOURLY_VOLATILITY)
        )
        chance = self._random.random(len(closes))
        noise = 0.45 + chance / (1.25 - chance)
        turnover = self._model.hourly_turnover_usdt * self._hours * season * (0.25 + ranges / usual) * noise
        lots = np.maximum(1.0, np.rint(turnover / closes / self._lot))
        return np.round(lots * self._lot, self.lot_decimals)

    def _on_tick(self, prices: FloatArray) -> FloatArray:
        ticks = np.maximum(1.0, np.rint(prices / self._tick))
        return np.round(ticks * self._tick, self._price_decimals)
