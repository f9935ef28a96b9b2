"""
The failures of a real exchange, as data: what goes wrong, where, when and for how long.

A scenario is a JSON list of faults; a test sends one fault at a time over the control endpoint. A fault with
``times`` ends after that many uses, one with ``for_secs`` after that long, any of them when it is stopped.
"""

from pathlib import Path
from typing import Annotated, Literal

import msgspec

from nautilus_bot.core.errors import ConfigError, NotFound, did_you_mean

SCENARIOS_DIR = Path(__file__).with_name("scenarios")

type Channel = Literal["rest", "public", "private", "trade"]
type SocketChannel = Literal["public", "private", "trade"]
type NotNegative = Annotated[float, msgspec.Meta(ge=0)]
type Count = Annotated[int, msgspec.Meta(ge=1)]

SOCKETS: tuple[SocketChannel, ...] = ("public", "private", "trade")


class FaultBase(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", forbid_unknown_fields=True):
    """
    When a fault holds.

    Parameters
    ----------
    at_secs : float, default 0
        Wall seconds after the scenario starts.
    for_secs : float, optional
        Wall seconds that it lasts; until it is stopped when absent.
    times : int, optional
        Uses after which it ends; unlimited when absent.
    """

    at_secs: NotNegative = 0.0
    for_secs: NotNegative | None = None
    times: Count | None = None


class Latency(FaultBase, frozen=True, kw_only=True, tag="latency"):
    """Answer and push later, in order: ``delay_ms`` plus up to ``jitter_ms`` on the named channels."""

    delay_ms: NotNegative
    jitter_ms: NotNegative = 0.0
    channels: tuple[Channel, ...] = ("rest", "public", "private", "trade")


class LostRequest(FaultBase, frozen=True, kw_only=True, tag="lost_request"):
    """The order command never arrives: nothing happens and nothing is answered."""

    operations: tuple[str, ...] = ()


class LostAcknowledgement(FaultBase, frozen=True, kw_only=True, tag="lost_acknowledgement"):
    """The command is carried out and pushed privately, but its reply is lost."""

    operations: tuple[str, ...] = ()


class AcceptedReplyLost(FaultBase, frozen=True, kw_only=True, tag="accepted_reply_lost"):
    """The command is carried out, but the reply and its private messages are lost: only a query can tell."""

    operations: tuple[str, ...] = ()


class DuplicatedPrivate(FaultBase, frozen=True, kw_only=True, tag="duplicated_private"):
    """Every private message arrives twice."""


class ReorderedPrivate(FaultBase, frozen=True, kw_only=True, tag="reordered_private"):
    """Private messages arrive swapped in pairs."""


class LatePrivate(FaultBase, frozen=True, kw_only=True, tag="late_private"):
    """Each private message is late on its own, so that younger ones may overtake it."""

    delay_ms: NotNegative
    jitter_ms: NotNegative = 0.0


class PartialFillThenDisconnect(FaultBase, frozen=True, kw_only=True, tag="partial_fill_then_disconnect"):
    """The next order on the symbol meets a book of ``ratio`` of its quantity, then the sockets drop."""

    symbol: str
    ratio: Annotated[float, msgspec.Meta(gt=0, lt=1)] = 0.5


class DroppedSockets(FaultBase, frozen=True, kw_only=True, tag="dropped_sockets"):
    """Close the sockets now (``abort`` without a closing handshake), refusing new ones while it lasts."""

    channels: tuple[SocketChannel, ...] = SOCKETS
    abort: bool = True


class HalfOpenSockets(FaultBase, frozen=True, kw_only=True, tag="half_open_sockets"):
    """Keep the sockets open that exist now, but read and send nothing; reset them when it ends."""

    channels: tuple[SocketChannel, ...] = SOCKETS


class RateLimitStorm(FaultBase, frozen=True, kw_only=True, tag="rate_limit_storm"):
    """Answer 10006 to the named operations (all when empty)."""

    operations: tuple[str, ...] = ()


class BadGateway(FaultBase, frozen=True, kw_only=True, tag="http_502"):
    """Answer HTTP 502 to the named REST paths (all when empty)."""

    operations: tuple[str, ...] = ()


class ClockSkew(FaultBase, frozen=True, kw_only=True, tag="clock_skew"):
    """Move the server's wall clock by ``offset_ms``."""

    offset_ms: int


class StaleBook(FaultBase, frozen=True, kw_only=True, tag="stale_book"):
    """Send no order book nor ticker for the symbols (all when empty) although the market moves."""

    symbols: tuple[str, ...] = ()


class ForcedLiquidation(FaultBase, frozen=True, kw_only=True, tag="forced_liquidation"):
    """Liquidate the symbol's position now, whatever its margin."""

    symbol: str


class PositionClosedOutside(FaultBase, frozen=True, kw_only=True, tag="position_closed_outside"):
    """Close the symbol's position now by an order that the bot did not send."""

    symbol: str


type Fault = (
    Latency
    | LostRequest
    | LostAcknowledgement
    | AcceptedReplyLost
    | DuplicatedPrivate
    | ReorderedPrivate
    | LatePrivate
    | PartialFillThenDisconnect
    | DroppedSockets
    | HalfOpenSockets
    | RateLimitStorm
    | BadGateway
    | ClockSkew
    | StaleBook
    | ForcedLiquidation
    | PositionClosedOutside
)


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """
    A rehearsal: faults on a time line.

    Parameters
    ----------
    description : str
        What is rehearsed, one sentence.
    faults : tuple[Fault, ...]
        In any order; each carries its own start.
    """

    description: str
    faults: tuple[Fault, ...]


def load_scenario(name: str) -> Scenario:
    """
    Read a scenario by the name of a shipped one or by the path of a JSON file.

    Parameters
    ----------
    name : str
        For example ``lost_acknowledgements`` or ``my/scenario.json``.

    Returns
    -------
    Scenario
        The validated time line.

    Raises
    ------
    NotFound
        If there is no such scenario; the message lists the shipped ones.
    ConfigError
        If the file does not validate; the message names the file and the JSON path.
    """
    path = Path(name) if name.endswith(".json") else SCENARIOS_DIR / f"{name}.json"
    if not path.is_file():
        raise NotFound(f"no scenario {name!r}: {did_you_mean(name, scenario_names())}")
    try:
        return msgspec.json.decode(path.read_bytes(), type=Scenario)
    except msgspec.MsgspecError as e:
        raise ConfigError(f"{path}: {e}") from e


def scenario_names() -> list[str]:
    """Return the names of the shipped scenarios."""
    return sorted(path.stem for path in SCENARIOS_DIR.glob("*.json"))
