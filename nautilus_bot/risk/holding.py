"""All strategies' open positions in one instrument, as floats for marking to market."""

from collections.abc import Iterable
from typing import Self

import msgspec

from nautilus_bot.risk.ledger import LedgerPosition


class Holding(msgspec.Struct, frozen=True):
    """
    Open quantities and their cost.

    Parameters
    ----------
    net, gross : float
        Signed sum and sum of absolute quantities over the ledgers, base currency.
    cost_usdt : float
        Signed quantities at their average entry prices, USDT.
    """

    net: float
    gross: float
    cost_usdt: float

    @classmethod
    def of(cls, positions: Iterable[LedgerPosition]) -> Self | None:
        """Return the sum of the ledgers, or None when all are flat."""
        net = gross = cost = 0.0
        for position in positions:
            if position.quantity:
                quantity = float(position.quantity)
                net += quantity
                gross += abs(quantity)
                cost += quantity * float(position.average_price)
        return cls(net, gross, cost) if gross > 0.0 else None

    def unrealized_usdt(self, price: float) -> float:
        """Return open profit and loss at a price, USDT."""
        return self.net * price - self.cost_usdt
