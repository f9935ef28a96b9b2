"""
Where a strategy stood, read off its recorded orders and signals alone.

The ids say what belongs together: ``<signal>-E`` is the entry, ``<signal>-S2`` and ``<signal>-T2`` protect
its second fill, ``-S2b`` is what replaced a stop that was lost, ``<signal>-C`` closes.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final

from nautilus_trader.model.objects import Price
from nautilus_trader.model.orders import Order

from nautilus_bot.core import ids
from nautilus_bot.core.messages import Signal
from strategies.exits import ExitTerms, Lot

ZERO: Final = Decimal(0)
_EXIT_ID: Final = re.compile(r"(?P<signal>.+)-(?P<role>[ST])(?P<count>\d+)[a-z]?")


@dataclass(frozen=True, slots=True)
class StrategyState:
    """
    What a ``SignalStrategy`` keeps in its fields.

    Parameters
    ----------
    entry_id : str
        Entry that may still fill; empty for none.
    entry_signal : str
        Signal of the latest entry.
    terms : ExitTerms | None
        Where the position is protected.
    lots : list[Lot]
        Protected parts whose exits may still fill.
    lot_count : int
        Lots that the latest entry has had.
    closing : Signal | None
        A close that has begun and not ended.
    close_id : str
        Its order; empty while exits are still being cancelled.
    """

    entry_id: str = ""
    entry_signal: str = ""
    terms: ExitTerms | None = None
    lots: list[Lot] = field(default_factory=list)
    lot_count: int = 0
    closing: Signal | None = None
    close_id: str = ""


def read_state(
    orders: Iterable[Order], signals: Sequence[Signal], net: Decimal, *, linked: bool
) -> StrategyState:
    """
    Return where a strategy stood.

    Parameters
    ----------
    orders : Iterable[Order]
        All known orders of the strategy, after the venue was asked.
    signals : Sequence[Signal]
        Its latest signals.
    net : Decimal
        Its ledger, signed, base currency.
    linked : bool
        Whether the venue links stop and target.
    """
    by_id = {order.client_order_id.value: order for order in orders}
    entries = [order for order_id, order in by_id.items() if ids.role_of(order_id) == ids.ENTRY]
    latest = max(entries, key=lambda order: order.init_event.ts_init, default=None)
    exits = _exits(by_id)
    signal_id = _taken_over(by_id, exits, signals)
    if not signal_id:
        if latest is None:
            return StrategyState()
        signal_id = ids.signal_of(latest.client_order_id.value)
    closing, close_id = _closing(by_id, signals, net)
    return StrategyState(
        entry_id="" if latest is None or latest.is_closed else latest.client_order_id.value,
        entry_signal=signal_id,
        terms=_terms(signal_id, exits, signals, linked=linked),
        lots=[lot for lot in _lots(exits, signals, linked=linked) if lot.stop_open or lot.target_open],
        lot_count=max((count for signal, count in exits if signal == signal_id), default=0),
        closing=closing,
        close_id=close_id,
    )


type _Pair = dict[str, list[Order]]
"""Stops (``S``) and targets (``T``) of one lot, the latest one last."""


def _exits(by_id: dict[str, Order]) -> dict[tuple[str, int], _Pair]:
    pairs: dict[tuple[str, int], _Pair] = {}
    for order_id in sorted(by_id):
        match = _EXIT_ID.fullmatch(order_id)
        if match is not None:
            pair = pairs.setdefault((match["signal"], int(match["count"])), {ids.STOP: [], ids.TARGET: []})
            pair[match["role"]].append(by_id[order_id])
    return pairs


def _taken_over(
    by_id: dict[str, Order], exits: dict[tuple[str, int], _Pair], signals: Sequence[Signal]
) -> str:
    """Return the latest opening signal if it protects what no entry of ours opened, else nothing."""
    opening = [one.signal_id for one in signals if not one.closes]
    latest = opening[-1] if opening else ""
    is_ours = ids.order_id(latest, ids.ENTRY) in by_id
    return latest if not is_ours and any(owner == latest for owner, _ in exits) else ""


def _lots(exits: dict[tuple[str, int], _Pair], signals: Sequence[Signal], *, linked: bool) -> Iterator[Lot]:
    for (signal_id, _), pair in exits.items():
        yield replace(_lot(pair), terms=_terms(signal_id, exits, signals, linked=linked))


def _lot(pair: _Pair) -> Lot:
    every = [*pair[ids.STOP], *pair[ids.TARGET]]
    opened: Decimal = every[0].init_event.quantity.as_decimal()
    filled = sum((order.filled_qty.as_decimal() for order in every), ZERO)
    stop_id, stop_open = _latest(pair[ids.STOP])
    target_id, target_open = _latest(pair[ids.TARGET])
    return Lot(opened - filled, stop_id, target_id, stop_open, target_open)


def _latest(orders: list[Order]) -> tuple[str, bool]:
    if not orders:
        return "", False
    return orders[-1].client_order_id.value, not orders[-1].is_closed


def _terms(
    signal_id: str,
    exits: dict[tuple[str, int], _Pair],
    signals: Sequence[Signal],
    *,
    linked: bool,
) -> ExitTerms | None:
    for signal in signals:
        if signal.signal_id == signal_id and signal.stop:
            return ExitTerms(
                Price.from_str(signal.stop), Price.from_str(signal.target), linked_by_venue=linked
            )
    for (owner, _), pair in exits.items():
        if owner == signal_id and pair[ids.STOP] and pair[ids.TARGET]:
            stop, target = pair[ids.STOP][-1], pair[ids.TARGET][-1]
            return ExitTerms(stop.trigger_price, target.price, linked_by_venue=linked)
    return None


def _closing(by_id: dict[str, Order], signals: Sequence[Signal], net: Decimal) -> tuple[Signal | None, str]:
    closes = [signal for signal in signals if signal.closes]
    if not closes or net == 0:
        return None, ""
    signal = max(closes, key=lambda one: one.ts_event)
    close_id = ids.order_id(signal.signal_id, ids.CLOSE)
    order = by_id.get(close_id)
    if order is not None:
        return (None, "") if order.is_closed else (signal, close_id)
    opened = max((one.ts_event for one in signals if not one.closes), default=0)
    return (signal, "") if signal.ts_event >= opened else (None, "")
