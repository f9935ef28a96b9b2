"""
Bybit's request signatures: HMAC-SHA256 over what was sent, with a window on its age.

REST signs ``timestamp + key + recv_window + (query | body)``; a WebSocket signs ``GET/realtime + expires``.
"""

import hashlib
import hmac
from collections.abc import Mapping

from adapters.bybit_simulator.refusals import Refused

INVALID_TIMESTAMP = 10002
INVALID_KEY = 10003
INVALID_SIGN = 10004

DEFAULT_RECV_WINDOW_MS = 5_000
FUTURE_TOLERANCE_MS = 1_000


def sign(secret: str, message: str) -> str:
    """Return the hexadecimal HMAC-SHA256 of ``message``."""
    return hmac.new(secret.encode(), message.encode(), hashlib.sha256).hexdigest()


class Authenticator:
    """
    Check that a request comes from the holder of the one account's key.

    Parameters
    ----------
    api_key : str
        The only accepted key.
    api_secret : str
        The secret that its signatures are made with.
    """

    def __init__(self, api_key: str, api_secret: str) -> None:
        self.api_key = api_key
        self._secret = api_secret

    def check_request(self, headers: Mapping[str, str], payload: str, now_ms: int) -> None:
        """
        Check the signature headers of a REST request.

        Parameters
        ----------
        headers : Mapping[str, str]
            Request headers, case-insensitive.
        payload : str
            The raw query string of a GET, the raw body of a POST.
        now_ms : int
            The server's wall clock, ms UTC.

        Raises
        ------
        Refused
            10003 (key), 10002 (timestamp) or 10004 (signature).
        """
        key = headers.get("X-BAPI-API-KEY", "")
        timestamp = headers.get("X-BAPI-TIMESTAMP", "")
        window = headers.get("X-BAPI-RECV-WINDOW", str(DEFAULT_RECV_WINDOW_MS))
        self._check_key(key)
        _check_window(timestamp, window, now_ms)
        origin = f"{timestamp}{key}{window}{payload}"
        if not hmac.compare_digest(sign(self._secret, origin), headers.get("X-BAPI-SIGN", "")):
            raise Refused(INVALID_SIGN, f"error sign! origin_string[{origin}]")

    def check_login(self, args: object, now_ms: int) -> None:
        """
        Check the arguments ``[key, expires_ms, signature]`` of a WebSocket ``auth`` operation.

        Parameters
        ----------
        args : object
            What the client sent.
        now_ms : int
            The server's wall clock, ms UTC.

        Raises
        ------
        Refused
            10003 (key), 10002 (expired) or 10004 (signature or malformed arguments).
        """
        if not isinstance(args, list) or len(args) != 3:
            raise Refused(INVALID_SIGN, "Params Error")
        key, expires, signature = (str(arg) for arg in args)
        self._check_key(key)
        if not expires.isdigit() or int(expires) <= now_ms:
            raise Refused(
                INVALID_TIMESTAMP, f"request expired: expires[{expires}],server_timestamp[{now_ms}]"
            )
        if not hmac.compare_digest(sign(self._secret, f"GET/realtime{expires}"), signature):
            raise Refused(INVALID_SIGN, "error sign! Params Error")

    def _check_key(self, key: str) -> None:
        if key != self.api_key:
            raise Refused(INVALID_KEY, "API key is invalid.")


def _check_window(timestamp: str, window: str, now_ms: int) -> None:
    """Bybit's rule: ``server - recv_window <= timestamp < server + 1000``."""
    in_window = (
        timestamp.isdigit()
        and window.isdigit()
        and now_ms - int(window) <= int(timestamp) < now_ms + FUTURE_TOLERANCE_MS
    )
    if not in_window:
        found = f"req_timestamp[{timestamp}],server_timestamp[{now_ms}],recv_window[{window}]"
        raise Refused(
            INVALID_TIMESTAMP,
            f"invalid request, please check your server timestamp or recv_window param. {found}",
        )
