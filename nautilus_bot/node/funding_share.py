"""Whose is a funding settlement: the venue settles the net position, every strategy bears its own part."""

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

from nautilus_trader.common.component import MessageBus

from nautilus_bot.core import topics
from nautilus_bot.core.messages import FundingPaid
from nautilus_bot.risk.context import RiskContext

SMALLEST: Final = Decimal("0.00000001")
EXTERNAL: Final = "EXTERNAL"
ZERO: Final = Decimal(0)


def share_funding(amount: Decimal, ledgers: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """
    Divide a settlement among ledgers.

    Parameters
    ----------
    amount : Decimal
        What the account received, USDT; negative for what it paid.
    ledgers : Mapping[str, Decimal]
        Signed open quantities by strategy id, base currency.

    Returns
    -------
    dict[str, Decimal]
        USDT by strategy id, the sum is exactly ``amount``. Opposite ledgers pay and receive, as they would
        alone; the largest one takes what rounding leaves. Without a net position all of it is EXTERNAL's.
    """
    net = sum(ledgers.values(), ZERO)
    if not net:
        return {EXTERNAL: amount} if amount else {}
    shares = {
        name: (amount * quantity / net).quantize(SMALLEST, rounding=ROUND_HALF_EVEN)
        for name, quantity in sorted(ledgers.items())
        if quantity
    }
    largest = max(shares, key=lambda name: abs(shares[name]))
    shares[largest] += amount - sum(shares.values(), ZERO)
    return shares


class FundingShare:
    """
    Turn settlements of the account into facts of strategies.

    Parameters
    ----------
    bus : MessageBus
        Facts are published here and so recorded.
    context : RiskContext
        Ledgers as they are when the settlement is heard of, a few seconds after it at most.
    """

    def __init__(self, bus: MessageBus, context: RiskContext) -> None:
        self._bus = bus
        self._context = context

    def on_funding(
        self, symbol: str, _exec_id: str, amount: Decimal, _ts: int, rate: Decimal, price: Decimal
    ) -> None:
        """Publish every strategy's part of a settlement."""
        instrument_id = f"{symbol}-LINEAR.BYBIT"
        ledgers = self._context.ledgers.by_strategy(instrument_id)
        for strategy_id, part in share_funding(amount, ledgers).items():
            fact = FundingPaid(
                ts_event=self._context.clock.now_ns,
                instrument_id=instrument_id,
                strategy_id=strategy_id,
                rate=f"{rate:f}",
                quantity=f"{ledgers.get(strategy_id, ZERO):f}",
                price=f"{price:f}",
                amount_usdt=f"{part:f}",
            )
            self._bus.publish(topics.FUNDING + instrument_id, fact)
