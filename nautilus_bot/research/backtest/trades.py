"""Fills to trades: a trade lasts from the moment a strategy's ledger leaves zero until it is zero again."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

import msgspec

from nautilus_bot.core import ids
from nautilus_bot.research.backtest.recorded import Fill, Funding

ZERO = Decimal(0)


class Trade(msgspec.Struct, frozen=True, kw_only=True):
    """
    One round trip of one strategy on one instrument.

    Parameters
    ----------
    strategy_id, instrument_id, signal_id : str
        Whose it is, and the signal that began it.
    side : str
        ``LONG`` or ``SHORT``.
    opened_ns, closed_ns : int
        First and last fill, ns UTC; ``closed_ns`` is 0 while it is open.
    quantity : Decimal
        All that was entered, base currency.
    entry, exit : Decimal
        Average prices, USDT; ``exit`` is 0 while nothing is closed.
    gross : Decimal
        Profit and loss of the closed part by price alone, USDT.
    fees, funding : Decimal
        Fees paid (positive), funding received (negative: paid), USDT.
    ended_by : str
        ``stop``, ``target``, ``close``, or ``open`` while it lasts.
    """

    strategy_id: str
    instrument_id: str
    signal_id: str
    side: str
    opened_ns: int
    closed_ns: int
    quantity: Decimal
    entry: Decimal
    exit: Decimal
    gross: Decimal
    fees: Decimal
    funding: Decimal
    ended_by: str

    @property
    def is_open(self) -> bool:
        """Whether the position still stands at the end of the run."""
        return self.closed_ns == 0

    @property
    def pnl(self) -> Decimal:
        """Realised profit and loss after fees and funding, USDT."""
        return self.gross - self.fees + self.funding


ENDINGS = {ids.STOP: "stop", ids.TARGET: "target", ids.CLOSE: "close"}


@dataclass(slots=True)
class _Open:
    """A trade in progress, at average cost."""

    first: Fill
    net: Decimal = ZERO
    entered: Decimal = ZERO
    entered_value: Decimal = ZERO
    closed: Decimal = ZERO
    closed_value: Decimal = ZERO
    fees: Decimal = ZERO
    funding: Decimal = ZERO
    last: Fill | None = field(default=None)

    def take(self, fill: Fill) -> None:
        if self.net * fill.quantity >= 0:
            self.entered += abs(fill.quantity)
            self.entered_value += abs(fill.quantity) * fill.price
        else:
            self.closed += abs(fill.quantity)
            self.closed_value += abs(fill.quantity) * fill.price
        self.net += fill.quantity
        self.fees += fill.fee
        self.last = fill

    def finish(self) -> Trade:
        is_open = self.net != 0
        sign = 1 if self.first.quantity > 0 else -1
        # what was entered and is closed cancels exactly; only a part that is still open needs the average
        cost = self.entered_value * self.closed / self.entered if is_open else self.entered_value
        assert self.last is not None
        return Trade(
            strategy_id=self.first.strategy_id,
            instrument_id=self.first.instrument_id,
            signal_id=ids.signal_of(self.first.client_order_id),
            side="LONG" if sign > 0 else "SHORT",
            opened_ns=self.first.ts,
            closed_ns=0 if is_open else self.last.ts,
            quantity=self.entered,
            entry=self.entered_value / self.entered,
            exit=self.closed_value / self.closed if self.closed else ZERO,
            gross=sign * (self.closed_value - cost),
            fees=self.fees,
            funding=self.funding,
            ended_by="open" if is_open else ENDINGS.get(self.last.role, "close"),
        )


def build_trades(bookings: Iterable[Fill | Funding]) -> list[Trade]:
    """
    Return the trades of a run, in the order in which they ended; those still open come last.

    Parameters
    ----------
    bookings : Iterable[Fill | Funding]
        In the journal's order; a settlement belongs to the trade that its strategy has open.

    Notes
    -----
    Average cost, as Nautilus's netting position: closing profit is ``(exit - entry) * quantity``, signed.
    """
    standing: dict[str, _Open] = {}
    done: list[Trade] = []
    for one in bookings:
        position = standing.get(one.strategy_id)
        if isinstance(one, Funding):
            assert position is not None, f"funding of {one.strategy_id} without a position"
            position.funding += one.amount
            continue
        for fill in _parts(one, ZERO if position is None else position.net):
            position = standing.setdefault(fill.strategy_id, _Open(fill))
            position.take(fill)
            if position.net == 0:
                done.append(standing.pop(fill.strategy_id).finish())
    return [*done, *(position.finish() for position in standing.values())]


def _parts(fill: Fill, net: Decimal) -> tuple[Fill, ...]:
    """Cut a fill that turns a position around into what closes and what opens."""
    if net * fill.quantity >= 0 or abs(fill.quantity) <= abs(net):
        return (fill,)
    fee = fill.fee * abs(net) / abs(fill.quantity)
    closing = msgspec.structs.replace(fill, quantity=-net, fee=fee)
    return closing, msgspec.structs.replace(fill, quantity=fill.quantity + net, fee=fill.fee - fee)
