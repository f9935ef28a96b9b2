"""``/v5/market``: what anyone may ask."""

import time
from typing import TYPE_CHECKING, Final

from adapters.bybit_simulator.klines import require_interval
from adapters.bybit_simulator.routing import (
    Answer,
    Params,
    Route,
    integer,
    page_limit,
    paged,
    require_linear,
    require_text,
)
from adapters.bybit_simulator.wire import CATEGORY
from adapters.bybit_simulator.wire_market import (
    funding_row,
    instrument_row,
    kline_row,
    level_rows,
    ticker_row,
    trade_row,
)

if TYPE_CHECKING:
    from adapters.bybit_simulator.venue import Venue

NS_PER_MS: Final = 1_000_000


def server_time(venue: "Venue", params: Params) -> Answer:  # noqa: ARG001  every handler has this form
    """Return the wall clock."""
    now_ms = venue.clock()
    nanoseconds = now_ms * NS_PER_MS + time.time_ns() % NS_PER_MS
    return Answer({"timeSecond": str(now_ms // 1_000), "timeNano": str(nanoseconds)})


def instruments_info(venue: "Venue", params: Params) -> Answer:
    """Return the listed instruments."""
    require_linear(params)
    rows = [instrument_row(venue.board.market(symbol).instrument) for symbol in _symbols(venue, params)]
    page, cursor = paged(rows, params, 500, 1_000)
    return Answer({"category": CATEGORY, "list": page, "nextPageCursor": cursor})


def klines(venue: "Venue", params: Params) -> Answer:
    """Return bars, newest first; an empty list before history begins, which ends the caller's paging."""
    require_linear(params)
    market = venue.board.market(require_text(params, "symbol"))
    series = market.series(require_interval(require_text(params, "interval")))
    limit = page_limit(params, 200, 1_000)
    bars = series.page(integer(params, "start"), integer(params, "end"), limit)
    rows = [kline_row(bar, market.instrument) for bar in bars]
    return Answer({"category": CATEGORY, "symbol": market.symbol, "list": rows})


def orderbook(venue: "Venue", params: Params) -> Answer:
    """Return the book."""
    require_linear(params)
    market = venue.board.market(require_text(params, "symbol"))
    depth = page_limit(params, 25, 500)
    return Answer(
        {
            "s": market.symbol,
            "b": level_rows(market.bids, depth),
            "a": level_rows(market.asks, depth),
            "ts": market.ts_ms,
            "u": market.seq,
            "seq": market.seq,
            "cts": market.book_ts_ms,
        }
    )


def tickers(venue: "Venue", params: Params) -> Answer:
    """Return the tickers."""
    require_linear(params)
    rows = [ticker_row(venue.board.market(symbol)) for symbol in _symbols(venue, params)]
    return Answer({"category": CATEGORY, "list": rows})


def recent_trades(venue: "Venue", params: Params) -> Answer:
    """Return public trades, newest first."""
    require_linear(params)
    market = venue.board.market(require_text(params, "symbol"))
    newest_first = list(market.trades)[::-1][: page_limit(params, 500, 1_000)]
    return Answer({"category": CATEGORY, "list": [trade_row(trade) for trade in newest_first]})


def funding_history(venue: "Venue", params: Params) -> Answer:
    """Return funding settlements, newest first."""
    require_linear(params)
    market = venue.board.market(require_text(params, "symbol"))
    start, end = integer(params, "startTime", 0), integer(params, "endTime")
    settled = [
        funding_row(market.symbol, ts_ms, rate)
        for ts_ms, rate in reversed(market.funding_history)
        if ts_ms >= (start or 0) and (end is None or ts_ms <= end)
    ]
    return Answer({"category": CATEGORY, "list": settled[: page_limit(params, 200, 200)]})


def _symbols(venue: "Venue", params: Params) -> list[str]:
    symbol = params.get("symbol")
    return [str(symbol)] if symbol else [market.symbol for market in venue.board]


ROUTES: Final = (
    Route("GET", "/v5/market/time", server_time, is_signed=False),
    Route("GET", "/v5/market/instruments-info", instruments_info, is_signed=False),
    Route("GET", "/v5/market/kline", klines, is_signed=False),
    Route("GET", "/v5/market/orderbook", orderbook, is_signed=False),
    Route("GET", "/v5/market/tickers", tickers, is_signed=False),
    Route("GET", "/v5/market/recent-trade", recent_trades, is_signed=False),
    Route("GET", "/v5/market/funding/history", funding_history, is_signed=False),
)
