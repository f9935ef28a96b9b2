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
        What stands open at its average entry prices, signed, USDT: every ledger's, or, where the venue
        nets them, its own position's.
    """

    net: float
    gross: float
    cost_usdt: float

    @classmethod
    def of(cls, positions: Iterable[LedgerPosition], at_venue: LedgerPosition | None = None) -> Self | None:
        """
        Return the sum of the ledgers, or None when all are flat.

        Parameters
        ----------
        positions : Iterable[LedgerPosition]
            The ledgers.
        at_venue : LedgerPosition, optional
            What a venue made of all their fills that holds their net: where ledgers oppose each other, it
            has realised, and paid into the balance, what they still count as open.
        """
        net = gross = cost = 0.0
        for position in positions:
            if position.quantity:
                quantity = float(position.quantity)
                net += quantity
                gross += abs(quantity)
                cost += quantity * float(position.average_price)
        if at_venue is not None:
            cost = float(at_venue.quantity) * float(at_venue.average_price)
        return cls(net, gross, cost) if gross > 0.0 else None

    def unrealized_usdt(self, price: float) -> float:
        """Return open profit and loss at a price, USDT."""
        return self.net * price - self.cost_usdt
