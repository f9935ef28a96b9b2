"""Funding told as an execution, as Bybit does, for those who want to rehearse the trap."""

import uuid

from adapters.bybit_simulator.events import Executed, PositionView
from adapters.bybit_simulator.orders import ZERO, Execution, opposite
from adapters.bybit_simulator.prices import FundingTick


def funding_execution(position: PositionView, tick: FundingTick, wall_ms: int) -> Executed:
    """
    Return the execution that Bybit lists for a funding settlement.

    It carries the position's size and side although nothing was traded, so that a client which ignores
    ``execType`` takes it for a fill.

    Parameters
    ----------
    position : PositionView
        Not flat.
    tick : FundingTick
        The settlement.
    wall_ms : int
        Wall clock, ms UTC.
    """
    assert position.side
    value = position.size * position.mark_price
    paid = value * tick.rate if position.side == "Buy" else -value * tick.rate
    return Executed(
        Execution(
            exec_id=str(uuid.uuid4()),
            order_id=str(uuid.uuid4()),
            order_link_id="",
            symbol=position.symbol,
            # Bybit shows the side that pays: the position's own when the fee is positive.
            side=position.side if paid >= 0 else opposite(position.side),
            order_type="Market",
            order_price=position.mark_price,
            order_qty=position.size,
            leaves_qty=ZERO,
            exec_price=position.mark_price,
            exec_qty=position.size,
            exec_value=value,
            exec_fee=paid,
            fee_rate=tick.rate,
            is_maker=False,
            mark_price=position.mark_price,
            index_price=position.mark_price,
            closed_size=ZERO,
            exec_pnl=ZERO,
            seq=position.seq,
            exec_ms=wall_ms,
            exec_type="Funding",
            create_type="",
        )
    )
