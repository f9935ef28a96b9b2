"""Compare what the venue holds with what the node believes, name every difference."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final, Literal

import msgspec

from adapters.bybit.rest import BybitRest

BALANCE_TOLERANCE_USDT: Final = Decimal("0.01")
"""Funding and rebates reach the node's balance with the venue's next account message, not at once."""

POSITION_STOPS: Final = ("StopLoss", "TakeProfit", "TrailingStop", "PartialStopLoss", "PartialTakeProfit")
"""Orders that the venue makes of a position's own stop fields: they belong to no order of ours."""

type DifferenceKind = Literal["position", "stop", "unknown order", "lost order", "balance"]


class NodeView(msgspec.Struct, frozen=True, kw_only=True):
    """
    What the node believes.

    Parameters
    ----------
    positions : Mapping[str, Decimal]
        Signed sum of all strategies' ledgers by symbol, e.g. ``{"BTCUSDT": Decimal("0.010")}``.
    open_orders : frozenset[str]
        Client order ids that are open at the venue.
    stops : Mapping[str, tuple[str, ...]]
        Client order ids of protective stops by ledger, ``"<strategy>:<symbol>"``, for every open position.
    balance_usdt : Decimal | None
        Wallet balance; None is not compared.
    """

    positions: Mapping[str, Decimal]
    open_orders: frozenset[str] = frozenset()
    stops: Mapping[str, tuple[str, ...]] = {}
    balance_usdt: Decimal | None = None


class VenueView(msgspec.Struct, frozen=True, kw_only=True):
    """What the venue holds: signed positions by symbol, client ids of open orders, wallet balance (USDT)."""

    positions: Mapping[str, Decimal]
    open_orders: frozenset[str]
    balance_usdt: Decimal


class Difference(msgspec.Struct, frozen=True):
    """One disagreement: its kind, what it is about, and both sides of it."""

    kind: DifferenceKind
    subject: str
    node: str
    venue: str

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}: node {self.node}, venue {self.venue}"


class AuditReport(msgspec.Struct, frozen=True):
    """
    What an audit found.

    Parameters
    ----------
    differences : tuple[Difference, ...]
        Empty when both agree.
    compared : int
        Positions, orders, stops and balances that were looked at.
    """

    differences: tuple[Difference, ...]
    compared: int

    @property
    def is_clean(self) -> bool:
        """Whether node and venue agree."""
        return not self.differences


def audit(rest: BybitRest, node: NodeView) -> AuditReport:
    """
    Ask the venue and compare.

    Parameters
    ----------
    rest : BybitRest
        With keys. Blocks: call it in a thread from an event loop, when no command is in flight.
    node : NodeView
        What the node believed just before.

    Raises
    ------
    VenueError, AuthFailed, VenueTimeout
        If the venue does not answer.
    """
    return compare(fetch_view(rest), node)


def fetch_view(rest: BybitRest) -> VenueView:
    """Return what the venue holds now."""
    return VenueView(
        positions={one.symbol: one.quantity for one in rest.positions().values()},
        open_orders=frozenset(_order_name(row) for row in rest.open_orders() if not _is_position_stop(row)),
        balance_usdt=rest.wallet_balance_usdt(),
    )


def compare(venue: VenueView, node: NodeView) -> AuditReport:
    """Return every difference between the two, positions first."""
    symbols = sorted(venue.positions.keys() | node.positions.keys())
    found = [*_positions(venue, node, symbols), *_stops(venue, node), *_orders(venue, node)]
    if node.balance_usdt is not None and abs(node.balance_usdt - venue.balance_usdt) > BALANCE_TOLERANCE_USDT:
        found.append(Difference("balance", "USDT", f"{node.balance_usdt:f}", f"{venue.balance_usdt:f}"))
    orders = venue.open_orders | node.open_orders
    return AuditReport(tuple(found), len(symbols) + len(orders) + len(node.stops) + 1)


def _positions(venue: VenueView, node: NodeView, symbols: Iterable[str]) -> list[Difference]:
    found = []
    for symbol in symbols:
        ours, theirs = (view.positions.get(symbol, Decimal(0)) for view in (node, venue))
        if ours != theirs:
            found.append(position_difference(symbol, ours, theirs))
    return found


def position_difference(symbol: str, ours: Decimal, theirs: Decimal) -> Difference:
    """Name what a symbol's positions are, here and at the venue."""
    return Difference("position", symbol, f"{ours:f}", f"{theirs:f}")


def _stops(venue: VenueView, node: NodeView) -> list[Difference]:
    found = []
    for ledger, stops in sorted(node.stops.items()):
        if not any(stop in venue.open_orders for stop in stops):
            found.append(Difference("stop", ledger, ", ".join(stops) or "none", "no stop is open"))
    return found


def _orders(venue: VenueView, node: NodeView) -> list[Difference]:
    unknown = [
        Difference("unknown order", one, "not open", "open")
        for one in sorted(venue.open_orders - node.open_orders)
    ]
    lost = [
        Difference("lost order", one, "open", "not open")
        for one in sorted(node.open_orders - venue.open_orders)
    ]
    return unknown + lost


def _is_position_stop(row: Mapping[str, Any]) -> bool:
    return not row["orderLinkId"] and row.get("stopOrderType", "") in POSITION_STOPS


def _order_name(row: Mapping[str, Any]) -> str:
    """Return our id of an order, or the venue's of one that is not ours."""
    return str(row["orderLinkId"] or row["orderId"])
