"""
Deterministic identities: the same decisions get the same ids in every run and replay.

A signal is ``<session>-<strategy tag>-<symbol>-<count>`` and its orders append their role, so an order id
read on the venue's page leads to its signal. Bybit allows 36 characters in ``orderLinkId``.
"""

from typing import Final

ENTRY: Final = "E"
STOP: Final = "S"
TARGET: Final = "T"
CLOSE: Final = "C"

MAX_CLIENT_ORDER_ID: Final = 36
_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def base36(number: int) -> str:
    """Return a non-negative integer in upper-case base 36."""
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = _ALPHABET[rest] + digits
    return digits or "0"


def session_token(started_ns: int) -> str:
    """
    Return the token that makes a session's ids unique for the life of the account.

    Parameters
    ----------
    started_ns : int
        Wall-clock start of the session, ns UTC.

    Returns
    -------
    str
        Six or seven base-36 characters: seconds since the epoch.
    """
    return base36(started_ns // 1_000_000_000)


def signal_id(session: str, tag: str, symbol: str, count: int) -> str:
    """
    Return the id of a strategy's ``count``-th signal of a session.

    Raises
    ------
    ValueError
        If the id would leave no room for the role suffix within Bybit's 36 characters.
    """
    text = f"{session}-{tag}-{symbol}-{base36(count)}"
    if len(text) > MAX_CLIENT_ORDER_ID - 4:
        raise ValueError(f"a signal id must have at most {MAX_CLIENT_ORDER_ID - 4} characters, was {text!r}")
    return text


def order_id(signal: str, role: str, count: int = 0) -> str:
    """Return the client order id of a signal's order: role ``E``, ``S``, ``T`` or ``C`` and a count."""
    return f"{signal}-{role}{count or ''}"


def signal_of(client_order_id: str) -> str:
    """Return the signal id that a client order id of ours belongs to."""
    return client_order_id.rpartition("-")[0]


def role_of(client_order_id: str) -> str:
    """Return the role letter of a client order id of ours."""
    return client_order_id.rpartition("-")[2][:1]
