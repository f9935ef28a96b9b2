"""Ticks inside bars, so that a backtest can look at forming bars: a plausible path, not history."""

from collections.abc import Sequence
from pathlib import Path
from random import Random

from nautilus_trader.model.data import BarType, TradeTick
from nautilus_trader.model.enums import AggressorSide
from nautilus_trader.model.identifiers import TradeId
from nautilus_trader.model.instruments import Instrument

from nautilus_bot.market.data_catalog import load_candles
from nautilus_bot.market.instruments import build_instrument, symbol_of
from nautilus_bot.market.intervals import bar_length_ns
from nautilus_bot.market.paths import MIN_POINTS, bar_path

SEED = 1


def build_ticks(
    root: Path, bar_types: Sequence[str], start_ns: int, end_ns: int, per_bar: int
) -> list[TradeTick]:
    """
    Return trades that make exactly the stored bars.

    Parameters
    ----------
    root : Path
        The data catalog.
    bar_types : Sequence[str]
        Series to walk through.
    start_ns, end_ns : int
        First and last closing time, ns UTC, both included.
    per_bar : int
        Trades in each bar, at least ``MIN_POINTS``.

    Returns
    -------
    list[TradeTick]
        In no particular order between series; the engine sorts.
    """
    ticks: list[TradeTick] = []
    for name in bar_types:
        bar_type = BarType.from_str(name)
        instrument = build_instrument(symbol_of(bar_type.instrument_id))
        candles = load_candles(root, bar_type, start_ns, end_ns)
        rows = zip(*(column.tolist() for column in candles.columns()), strict=True)
        length, rng = bar_length_ns(bar_type), Random(SEED)
        for ts_open, *ohlcv in rows:
            ticks += _bar_ticks(instrument, int(ts_open), length, ohlcv, per_bar, rng)
    return ticks


def _bar_ticks(
    instrument: Instrument, ts_open: int, length: int, ohlcv: list[float], per_bar: int, rng: Random
) -> list[TradeTick]:
    grid, step = 10**instrument.price_precision, float(instrument.size_increment)
    open_, high, low, close = (round(price * grid) for price in ohlcv[:4])
    lots = max(MIN_POINTS, round(ohlcv[4] / step))
    made = []
    for number, point in enumerate(
        bar_path((open_, high, low, close), lots, points=max(per_bar, MIN_POINTS), rng=rng)
    ):
        ts = ts_open + int(point.fraction * length)
        made.append(
            TradeTick(
                instrument.id,
                instrument.make_price(point.ticks / grid),
                instrument.make_qty(point.lots * step),
                AggressorSide.BUYER if point.taker_buys else AggressorSide.SELLER,
                TradeId(f"{ts_open // 1_000_000_000}-{number}"),
                ts,
                ts,
            )
        )
    return made
