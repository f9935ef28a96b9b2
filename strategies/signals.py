"""Put a kernel's decision into words and onto the tick grid."""

from dataclasses import dataclass
from decimal import Decimal

from nautilus_trader.model.objects import Quantity

from nautilus_bot.core import ids
from nautilus_bot.core.messages import ConditionMargin, Indicator, RiskVerdict, RuleCheck, Signal
from nautilus_bot.core.units import to_ticks
from strategies.kernels.contract import Decision, Kernel, MutableFloats


@dataclass(frozen=True, slots=True)
class Identity:
    """
    Who proposes, and on which grid.

    Parameters
    ----------
    strategy, strategy_id, instrument_id : str
        As in ``Signal``.
    tick : Decimal
        Price increment.
    decimals : int
        Price precision of the instrument; may be finer than the tick.
    """

    strategy: str
    strategy_id: str
    instrument_id: str
    tick: Decimal
    decimals: int

    def on_grid(self, price: float) -> str:
        """Return the tick nearest to a float price as a decimal string."""
        return f"{to_ticks(price, float(self.tick)) * self.tick:.{self.decimals}f}"


def build_signal(
    who: Identity,
    kernel: Kernel,
    decision: Decision,
    state: MutableFloats,
    *,
    signal_id: str,
    ts: int,
    price: str,
    closes: bool,
) -> Signal:
    """
    Return a signal with the numbers that its decision rests on.

    Parameters
    ----------
    who : Identity
        The proposing strategy.
    kernel : Kernel
        Names indicators and conditions.
    decision : Decision
        Side, confidence, stop and target.
    state : MutableFloats
        The kernel's state after the decision.
    signal_id : str
        Its id.
    ts : int
        Market time, ns UTC.
    price : str
        Price of the decision, decimal string.
    closes : bool
        Whether it only closes; it carries no stop and target then.
    """
    is_long = decision.side > 0
    conditions = tuple(
        ConditionMargin(one.name, state[one.long_slot if is_long else one.short_slot], one.unit)
        for one in kernel.conditions
    )
    return Signal(
        ts_event=ts,
        signal_id=signal_id,
        strategy=who.strategy,
        strategy_id=who.strategy_id,
        instrument_id=who.instrument_id,
        side="BUY" if is_long else "SELL",
        confidence=decision.confidence,
        price=price,
        stop="" if closes else who.on_grid(decision.stop),
        target="" if closes else who.on_grid(decision.target),
        reason=_reason(conditions),
        indicators=tuple(Indicator(name, state[slot]) for name, slot in kernel.indicators),
        conditions=conditions,
        closes=closes,
    )


def size_refusal(
    signal: Signal, quantity: Decimal, minimum: Quantity | None, risk_pct: Decimal
) -> RiskVerdict:
    """
    Return the verdict on an entry that is too small to be sent.

    Parameters
    ----------
    signal : Signal
        The proposal.
    quantity : Decimal
        What the risk allows, base currency.
    minimum : Quantity | None
        Smallest quantity of the venue.
    risk_pct : Decimal
        Part of the balance that the stop may lose, percent.
    """
    reason = f"{risk_pct} % of the balance buys {quantity}, less than the venue's minimum"
    limit = float(minimum) if minimum is not None else 0.0
    check = RuleCheck("sizing", approved=False, limit=limit, observed=float(quantity), reason=reason)
    return RiskVerdict(
        ts_event=signal.ts_event,
        client_order_id=ids.order_id(signal.signal_id, ids.ENTRY),
        signal_id=signal.signal_id,
        strategy=signal.strategy,
        strategy_id=signal.strategy_id,
        instrument_id=signal.instrument_id,
        approved=False,
        role=ids.ENTRY,
        rule=check.rule,
        reason=reason,
        checks=(check,),
    )


def _reason(conditions: tuple[ConditionMargin, ...]) -> str:
    tightest = min(conditions, key=lambda condition: condition.margin)
    return (
        f"all {len(conditions)} conditions met, closest {tightest.name} "
        f"by {tightest.margin:.4g} {tightest.unit}"
    )
