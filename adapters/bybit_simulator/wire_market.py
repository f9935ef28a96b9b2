"""The public market in Bybit's JSON: instruments, klines, tickers, trades and books."""

from typing import Any

from adapters.bybit_simulator.instruments import LinearInstrument
from adapters.bybit_simulator.klines import Kline, kline_end
from adapters.bybit_simulator.market_board import PublicMarket, PublicTrade
from adapters.bybit_simulator.prices import Level
from adapters.bybit_simulator.wire import amount, text

type Row = dict[str, Any]


def instrument_row(instrument: LinearInstrument) -> Row:
    """Return an instrument as in ``/v5/market/instruments-info``."""
    tick = text(instrument.tick_size)
    return {
        "symbol": instrument.symbol,
        "contractType": "LinearPerpetual",
        "status": "Trading",
        "baseCoin": instrument.base_coin,
        "quoteCoin": instrument.quote_coin,
        "launchTime": str(instrument.launch_ms),
        "deliveryTime": "0",
        "deliveryFeeRate": "",
        "priceScale": str(instrument.price_scale),
        "leverageFilter": {
            "minLeverage": "1",
            "maxLeverage": f"{instrument.max_leverage:.2f}",
            "leverageStep": text(instrument.leverage_step),
        },
        "priceFilter": {
            "minPrice": text(instrument.min_price),
            "maxPrice": text(instrument.max_price),
            "tickSize": tick,
        },
        "lotSizeFilter": {
            "maxOrderQty": text(instrument.max_order_qty),
            "minOrderQty": text(instrument.min_order_qty),
            "qtyStep": text(instrument.qty_step),
            "postOnlyMaxOrderQty": text(instrument.max_order_qty),
            "maxMktOrderQty": text(instrument.max_market_qty),
            "minNotionalValue": text(instrument.min_notional),
        },
        "unifiedMarginTrade": True,
        "fundingInterval": instrument.funding_interval_mins,
        "settleCoin": instrument.settle_coin,
        "copyTrading": "none",
        "upperFundingRate": "0.00375",
        "lowerFundingRate": "-0.00375",
        "isPreListing": False,
        "preListingInfo": None,
        "riskParameters": {
            "priceLimitRatioX": text(instrument.price_limit_ratio),
            "priceLimitRatioY": text(instrument.price_limit_ratio * 2),
        },
        "symbolType": "",
    }


def kline_row(bar: Kline, instrument: LinearInstrument) -> list[str]:
    """Return a bar as the seven strings of ``/v5/market/kline``."""
    start, *prices, volume, turnover = bar
    scale = instrument.price_scale
    return [
        str(start),
        *(f"{price:.{scale}f}" for price in prices),
        f"{volume:.{_decimals(instrument)}f}",
        f"{turnover:.4f}",
    ]


def kline_message(
    bar: Kline, interval: str, instrument: LinearInstrument, ts_ms: int, *, confirm: bool
) -> Row:
    """Return a bar as in the ``kline`` topic."""
    _, open_, high, low, close, volume, turnover = kline_row(bar, instrument)
    return {
        "start": bar[0],
        "end": kline_end(interval, bar[0]) - 1,
        "interval": interval,
        "open": open_,
        "close": close,
        "high": high,
        "low": low,
        "volume": volume,
        "turnover": turnover,
        "confirm": confirm,
        "timestamp": ts_ms,
    }


def ticker_message(market: PublicMarket) -> Row:
    """
    Return the ticker with every field, best bid and ask always among them.

    Nautilus does not merge deltas: a frame without prices yields no quote.
    """
    instrument, day = market.instrument, market.statistics()
    scale = instrument.price_scale
    last = market.last_price if market.last_price is not None else market.reference_price
    bid, ask = _best(market.bids), _best(market.asks)
    change = (float(last) - day.previous) / day.previous if day.previous else 0.0
    interest = day.volume / 2
    return {
        "symbol": market.symbol,
        "tickDirection": market.tick_direction,
        "price24hPcnt": f"{change:.6f}",
        "lastPrice": text(last),
        "prevPrice24h": f"{day.previous:.{scale}f}",
        "highPrice24h": f"{day.high:.{scale}f}",
        "lowPrice24h": f"{day.low:.{scale}f}",
        "prevPrice1h": f"{day.previous_hour:.{scale}f}",
        "markPrice": text(market.reference_price),
        "indexPrice": text(market.index_price if market.index_price is not None else market.reference_price),
        "openInterest": f"{interest:.{_decimals(instrument)}f}",
        "openInterestValue": f"{interest * float(last):.2f}",
        "turnover24h": f"{day.turnover:.4f}",
        "volume24h": f"{day.volume:.4f}",
        "fundingIntervalHour": str(instrument.funding_interval_mins // 60),
        "fundingCap": "0.005",
        "nextFundingTime": str(market.next_funding_ms),
        "fundingRate": text(market.funding_rate),
        "bid1Price": bid[0],
        "bid1Size": bid[1],
        "ask1Price": ask[0],
        "ask1Size": ask[1],
        "preOpenPrice": "",
        "preQty": "",
        "curPreListingPhase": "",
    }


def ticker_row(market: PublicMarket) -> Row:
    """Return the ticker as in ``/v5/market/tickers``."""
    fields = ticker_message(market)
    del fields["tickDirection"]
    return fields | {
        "predictedDeliveryPrice": "",
        "basisRate": "",
        "basis": "",
        "basisRateYear": "",
        "deliveryFeeRate": "",
        "deliveryTime": "0",
    }


def trade_message(published: PublicTrade) -> Row:
    """Return a trade as in the ``publicTrade`` topic."""
    trade = published.trade
    return {
        "T": trade.ts_ms,
        "s": trade.symbol,
        "S": trade.side,
        "v": text(trade.qty),
        "p": text(trade.price),
        "L": published.tick_direction,
        "i": published.trade_id,
        "BT": False,
        "seq": published.seq,
    }


def trade_row(published: PublicTrade) -> Row:
    """Return a trade as in ``/v5/market/recent-trade``."""
    trade = published.trade
    return {
        "execId": published.trade_id,
        "symbol": trade.symbol,
        "price": text(trade.price),
        "size": text(trade.qty),
        "side": trade.side,
        "time": str(trade.ts_ms),
        "isBlockTrade": False,
        "isRPITrade": False,
        "seq": str(published.seq),
    }


def level_rows(levels: tuple[Level, ...], depth: int) -> list[list[str]]:
    """Return book levels as pairs of strings."""
    return [[text(price), text(qty)] for price, qty in levels[:depth]]


def funding_row(symbol: str, ts_ms: int, rate: Any) -> Row:
    """Return a settlement as in ``/v5/market/funding/history``."""
    return {"symbol": symbol, "fundingRate": amount(rate), "fundingRateTimestamp": str(ts_ms)}


def _best(levels: tuple[Level, ...]) -> tuple[str, str]:
    return (text(levels[0][0]), text(levels[0][1])) if levels else ("", "")


def _decimals(instrument: LinearInstrument) -> int:
    return max(0, -int(instrument.qty_step.as_tuple().exponent))
