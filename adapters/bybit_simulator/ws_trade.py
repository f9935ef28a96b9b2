"""``/v5/trade``: order commands over a socket, answered and pushed in the same turn of the event loop."""

import uuid
from typing import TYPE_CHECKING, Any

from adapters.bybit_simulator.auth import DEFAULT_RECV_WINDOW_MS, INVALID_TIMESTAMP
from adapters.bybit_simulator.rate_limits import TOO_MANY_VISITS
from adapters.bybit_simulator.refusals import Refused, bad_request
from adapters.bybit_simulator.routes_order import COMMANDS
from adapters.bybit_simulator.routing import Params
from adapters.bybit_simulator.session import Message, Session

if TYPE_CHECKING:
    from adapters.bybit_simulator.venue import Venue

UNKNOWN_OPERATION = 10404
NOT_LOGGED_IN = 10005


class TradeStream:
    """
    Carry out the commands of logged-in sockets.

    Parameters
    ----------
    venue : Venue
        The exchange and its faults.
    """

    def __init__(self, venue: "Venue") -> None:
        self._venue = venue

    def on_message(self, session: Session, message: Message) -> None:
        """Answer one operation of a client."""
        operation = str(message.get("op"))
        if operation == "ping":
            self._pong(session)
        elif operation == "auth":
            self._log_in(session, message)
        else:
            self._command(session, message, operation)

    def _command(self, session: Session, message: Message, operation: str) -> None:
        faults = self._venue.faults
        if faults.is_request_lost(operation):
            return
        reply = self._reply(session, message, operation)
        is_outcome_lost = faults.is_outcome_lost(operation)
        if not is_outcome_lost and not faults.is_acknowledgement_lost(operation):
            session.reply(reply)
        self._venue.flush(is_lost=is_outcome_lost)

    def _reply(self, session: Session, message: Message, operation: str) -> Message:
        code, text, data, ext_info = 0, "OK", {}, {}
        limits: dict[str, str] = {}
        try:
            params = self._checked(session, message, operation)
            limits = self._take(operation, params)
            answer = COMMANDS[operation](self._venue, params)
            data, ext_info = answer.result, answer.ext_info
        except Refused as refused:
            code, text = refused.code, refused.message
        return {
            "reqId": message.get("reqId", ""),
            "retCode": code,
            "retMsg": text,
            "op": operation,
            "data": data,
            "retExtInfo": ext_info,
            "header": limits | {"Traceid": uuid.uuid4().hex, "Timenow": str(self._venue.clock())},
            "connId": session.conn_id,
        }

    def _checked(self, session: Session, message: Message, operation: str) -> Params:
        if operation not in COMMANDS:
            raise Refused(UNKNOWN_OPERATION, f"op type not found: {operation}")
        if not session.is_authenticated:
            raise Refused(NOT_LOGGED_IN, "Permission denied, please log in first.")
        self._check_time(message.get("header"))
        return _params(operation, message.get("args"))

    def _check_time(self, header: Any) -> None:
        if not isinstance(header, dict):
            raise bad_request("params error: header must be an object with X-BAPI-TIMESTAMP")
        timestamp = str(header.get("X-BAPI-TIMESTAMP", ""))
        window = str(header.get("X-BAPI-RECV-WINDOW", DEFAULT_RECV_WINDOW_MS))
        now_ms = self._venue.clock()
        if not (timestamp.isdigit() and window.isdigit() and now_ms - int(window) <= int(timestamp)):
            found = f"req_timestamp[{timestamp}],server_timestamp[{now_ms}],recv_window[{window}]"
            raise Refused(INVALID_TIMESTAMP, f"The request time exceeds the time window range. {found}")

    def _take(self, operation: str, params: Params) -> dict[str, str]:
        venue = self._venue
        if venue.faults.is_storming(operation):
            raise Refused(TOO_MANY_VISITS, "Too many visits. Exceeded the API Rate Limit.")
        items = params.get("request")
        path = "/v5/" + operation.replace(".", "/")
        return venue.limiter.take(path, venue.clock(), cost=len(items) if isinstance(items, list) else 1)

    def _pong(self, session: Session) -> None:
        session.reply(
            {
                "retCode": 0,
                "retMsg": "OK",
                "op": "pong",
                "data": [str(self._venue.clock())],
                "connId": session.conn_id,
            }
        )

    def _log_in(self, session: Session, message: Message) -> None:
        code, text = 0, "OK"
        try:
            self._venue.authenticator.check_login(message.get("args"), self._venue.clock())
            session.is_authenticated = True
        except Refused as refused:
            code, text = refused.code, refused.message
        session.reply({"retCode": code, "retMsg": text, "op": "auth", "connId": session.conn_id})


def _params(operation: str, args: Any) -> Params:
    """
    Return the arguments of a command.

    A batch comes as ``[{category, request: [...]}]`` or, from Nautilus's ``order.amend-batch``, as the bare
    orders ``[{...}, {...}]``.
    """
    if not isinstance(args, list) or not args or not all(isinstance(arg, dict) for arg in args):
        raise bad_request("params error: args must be a list of objects")
    first: dict[str, Any] = args[0]
    if operation.endswith("-batch") and "request" not in first:
        return {"category": first.get("category", "linear"), "request": args}
    return first
