"""``/v5/position``: the net position of each symbol."""

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Final

from adapters.bybit_simulator.refusals import bad_request
from adapters.bybit_simulator.requests import SetTradingStop, parse_request
from adapters.bybit_simulator.routing import (
    Answer,
    Params,
    Route,
    integer,
    paged,
    require_linear,
    require_text,
)
from adapters.bybit_simulator.wire import CATEGORY, position_row

if TYPE_CHECKING:
    from adapters.bybit_simulator.venue import Venue


def positions(venue: "Venue", params: Params) -> Answer:
    """Return the asked symbol's position, flat or not, or all open positions of a settle coin."""
    require_linear(params)
    symbol, settle_coin = params.get("symbol"), params.get("settleCoin")
    if symbol:
        found = [venue.exchange.position(venue.board.market(str(symbol)).symbol)]
    elif settle_coin == "USDT":
        found = [position for position in venue.exchange.positions() if position.size]
    elif settle_coin:
        found = []
    else:
        raise bad_request("Request parameter error: symbol or settleCoin is required")
    page, cursor = paged([position_row(position) for position in found], params, 20, 200)
    return Answer({"list": page, "nextPageCursor": cursor, "category": CATEGORY})


def set_leverage(venue: "Venue", params: Params) -> Answer:
    """Set the leverage of a symbol."""
    require_linear(params)
    symbol = venue.board.market(require_text(params, "symbol")).symbol
    venue.exchange.set_leverage(symbol, _leverage(params, "buyLeverage"), _leverage(params, "sellLeverage"))
    return Answer({})


def switch_mode(venue: "Venue", params: Params) -> Answer:
    """Refuse hedge mode; one-way mode is what the account has."""
    require_linear(params)
    mode = integer(params, "mode")
    if mode is None:
        raise bad_request("params error: mode is required")
    symbol = params.get("symbol")
    venue.exchange.switch_mode(mode, str(symbol) if symbol else None)
    return Answer({})


def set_trading_stop(venue: "Venue", params: Params) -> Answer:
    """Protect the position by a take-profit and a stop-loss."""
    require_linear(params)
    venue.exchange.set_trading_stop(parse_request(SetTradingStop, params))
    return Answer({})


def _leverage(params: Params, name: str) -> Decimal:
    try:
        return Decimal(require_text(params, name))
    except InvalidOperation as e:
        raise bad_request(f"params error: {name} must be a number") from e


ROUTES: Final = (
    Route("GET", "/v5/position/list", positions),
    Route("POST", "/v5/position/set-leverage", set_leverage),
    Route("POST", "/v5/position/switch-mode", switch_mode),
    Route("POST", "/v5/position/trading-stop", set_trading_stop),
)
