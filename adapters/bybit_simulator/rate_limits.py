"""Bybit's rate limits: so many requests a second for each endpoint of an account, told in three headers."""

from collections.abc import Mapping

from adapters.bybit_simulator.refusals import Refused

TOO_MANY_VISITS = 10006

# Requests per second of a unified account, from Bybit's table for linear contracts.
DEFAULT_LIMITS: Mapping[str, int] = {
    "/v5/order/create": 20,
    "/v5/order/amend": 10,
    "/v5/order/cancel": 20,
    "/v5/order/cancel-all": 10,
    "/v5/order/create-batch": 20,
    "/v5/order/amend-batch": 10,
    "/v5/order/cancel-batch": 20,
    "/v5/order/realtime": 50,
    "/v5/order/history": 50,
    "/v5/execution/list": 50,
    "/v5/position/list": 50,
    "/v5/position/set-leverage": 10,
    "/v5/position/switch-mode": 10,
    "/v5/position/trading-stop": 10,
    "/v5/account/wallet-balance": 50,
    "/v5/account/fee-rate": 10,
    "/v5/account/info": 50,
    "/v5/account/set-margin-mode": 5,
    "/v5/account/transaction-log": 30,
    "/v5/user/query-api": 10,
}
WINDOW_MS = 1_000


class RateLimiter:
    """
    Count the requests of each endpoint in fixed windows of one second.

    Parameters
    ----------
    limits : Mapping[str, int]
        Requests per second by path; a path that is absent has no limit.
    scale : float, default 1.0
        Factor on every limit: an accelerated market makes the same orders in less wall time.
    """

    def __init__(self, limits: Mapping[str, int] = DEFAULT_LIMITS, *, scale: float = 1.0) -> None:
        self._limits = {path: max(1, int(limit * scale)) for path, limit in limits.items()}
        self._windows: dict[str, tuple[int, int]] = {}

    def take(self, path: str, now_ms: int, *, cost: int = 1) -> dict[str, str]:
        """
        Count one request and return the headers that tell its state.

        Parameters
        ----------
        path : str
            The endpoint.
        now_ms : int
            Wall clock, ms.
        cost : int, default 1
            Orders in the request: a batch counts each.

        Returns
        -------
        dict[str, str]
            ``X-Bapi-Limit``, ``-Status`` (what remains) and ``-Reset-Timestamp``; empty without a limit.

        Raises
        ------
        Refused
            10006 when the second's share is used up.
        """
        limit = self._limits.get(path)
        if limit is None:
            return {}
        start, used = self._windows.get(path, (now_ms, 0))
        if now_ms - start >= WINDOW_MS:
            start, used = now_ms, 0
        if used and used + cost > limit:
            raise Refused(TOO_MANY_VISITS, "Too many visits. Exceeded the API Rate Limit.")
        self._windows[path] = (start, used + cost)
        return limit_headers(
            limit, max(0, limit - used - cost), start + WINDOW_MS if used + cost >= limit else now_ms
        )


def limit_headers(limit: int, remaining: int, reset_ms: int) -> dict[str, str]:
    """Return Bybit's three rate-limit headers."""
    return {
        "X-Bapi-Limit": str(limit),
        "X-Bapi-Limit-Status": str(remaining),
        "X-Bapi-Limit-Reset-Timestamp": str(reset_ms),
    }
