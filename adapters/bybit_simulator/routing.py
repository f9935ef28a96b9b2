"""One V5 REST endpoint: what the dispatcher has to know of it."""

from collections.abc import Callable, Mapping
from math import inf
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import msgspec

from adapters.bybit_simulator.refusals import bad_request

if TYPE_CHECKING:
    from adapters.bybit_simulator.venue import Venue

type Params = Mapping[str, Any]


class Answer(msgspec.Struct, frozen=True):
    """``result`` and ``retExtInfo`` of a success."""

    result: dict[str, Any]
    ext_info: dict[str, Any] = {}
    message: str = "OK"


class Route(NamedTuple):
    """
    An endpoint.

    Parameters
    ----------
    method, path : str
        For example ``GET`` and ``/v5/market/time``.
    handler : Callable[[Venue, Params], Answer]
        Reads or changes the venue and raises ``Refused``.
    is_signed : bool
        Whether it needs the account's signature.
    """

    method: Literal["GET", "POST"]
    path: str
    handler: "Callable[[Venue, Params], Answer]"
    is_signed: bool = True


def require_linear(params: Params) -> None:
    """Refuse the categories that the simulator does not have."""
    category = params.get("category")
    if category != "linear":
        raise bad_request(f"params error: category invalid, the simulator has only linear, was {category!r}")


def require_text(params: Params, name: str) -> str:
    """Return a parameter that must be there."""
    value = params.get(name)
    if not value:
        raise bad_request(f"params error: {name} is required")
    return str(value)


def integer(params: Params, name: str, default: int | None = None) -> int | None:
    """Return an integer parameter, or the default when it is absent or empty."""
    value = params.get(name)
    if value is None or value == "":
        return default
    try:
        return int(value)
    except (TypeError, ValueError) as e:
        raise bad_request(f"params error: {name} must be an integer") from e


def span(params: Params) -> tuple[float, float]:
    """Return the wall time that is asked for, both ends included, milliseconds UTC: all of it when absent."""
    end = integer(params, "endTime")
    return integer(params, "startTime") or 0, inf if end is None else end


def page_limit(params: Params, default: int, largest: int) -> int:
    """Return ``limit`` within Bybit's bounds."""
    limit = integer(params, "limit", default)
    assert limit is not None
    if limit < 1:
        raise bad_request("params error: limit must be positive")
    return min(limit, largest)


def paged[T](rows: list[T], params: Params, default: int, largest: int) -> tuple[list[T], str]:
    """
    Return one page of rows and the cursor of the next, empty on the last page.

    Parameters
    ----------
    rows : list[T]
        All rows in the order of the answer.
    params : Params
        ``limit`` and ``cursor``.
    default, largest : int
        Bounds of ``limit``.
    """
    limit = page_limit(params, default, largest)
    cursor = str(params.get("cursor") or "")
    offset = int(cursor.removeprefix("offset-")) if cursor.removeprefix("offset-").isdigit() else 0
    more = offset + limit < len(rows)
    return rows[offset : offset + limit], f"offset-{offset + limit}" if more else ""
