"""
The account's money and positions: every change of the balance is one entry, exact to the last decimal.

A position carries its entry value, not an average price. A partial close takes a share of that value,
rounded to 1e-8, and the rest stays with the position, so nothing is ever lost to a division: the balance is
always ``deposits + realised profit - fees + funding``, digit by digit.
"""

from collections.abc import Callable, Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, Literal

import msgspec

from adapters.bybit_simulator.history import History
from adapters.bybit_simulator.orders import ZERO, OrderSide, TriggerBy, signed

CENT: Final = Decimal("0.00000001")
"""The smallest amount of money, USDT."""

type EntryType = Literal["TRANSFER_IN", "TRADE", "SETTLEMENT", "LIQUIDATION", "INSURANCE"]


def to_cents(amount: Decimal) -> Decimal:
    """Return an amount rounded half up to 1e-8 USDT."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """
    The net position in one symbol.

    Parameters
    ----------
    size : Decimal
        Base coin, positive when long, negative when short.
    cost : Decimal
        Entry value of what is still open, USDT, zero or more.
    cur_realised_pnl, cum_realised_pnl : Decimal
        Realised profit less fees, plus funding: since the position opened, and ever, USDT.
    take_profit, stop_loss : Decimal | None
        Protection of the whole position.
    """

    symbol: str
    leverage: Decimal
    size: Decimal = ZERO
    cost: Decimal = ZERO
    cur_realised_pnl: Decimal = ZERO
    cum_realised_pnl: Decimal = ZERO
    take_profit: Decimal | None = None
    stop_loss: Decimal | None = None
    tp_trigger_by: TriggerBy = "LastPrice"
    sl_trigger_by: TriggerBy = "LastPrice"
    seq: int = 0
    created_ms: int = 0
    updated_ms: int = 0

    @property
    def side(self) -> OrderSide | Literal[""]:
        """``Buy`` when long, ``Sell`` when short, empty when flat."""
        if not self.size:
            return ""
        return "Buy" if self.size > 0 else "Sell"

    @property
    def avg_price(self) -> Decimal:
        """Entry price, USDT, rounded to 1e-8; zero when flat."""
        return to_cents(self.cost / abs(self.size)) if self.size else ZERO

    def closable(self, side: OrderSide) -> Decimal:
        """Return how much an order of ``side`` would reduce, base coin."""
        return max(ZERO, -signed(side, Decimal(1)) * self.size)

    def unrealised_pnl(self, mark: Decimal) -> Decimal:
        """Return the open profit at a mark price, USDT."""
        value = self.size * mark
        return value - self.cost if self.size > 0 else value + self.cost


class LedgerEntry(msgspec.Struct, frozen=True, kw_only=True):
    """
    One change of the balance, as in Bybit's transaction log.

    Parameters
    ----------
    cash_flow : Decimal
        Realised profit, deposit or compensation, USDT.
    fee : Decimal
        Paid when positive, USDT.
    funding : Decimal
        Received when positive, USDT.
    change : Decimal
        ``cash_flow - fee + funding``.
    balance : Decimal
        Wallet balance after the entry, USDT.
    ts_ms : int
        Wall clock; for a funding settlement the market's time.
    """

    seq: int
    ts_ms: int
    type: EntryType
    symbol: str = ""
    side: OrderSide | Literal[""] = ""
    qty: Decimal = ZERO
    price: Decimal = ZERO
    cash_flow: Decimal = ZERO
    fee: Decimal = ZERO
    fee_rate: Decimal = ZERO
    funding: Decimal = ZERO
    change: Decimal
    balance: Decimal
    order_id: str = ""
    order_link_id: str = ""
    trade_id: str = ""


class Booked(msgspec.Struct, frozen=True):
    """What a fill did: the quantity it closed and the profit it realised before fees, USDT."""

    closed: Decimal
    realised: Decimal


class Ledger:
    """
    The unified account's balance, entries and positions.

    Parameters
    ----------
    positions : Iterable[Position]
        One for every listed symbol, usually flat.
    now_ms : Callable[[], int]
        The wall clock.
    """

    def __init__(self, positions: Iterable[Position], now_ms: Callable[[], int]) -> None:
        self.balance = ZERO
        self.entries: History[LedgerEntry] = History()
        self.positions = {position.symbol: position for position in positions}
        self.changed: set[str] = set()
        self._now_ms = now_ms

    def deposit(self, amount: Decimal) -> None:
        """Add cash to the account."""
        self._enter(type="TRANSFER_IN", cash_flow=amount)

    def restore(self, balance: Decimal, next_seq: int, entries: Iterable[LedgerEntry]) -> None:
        """Take over a saved balance, entry counter and entries."""
        self.balance = balance
        self.entries = History(entries, next_seq - 1)

    @property
    def next_seq(self) -> int:
        """Number of the next entry."""
        return self.entries.count + 1

    def put(self, position: Position) -> Position:
        """Replace a position and stamp it."""
        previous = self.positions.get(position.symbol)
        seq = previous.seq + 1 if previous else 1
        stamped = msgspec.structs.replace(position, updated_ms=self._now_ms(), seq=seq)
        self.positions[position.symbol] = stamped
        self.changed.add(position.symbol)
        return stamped

    def book_fill(
        self,
        symbol: str,
        side: OrderSide,
        qty: Decimal,
        price: Decimal,
        *,
        fee: Decimal,
        fee_rate: Decimal,
        entry_type: EntryType = "TRADE",
        order_id: str = "",
        order_link_id: str = "",
        trade_id: str = "",
    ) -> Booked:
        """
        Book one fill: position, realised profit, fee.

        Parameters
        ----------
        qty, price : Decimal
            Base coin and USDT, positive.
        fee : Decimal
            USDT, paid when positive.

        Returns
        -------
        Booked
            What was closed and the profit that realised.
        """
        before = self.positions[symbol]
        closed = min(qty, before.closable(side))
        released = _share(before, closed)
        realised = (closed * price - released) * (1 if side == "Sell" else -1) if closed else ZERO
        opened = qty - closed
        size = before.size + signed(side, qty)
        net = realised - fee
        fresh = bool(opened) and not before.size + signed(side, closed)
        self.put(
            msgspec.structs.replace(
                before,
                size=size,
                cost=before.cost - released + opened * price,
                cur_realised_pnl=-to_cents(fee * opened / qty) if fresh else before.cur_realised_pnl + net,
                cum_realised_pnl=before.cum_realised_pnl + net,
                created_ms=self._now_ms() if fresh else before.created_ms,
            )
        )
        self._enter(
            type=entry_type,
            symbol=symbol,
            side=side,
            qty=qty,
            price=price,
            cash_flow=realised,
            fee=fee,
            fee_rate=fee_rate,
            order_id=order_id,
            order_link_id=order_link_id,
            trade_id=trade_id,
        )
        return Booked(closed, realised)

    def book_funding(self, symbol: str, rate: Decimal, mark: Decimal, ts_ms: int) -> Decimal:
        """
        Settle funding on a position.

        Parameters
        ----------
        rate : Decimal
            Ratio of the position's value; a long pays when it is positive.
        mark : Decimal
            Mark price, USDT.
        ts_ms : int
            Settlement time of the market.

        Returns
        -------
        Decimal
            Change of the balance, USDT; zero when flat.
        """
        before = self.positions[symbol]
        if not before.size:
            return ZERO
        received = to_cents(-before.size * mark * rate)
        self.put(
            msgspec.structs.replace(
                before,
                cur_realised_pnl=before.cur_realised_pnl + received,
                cum_realised_pnl=before.cum_realised_pnl + received,
            )
        )
        self._enter(
            type="SETTLEMENT",
            symbol=symbol,
            side=before.side,
            qty=abs(before.size),
            price=mark,
            fee_rate=rate,
            funding=received,
            ts_ms=ts_ms,
        )
        return received

    def cover_deficit(self, symbol: str) -> None:
        """Let the insurance fund lift a balance that a liquidation left below zero."""
        if self.balance < 0:
            self._enter(type="INSURANCE", symbol=symbol, cash_flow=-self.balance)

    def _enter(
        self,
        type: EntryType,  # noqa: A002 - Bybit's field name
        symbol: str = "",
        side: OrderSide | Literal[""] = "",
        qty: Decimal = ZERO,
        price: Decimal = ZERO,
        cash_flow: Decimal = ZERO,
        fee: Decimal = ZERO,
        fee_rate: Decimal = ZERO,
        funding: Decimal = ZERO,
        ts_ms: int = 0,
        order_id: str = "",
        order_link_id: str = "",
        trade_id: str = "",
    ) -> None:
        change = cash_flow - fee + funding
        self.balance += change
        self.entries.append(
            LedgerEntry(
                seq=self.next_seq,
                ts_ms=ts_ms or self._now_ms(),
                type=type,
                symbol=symbol,
                side=side,
                qty=qty,
                price=price,
                cash_flow=cash_flow,
                fee=fee,
                fee_rate=fee_rate,
                funding=funding,
                change=change,
                balance=self.balance,
                order_id=order_id,
                order_link_id=order_link_id,
                trade_id=trade_id,
            )
        )


def _share(position: Position, closed: Decimal) -> Decimal:
    if closed == abs(position.size):
        return position.cost if closed else ZERO
    return to_cents(position.cost * closed / abs(position.size))
