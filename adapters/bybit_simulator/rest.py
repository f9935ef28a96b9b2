"""Every REST request: faults, signature, rate limit, handler, Bybit's envelope."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec
from aiohttp import web

from adapters.bybit_simulator import routes_account, routes_market, routes_order, routes_position
from adapters.bybit_simulator.rate_limits import TOO_MANY_VISITS
from adapters.bybit_simulator.refusals import Refused, bad_request
from adapters.bybit_simulator.routing import Answer, Params, Route

if TYPE_CHECKING:
    from adapters.bybit_simulator.venue import Venue

ROUTE_NOT_FOUND: Final = 10017
ROUTES: Final[Mapping[tuple[str, str], Route]] = {
    (route.method, route.path): route
    for module in (routes_market, routes_account, routes_position, routes_order)
    for route in module.ROUTES
}

_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder().decode


class RestApi:
    """
    The V5 REST endpoints.

    Parameters
    ----------
    venue : Venue
        The exchange and its faults.
    """

    def __init__(self, venue: "Venue") -> None:
        self._venue = venue

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        body = await request.text()
        path, faults = request.path, self._venue.faults
        is_command = request.method == "POST"
        if faults.is_gateway_bad(path):
            return web.Response(status=502, text="Bad Gateway")
        if is_command and faults.is_request_lost(path):
            return _hang_up(request)
        headers: dict[str, str] = {}
        try:
            envelope = self._answer(request, body, headers)
        except Refused as refused:
            envelope = self._envelope(refused.code, refused.message, Answer({}))
        is_outcome_lost = is_command and faults.is_outcome_lost(path)
        self._venue.flush(is_lost=is_outcome_lost)
        if is_outcome_lost or (is_command and faults.is_acknowledgement_lost(path)):
            return _hang_up(request)
        if delay := faults.delay_secs("rest"):
            await asyncio.sleep(delay)
        return web.Response(body=_encode(envelope), content_type="application/json", headers=headers)

    def _answer(self, request: web.Request, body: str, headers: dict[str, str]) -> dict[str, Any]:
        venue = self._venue
        route = ROUTES.get((request.method, request.path))
        if route is None:
            raise Refused(ROUTE_NOT_FOUND, f"Route not found: {request.method} {request.path}")
        if route.is_signed:
            # A signature covers the bytes that were sent, not the decoded query.
            payload = request.rel_url.raw_query_string if request.method == "GET" else body
            venue.authenticator.check_request(request.headers, payload, venue.clock())
        if venue.faults.is_storming(request.path):
            raise Refused(TOO_MANY_VISITS, "Too many visits. Exceeded the API Rate Limit.")
        params: Params = request.query if request.method == "GET" else _body_params(body)
        items = params.get("request")
        cost = len(items) if isinstance(items, list) else 1
        headers.update(venue.limiter.take(request.path, venue.clock(), cost=cost))
        answer = route.handler(venue, params)
        return self._envelope(0, answer.message, answer)

    def _envelope(self, code: int, message: str, answer: Answer) -> dict[str, Any]:
        return {
            "retCode": code,
            "retMsg": message,
            "result": answer.result,
            "retExtInfo": answer.ext_info,
            "time": self._venue.clock(),
        }


def _body_params(body: str) -> Params:
    try:
        params = _decode(body) if body else {}
    except msgspec.DecodeError as e:
        raise bad_request("params error: the body must be JSON") from e
    if not isinstance(params, dict):
        raise bad_request("params error: the body must be a JSON object")
    return params


def _hang_up(request: web.Request) -> web.Response:
    """Cut the connection: the client never learns what became of its request."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)
