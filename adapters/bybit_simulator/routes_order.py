"""``/v5/order`` and ``/v5/execution``: commands, shared with the trade socket, and queries."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from adapters.bybit_simulator.faults import PartialFillThenDisconnect
from adapters.bybit_simulator.orders import Order
from adapters.bybit_simulator.refusals import Refused, bad_request
from adapters.bybit_simulator.requests import AmendOrder, CreateOrder, parse_request
from adapters.bybit_simulator.routing import (
    Answer,
    Params,
    Route,
    paged,
    require_linear,
    require_text,
    span,
)
from adapters.bybit_simulator.thin_book import thin_the_book
from adapters.bybit_simulator.wire import CATEGORY, execution_row, order_row

if TYPE_CHECKING:
    from adapters.bybit_simulator.venue import Venue

type Command = Callable[["Venue", Params], Answer]

LARGEST_BATCH: Final = 20


def create_order(venue: "Venue", params: Params) -> Answer:
    """Place an order."""
    require_linear(params)
    request = parse_request(CreateOrder, params)
    venue.board.market(request.symbol)
    fault = venue.faults.take(PartialFillThenDisconnect, lambda f: f.symbol == request.symbol)
    if fault is None:
        return _ids(venue.exchange.create_order(request))
    thin_the_book(venue, request, fault.ratio)
    order = venue.exchange.create_order(request)
    venue.disconnect_after_flush()
    return _ids(order)


def amend_order(venue: "Venue", params: Params) -> Answer:
    """Change an open order."""
    require_linear(params)
    request = parse_request(AmendOrder, params)
    venue.board.market(request.symbol)
    return _ids(venue.exchange.amend_order(request))


def cancel_order(venue: "Venue", params: Params) -> Answer:
    """Cancel an open order."""
    require_linear(params)
    symbol = venue.board.market(require_text(params, "symbol")).symbol
    order = venue.exchange.cancel_order(
        symbol,
        order_id=str(params.get("orderId") or ""),
        order_link_id=str(params.get("orderLinkId") or ""),
    )
    return _ids(order)


def cancel_all(venue: "Venue", params: Params) -> Answer:
    """Cancel the open orders of a symbol or of a settle coin."""
    require_linear(params)
    symbol, settle_coin = params.get("symbol"), params.get("settleCoin")
    if not symbol and not settle_coin:
        raise bad_request("Request parameter error: symbol or settleCoin is required")
    if symbol:
        venue.board.market(str(symbol))
    cancelled = venue.exchange.cancel_all(
        str(symbol) if symbol else None, str(settle_coin) if settle_coin else None
    )
    return Answer({"list": [_ids(order).result for order in cancelled], "success": "1"})


def create_batch(venue: "Venue", params: Params) -> Answer:
    """Place up to twenty orders; each succeeds or fails alone."""
    return _batch(venue, params, create_order, created=True)


def amend_batch(venue: "Venue", params: Params) -> Answer:
    """Change up to twenty orders; each succeeds or fails alone."""
    return _batch(venue, params, amend_order)


def cancel_batch(venue: "Venue", params: Params) -> Answer:
    """Cancel up to twenty orders; each succeeds or fails alone."""
    return _batch(venue, params, cancel_order)


def batch_items(params: Params) -> list[Mapping[str, Any]]:
    """Return the orders of a batch, refusing none and more than twenty."""
    items = params.get("request")
    if not isinstance(items, list) or not items or not all(isinstance(item, dict) for item in items):
        raise bad_request("params error: request must be a list of orders")
    if len(items) > LARGEST_BATCH:
        raise bad_request(
            f"params error: request must hold at most {LARGEST_BATCH} orders, holds {len(items)}"
        )
    return items


def open_orders(venue: "Venue", params: Params) -> Answer:
    """Return open orders, or the one order that is asked for by id whatever its state."""
    require_linear(params)
    if _asks_for_one(params):
        return _orders_answer(_one_order(venue, params), params)
    if not _holds_settle_coin(params):
        return _orders_answer([], params)
    found = venue.exchange.open_orders(_symbol(venue, params), stop_orders=_stop_orders(params))
    return _orders_answer(found, params)


def order_history(venue: "Venue", params: Params) -> Answer:
    """Return ended orders, newest first; of those made in a span of time when one is given."""
    require_linear(params)
    if _asks_for_one(params):
        ended = [order for order in _one_order(venue, params) if not order.is_open]
        return _orders_answer(ended, params)
    if not _holds_settle_coin(params):
        return _orders_answer([], params)
    found = venue.exchange.order_history(_symbol(venue, params), stop_orders=_stop_orders(params), limit=None)
    start, end = span(params)
    return _orders_answer([order for order in found if start <= order.created_ms <= end], params)


def executions(venue: "Venue", params: Params) -> Answer:
    """Return fills, newest first."""
    require_linear(params)
    order_id = str(params.get("orderId") or "")
    link_id = str(params.get("orderLinkId") or "")
    start, end = span(params)
    exec_type = params.get("execType")
    found = [
        execution
        for execution in venue.exchange.executions(_symbol(venue, params), order_id=order_id, limit=None)
        if (not link_id or execution.order_link_id == link_id)
        and start <= execution.exec_ms <= end
        and (not exec_type or execution.exec_type == exec_type)
    ]
    page, cursor = paged(found, params, 50, 100)
    rows = [execution_row(execution) for execution in page]
    return Answer({"nextPageCursor": cursor, "category": CATEGORY, "list": rows})


def _batch(venue: "Venue", params: Params, command: Command, *, created: bool = False) -> Answer:
    require_linear(params)
    rows, outcomes = [], []
    for item in batch_items(params):
        code, message, ids = 0, "OK", {"orderId": "", "orderLinkId": str(item.get("orderLinkId") or "")}
        try:
            ids = command(venue, {"category": CATEGORY, **item}).result
        except Refused as refused:
            code, message = refused.code, refused.message
        row = {"category": CATEGORY, "symbol": str(item.get("symbol") or ""), **ids}
        if created:
            row["createAt"] = "" if code else str(venue.clock())
        rows.append(row)
        outcomes.append({"code": code, "msg": message})
    return Answer({"list": rows}, {"list": outcomes})


def _ids(order: Order) -> Answer:
    return Answer({"orderId": order.order_id, "orderLinkId": order.order_link_id})


def _asks_for_one(params: Params) -> bool:
    return bool(params.get("orderId") or params.get("orderLinkId"))


def _one_order(venue: "Venue", params: Params) -> list[Order]:
    order = venue.exchange.find_order(
        symbol=_symbol(venue, params),
        order_id=str(params.get("orderId") or ""),
        order_link_id=str(params.get("orderLinkId") or ""),
    )
    wanted = _stop_orders(params)
    fits = order is not None and (wanted is None or order.is_stop_order == wanted)
    return [order] if order is not None and fits else []


def _symbol(venue: "Venue", params: Params) -> str | None:
    symbol = params.get("symbol")
    return venue.board.market(str(symbol)).symbol if symbol else None


def _stop_orders(params: Params) -> bool | None:
    """Translate ``orderFilter``: all kinds when it is absent."""
    match params.get("orderFilter"):
        case None | "":
            return None
        case "Order":
            return False
        case "StopOrder":
            return True
        case other:
            raise bad_request(f"params error: orderFilter invalid {other}")


def _holds_settle_coin(params: Params) -> bool:
    return params.get("settleCoin") in (None, "", "USDT")


def _orders_answer(orders: list[Order], params: Params) -> Answer:
    page, cursor = paged(orders, params, 20, 50)
    return Answer(
        {"list": [order_row(order) for order in page], "nextPageCursor": cursor, "category": CATEGORY}
    )


COMMANDS: Final[Mapping[str, Command]] = {
    "order.create": create_order,
    "order.amend": amend_order,
    "order.cancel": cancel_order,
    "order.create-batch": create_batch,
    "order.amend-batch": amend_batch,
    "order.cancel-batch": cancel_batch,
}

ROUTES: Final = (
    Route("POST", "/v5/order/create", create_order),
    Route("POST", "/v5/order/amend", amend_order),
    Route("POST", "/v5/order/cancel", cancel_order),
    Route("POST", "/v5/order/cancel-all", cancel_all),
    Route("POST", "/v5/order/create-batch", create_batch),
    Route("POST", "/v5/order/amend-batch", amend_batch),
    Route("POST", "/v5/order/cancel-batch", cancel_batch),
    Route("GET", "/v5/order/realtime", open_orders),
    Route("GET", "/v5/order/history", order_history),
    Route("GET", "/v5/execution/list", executions),
)
