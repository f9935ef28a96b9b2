"""Fetch the history that strategies need before they trade, in the venue's own market time."""

from nautilus_trader.model.data import BarType

from adapters.bybit.rest import BybitRest
from nautilus_bot.core.messages import WarmupBars
from nautilus_bot.market.intervals import bar_length_ns

BYBIT_INTERVALS = {60: "1", 180: "3", 300: "5", 900: "15", 1800: "30", 3600: "60", 14400: "240", 86400: "D"}


def fetch_warmup(rest: BybitRest, bar_type_name: str, bars: int) -> WarmupBars:
    """
    Return the latest closed bars.

    Parameters
    ----------
    rest : BybitRest
        A session with the venue.
    bar_type_name : str
        E.g. ``BTCUSDT-LINEAR.BYBIT-15-MINUTE-LAST-EXTERNAL``.
    bars : int
        At most 999.

    Notes
    -----
    No bounds are sent: on an accelerated simulated venue the market clock is not ours. The newest candle may
    still be forming and is left out.
    """
    bar_type = BarType.from_str(bar_type_name)
    length = bar_length_ns(bar_type)
    symbol = bar_type.instrument_id.symbol.value.removesuffix("-LINEAR")
    klines = rest.klines(symbol, BYBIT_INTERVALS[length // 1_000_000_000], limit=min(bars + 1, 1000))[:-1]
    rows = tuple(
        (k.ts_open + length, float(k.open), float(k.high), float(k.low), float(k.close), float(k.volume))
        for k in klines
    )
    return WarmupBars(
        ts_event=rows[-1][0] if rows else 0,
        bar_type=bar_type_name,
        instrument_id=bar_type.instrument_id.value,
        rows=rows,
    )
