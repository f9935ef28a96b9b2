"""Approved orders that have not ended: what they may still add to a position."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from nautilus_bot.core import ids

ZERO = Decimal(0)


@dataclass(slots=True)
class Reservation:
    """
    One approved order.

    Parameters
    ----------
    strategy_id, instrument_id, role : str
        Whose order it is and what for.
    sign : int
        1 for a buy, -1 for a sell.
    leaves : Decimal
        What may still fill, base currency.
    price : Decimal
        Price that exposure is counted at.
    filled : Decimal
        What has filled, base currency.
    """

    strategy_id: str
    instrument_id: str
    role: str
    sign: int
    leaves: Decimal
    price: Decimal
    filled: Decimal = ZERO

    @property
    def notional_usdt(self) -> float:
        """Signed value of what may still fill, USDT."""
        return self.sign * float(self.leaves * self.price)


class Reservations:
    """Approved orders by client order id, released by fills and by their end."""

    def __init__(self) -> None:
        self._open: dict[str, Reservation] = {}
        self._entries: dict[str, Reservation] = {}

    def reserve(self, client_order_id: str, reservation: Reservation) -> None:
        """Count an approved order from now on."""
        self._open[client_order_id] = reservation
        if reservation.role == ids.ENTRY:
            self._entries[client_order_id] = reservation

    def fill(self, client_order_id: str, quantity: Decimal) -> None:
        """Release what was filled; the ledger counts it from now on."""
        found = self._open.get(client_order_id)
        if found is None:
            return
        found.leaves -= quantity
        found.filled += quantity
        if found.leaves <= 0:
            self.release(client_order_id)

    def resize(self, client_order_id: str, quantity: Decimal) -> None:
        """Count an amended order at its new total quantity, less what has filled."""
        found = self._open.get(client_order_id)
        if found is None:
            return
        found.leaves = quantity - found.filled
        if found.leaves <= 0:
            self.release(client_order_id)

    def release(self, client_order_id: str) -> None:
        """Forget an order that ended."""
        self._open.pop(client_order_id, None)
        self._entries.pop(client_order_id, None)

    def get(self, client_order_id: str) -> Reservation | None:
        """Return the reservation of an order, or None."""
        return self._open.get(client_order_id)

    def of_role(self, strategy_id: str, instrument_id: str, role: str) -> Decimal:
        """Return the open quantity of one role in one ledger."""
        return sum(
            (
                r.leaves
                for r in self._open.values()
                if r.role == role and r.strategy_id == strategy_id and r.instrument_id == instrument_id
            ),
            ZERO,
        )

    def entries(self) -> Iterable[Reservation]:
        """Return the orders that may still open risk."""
        return self._entries.values()
