"""Stop and target of a filled entry: a lot and its two orders."""

from dataclasses import dataclass
from decimal import Decimal

from nautilus_trader.core.uuid import UUID4
from nautilus_trader.model.enums import ContingencyType, OrderSide, TriggerType
from nautilus_trader.model.identifiers import ClientOrderId, InstrumentId, StrategyId, TraderId
from nautilus_trader.model.objects import Price, Quantity
from nautilus_trader.model.orders import LimitOrder, StopMarketOrder


@dataclass(frozen=True, slots=True)
class ExitTerms:
    """Where a position is protected, and how its exits are linked."""

    stop: Price
    target: Price
    linked_by_venue: bool


@dataclass(slots=True)
class Lot:
    """
    One (partial) fill of an entry and the two orders that end it.

    Parameters
    ----------
    quantity : Decimal
        What is still open, base currency, positive.
    stop_id, target_id : str
        Client order ids.
    stop_open, target_open : bool
        Whether the order can still fill.
    terms : ExitTerms | None, default None
        Where it is protected; a later entry has terms of its own. None for those of the latest entry.
    """

    quantity: Decimal
    stop_id: str
    target_id: str
    stop_open: bool = True
    target_open: bool = True
    terms: ExitTerms | None = None


def build_exits(
    *,
    trader_id: TraderId,
    strategy_id: StrategyId,
    instrument_id: InstrumentId,
    side: OrderSide,
    quantity: Quantity,
    terms: ExitTerms,
    signal_id: str,
    count: int,
    ts_init: int,
    again: str = "",
) -> tuple[StopMarketOrder, LimitOrder]:
    """
    Return stop and target for one fill.

    Parameters
    ----------
    side : OrderSide
        Side of the exits: opposite to the position.
    quantity : Quantity
        The filled quantity that they close.
    terms : ExitTerms
        Prices; whether the venue links the two (one-updates-other) or we do it by hand.
    signal_id : str
        The entry's signal; the ids become ``<signal_id>-S<count>`` and ``<signal_id>-T<count>``.
    count : int
        Number of the lot within its signal, from 1.
    ts_init : int
        Time of the fill, ns UTC.
    again : str, default ""
        Suffix of the ids when these replace exits that were lost.

    Notes
    -----
    Neither is reduce-only: in one-way mode the venue holds the net of all strategies. The risk gate
    enforces reduce-only against the strategy's own ledger.
    """
    stop_id = ClientOrderId(f"{signal_id}-S{count}{again}")
    target_id = ClientOrderId(f"{signal_id}-T{count}{again}")
    contingency = ContingencyType.OUO if terms.linked_by_venue else ContingencyType.NO_CONTINGENCY
    stop = StopMarketOrder(
        trader_id,
        strategy_id,
        instrument_id,
        stop_id,
        side,
        quantity,
        terms.stop,
        TriggerType.LAST_PRICE,
        UUID4(),
        ts_init,
        contingency_type=contingency,
        linked_order_ids=[target_id] if terms.linked_by_venue else None,
        tags=[signal_id],
    )
    target = LimitOrder(
        trader_id,
        strategy_id,
        instrument_id,
        target_id,
        side,
        quantity,
        terms.target,
        UUID4(),
        ts_init,
        contingency_type=contingency,
        linked_order_ids=[stop_id] if terms.linked_by_venue else None,
        tags=[signal_id],
    )
    return stop, target
