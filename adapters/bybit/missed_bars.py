"""Fetch the bars that closed while a public stream was silent, so that no strategy sees a hole."""

import asyncio
from typing import Final

from nautilus_trader.adapters.bybit.data import BybitDataClient
from nautilus_trader.model.data import Bar, BarType
from nautilus_trader.model.objects import Price, Quantity

from adapters.bybit.history import BYBIT_INTERVALS
from adapters.bybit.rest import BybitRest, Kline
from nautilus_bot.core.clocks import NS_PER_SEC
from nautilus_bot.market.instruments import symbol_of
from nautilus_bot.market.intervals import bar_length_ns

MOST_BARS: Final = 1_000


async def fetch_missed_bars(client: BybitDataClient, rest: BybitRest, bar_types: list[BarType]) -> int:
    """
    Hand the closed bars after the last one that arrived to the data engine, oldest first.

    Parameters
    ----------
    client : BybitDataClient
        The node's data client.
    rest : BybitRest
        A session with the venue.
    bar_types : list[BarType]
        What is subscribed; one of which no bar has arrived yet has nothing to miss.

    Returns
    -------
    int
        Bars that were handed on.
    """
    handed = 0
    for bar_type in bar_types:
        length = bar_length_ns(bar_type)
        word = BYBIT_INTERVALS[length // NS_PER_SEC]
        symbol = symbol_of(bar_type.instrument_id)
        klines = await asyncio.to_thread(rest.klines, symbol, word, limit=MOST_BARS)
        last = client._cache.bar(bar_type)
        missed = [k for k in klines[:-1] if last is not None and k.ts_open + length > last.ts_event]
        for kline in missed:
            client._handle_data(_to_bar(client, bar_type, kline, kline.ts_open + length))
        handed += len(missed)
    return handed


def _to_bar(client: BybitDataClient, bar_type: BarType, kline: Kline, closed_ns: int) -> Bar:
    instrument = client._cache.instrument(bar_type.instrument_id)
    prices = (
        Price(float(text), instrument.price_precision)
        for text in (kline.open, kline.high, kline.low, kline.close)
    )
    volume = Quantity(float(kline.volume), instrument.size_precision)
    return Bar(bar_type, *prices, volume, closed_ns, client._clock.timestamp_ns())
