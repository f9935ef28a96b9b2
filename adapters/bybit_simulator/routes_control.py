"""``/control``: what a test or an operator may do to the simulator; not part of Bybit."""

import hmac
from typing import TYPE_CHECKING, Any

import msgspec
from aiohttp import web

from adapters.bybit_simulator.faults import SOCKETS, Fault
from adapters.bybit_simulator.wire import position_row, wallet_row

if TYPE_CHECKING:
    from adapters.bybit_simulator.session import Session
    from adapters.bybit_simulator.venue import Venue

TOKEN_HEADER = "X-Control-Token"  # noqa: S105  the header's name


class ControlApi:
    """
    Start and stop faults, and show the exchange's state.

    Parameters
    ----------
    venue : Venue
        The exchange and its faults.
    """

    def __init__(self, venue: "Venue") -> None:
        self._venue = venue

    def add_to(self, app: web.Application) -> None:
        """Register the endpoints."""
        app.router.add_get("/control/state", self.show_state)
        app.router.add_get("/control/faults", self.list_faults)
        app.router.add_post("/control/faults", self.start_fault)
        app.router.add_delete("/control/faults", self.clear_faults)
        app.router.add_delete("/control/faults/{fault_id:[0-9]+}", self.stop_fault)

    async def start_fault(self, request: web.Request) -> web.Response:
        """Begin the fault in the body; answers its number."""
        self._check_token(request)
        try:
            fault = msgspec.json.decode(await request.read(), type=Fault)
        except msgspec.MsgspecError as e:
            return _json({"error": f"a fault must validate: {e}"}, status=400)
        return _json({"id": self._venue.faults.start(fault)})

    async def stop_fault(self, request: web.Request) -> web.Response:
        """End one fault."""
        self._check_token(request)
        was_active = self._venue.faults.stop(int(request.match_info["fault_id"]))
        return _json({"stopped": was_active}, status=200 if was_active else 404)

    async def clear_faults(self, request: web.Request) -> web.Response:
        """End every fault and forget what a scenario has scheduled."""
        self._check_token(request)
        self._venue.faults.clear()
        return _json({"stopped": True})

    async def list_faults(self, request: web.Request) -> web.Response:
        """Return the active faults by number."""
        self._check_token(request)
        return _json({str(fault_id): fault for fault_id, fault in self._venue.faults.active.items()})

    async def show_state(self, request: web.Request) -> web.Response:
        """Return market time, wallet, positions, the number of open orders, and who is connected."""
        self._check_token(request)
        venue = self._venue
        state = {
            "marketTime": venue.board.now_ms(),
            "wallet": wallet_row(venue.exchange.wallet()),
            "positions": [position_row(position) for position in venue.exchange.positions()],
            "openOrders": len(venue.exchange.open_orders()),
            "sockets": {
                "public": len(venue.sessions.on("public")),
                "private": len(venue.sessions.on("private")),
                "trade": len(venue.sessions.on("trade")),
            },
            "connections": [_connection(one) for one in venue.sessions.on(*SOCKETS)],
        }
        return _json(state)

    def _check_token(self, request: web.Request) -> None:
        token = request.headers.get(TOKEN_HEADER, "")
        if not hmac.compare_digest(token, self._venue.control_token):
            raise web.HTTPUnauthorized(text=f"{TOKEN_HEADER} must hold the simulator's control token")


def _connection(session: "Session") -> dict[str, Any]:
    return {
        "id": session.conn_id,
        "channel": session.channel,
        "isAuthenticated": session.is_authenticated,
        "topics": sorted(session.topics),
    }


def _json(value: Any, *, status: int = 200) -> web.Response:
    return web.Response(body=msgspec.json.encode(value), content_type="application/json", status=status)
