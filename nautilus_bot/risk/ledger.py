"""Each strategy's own position per instrument, kept from fills alone."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from nautilus_bot.core.session_state import LedgerState

ZERO = Decimal(0)


@dataclass(slots=True)
class LedgerPosition:
    """
    One strategy's position in one instrument.

    Parameters
    ----------
    quantity : Decimal
        Signed, base currency.
    average_price : Decimal
        Average entry price of the open quantity; zero when flat.
    realized_usdt : Decimal
        Closed profit and loss without fees, USDT.
    fees_usdt : Decimal
        Commissions paid, USDT.
    """

    quantity: Decimal = ZERO
    average_price: Decimal = ZERO
    realized_usdt: Decimal = ZERO
    fees_usdt: Decimal = ZERO

    def apply_fill(self, signed_quantity: Decimal, price: Decimal, fee_usdt: Decimal) -> None:
        """
        Book one fill: average up, reduce, close or turn.

        Parameters
        ----------
        signed_quantity : Decimal
            Positive for a buy, negative for a sell, base currency.
        price : Decimal
            Fill price.
        fee_usdt : Decimal
            Commission, USDT; negative for a rebate.
        """
        self.fees_usdt += fee_usdt
        before = self.quantity
        after = before + signed_quantity
        if before * signed_quantity >= 0:
            self.average_price = (before * self.average_price + signed_quantity * price) / after
        else:
            closed = min(abs(before), abs(signed_quantity)) * (1 if before > 0 else -1)
            self.realized_usdt += closed * (price - self.average_price)
            if after * before < 0:
                self.average_price = price
            elif after == 0:
                self.average_price = ZERO
        self.quantity = after


class Ledgers:
    """All strategies' positions, by instrument id and strategy id."""

    def __init__(self) -> None:
        self._positions: dict[str, dict[str, LedgerPosition]] = {}

    def position(self, strategy_id: str, instrument_id: str) -> LedgerPosition:
        """Return the position; a flat one of nobody's when there was no fill yet."""
        by_strategy = self._positions.get(instrument_id)
        found = by_strategy.get(strategy_id) if by_strategy is not None else None
        return found if found is not None else LedgerPosition()

    def quantity(self, strategy_id: str, instrument_id: str) -> Decimal:
        """Return a strategy's signed quantity, zero when flat."""
        by_strategy = self._positions.get(instrument_id)
        found = by_strategy.get(strategy_id) if by_strategy is not None else None
        return found.quantity if found is not None else ZERO

    def apply_fill(
        self,
        strategy_id: str,
        instrument_id: str,
        signed_quantity: Decimal,
        price: Decimal,
        fee_usdt: Decimal,
    ) -> None:
        """Book one fill into a strategy's ledger (see ``LedgerPosition.apply_fill``)."""
        by_strategy = self._positions.setdefault(instrument_id, {})
        position = by_strategy.get(strategy_id)
        if position is None:
            position = by_strategy[strategy_id] = LedgerPosition()
        position.apply_fill(signed_quantity, price, fee_usdt)

    def of_instrument(self, instrument_id: str) -> Iterable[LedgerPosition]:
        """Return all strategies' positions in an instrument, flat ones included."""
        return self._positions.get(instrument_id, {}).values()

    def net(self, instrument_id: str) -> Decimal:
        """Return the sum over strategies: what the venue holds when no command is in flight."""
        return sum((p.quantity for p in self.of_instrument(instrument_id)), ZERO)

    def open_positions(self) -> Iterator[tuple[str, str, LedgerPosition]]:
        """Yield (strategy_id, instrument_id, position) of all that are not flat."""
        for instrument_id, by_strategy in self._positions.items():
            for strategy_id, position in by_strategy.items():
                if position.quantity:
                    yield strategy_id, instrument_id, position

    def states(self) -> tuple[LedgerState, ...]:
        """Return every ledger as plain values."""
        return tuple(
            LedgerState(
                strategy_id=strategy_id,
                instrument_id=instrument_id,
                quantity=str(position.quantity),
                average_price=str(position.average_price),
                realized_usdt=str(position.realized_usdt),
                fees_usdt=str(position.fees_usdt),
            )
            for instrument_id, by_strategy in self._positions.items()
            for strategy_id, position in by_strategy.items()
        )

    def restore(self, states: Iterable[LedgerState]) -> None:
        """Take ledgers from plain values."""
        for state in states:
            self._positions.setdefault(state.instrument_id, {})[state.strategy_id] = LedgerPosition(
                Decimal(state.quantity),
                Decimal(state.average_price),
                Decimal(state.realized_usdt),
                Decimal(state.fees_usdt),
            )

    def by_strategy(self, instrument_id: str) -> dict[str, Decimal]:
        """Return the signed quantities that are not zero, by strategy id."""
        return {
            strategy_id: position.quantity
            for strategy_id, position in self._positions.get(instrument_id, {}).items()
            if position.quantity
        }
