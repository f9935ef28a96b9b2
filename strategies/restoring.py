"""Pick up where a crash left a strategy: its own state first, then what protects it at the venue."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from nautilus_trader.model.enums import OrderSide
from nautilus_trader.model.identifiers import ClientOrderId, InstrumentId
from nautilus_trader.model.instruments import Instrument
from nautilus_trader.model.objects import Price, Quantity
from nautilus_trader.model.orders import LimitOrder, StopMarketOrder
from nautilus_trader.trading.strategy import Strategy

from nautilus_bot.core import ids
from nautilus_bot.core.messages import Signal
from strategies.exits import ExitTerms, Lot, build_exits
from strategies.recovered import read_state

ZERO = Decimal(0)
AGAIN: Final[tuple[str, ...]] = ("", *"abcdefghijklmnopqrstuvwxyz")
"""Suffixes of an exit that replaces a lost one: a client order id is never used twice."""


class RestoringStrategy(Strategy):
    """
    The part of ``SignalStrategy`` that survives a crash.

    ``restore`` reads the state off recorded orders and signals; ``repair`` makes the venue agree with it:
    every part of the position has its stop and its target, and nothing else has.
    """

    net: Decimal
    instrument_id: InstrumentId
    _instrument: Instrument
    _linked: bool
    _entry_id: str
    _entry_signal: str
    _terms: ExitTerms | None
    _lots: list[Lot]
    _lot_count: int
    _closing: Signal | None
    _close_id: str

    def restore(self, signals: Sequence[Signal], net: Decimal) -> None:
        """
        Take the state that orders and signals tell.

        Parameters
        ----------
        signals : Sequence[Signal]
            The strategy's latest signals.
        net : Decimal
            Its ledger, signed, base currency.
        """
        orders = self.cache.orders(strategy_id=self.id)
        state = read_state(orders, signals, net, linked=self._linked)
        self.net = net
        self._entry_id = state.entry_id
        self._entry_signal = state.entry_signal
        self._terms = state.terms
        self._lots = state.lots
        self._lot_count = state.lot_count
        self._closing = state.closing
        self._close_id = state.close_id

    def repair(self, price: Price, ts: int, now_ns: int) -> None:
        """
        Protect what is open, cancel what protects nothing, go on with a close that had begun.

        Parameters
        ----------
        price : Price
            Last known price.
        ts : int
            Market time, ns UTC.
        now_ns : int
            Wall clock, ns UTC.
        """
        if self._closing is not None:
            self._continue_close()
            return
        self._trim_lots()
        if self.net == 0 or self._linked:
            return
        if self._terms is None or not self._entry_signal:
            self.close_position("a position without known stop and target", price, ts)
            return
        for lot in self._lots:
            self._complete(lot, self._terms, now_ns)
        missing = abs(self.net) - sum((lot.quantity for lot in self._lots), ZERO)
        if missing > 0:
            self._protect_rest(missing, self._terms, now_ns)

    def correct(self, net: Decimal) -> None:
        """Take a ledger that was set right; ``repair`` must follow."""
        self.net = net

    def _continue_close(self) -> None:
        for lot in self._lots:
            self._cancel_lot(lot)
        self._finish_close()

    def _trim_lots(self) -> None:
        """Give up protection that exceeds the position, the newest first."""
        excess = sum((lot.quantity for lot in self._lots), ZERO) - abs(self.net)
        for lot in reversed(self._lots):
            part = min(lot.quantity, max(excess, ZERO))
            excess -= part
            lot.quantity -= part
            if lot.quantity <= 0:
                self._cancel_lot(lot)
            else:
                self._resize_lot(lot)

    def _resize_lot(self, lot: Lot) -> None:
        """Let neither exit fill more than is open, also when the venue refused to shrink it before."""
        for client_order_id in (lot.stop_id, lot.target_id):
            order = self.cache.order(ClientOrderId(client_order_id)) if client_order_id else None
            if order is None or not order.is_open or order.is_pending_update:
                continue
            if order.leaves_qty.as_decimal() > lot.quantity:
                total = order.filled_qty.as_decimal() + lot.quantity
                self.modify_order(order, quantity=self._instrument.make_qty(total))

    def _complete(self, lot: Lot, terms: ExitTerms, now_ns: int) -> None:
        """Submit the half of a lot that the venue does not have."""
        if lot.quantity <= 0 or (lot.stop_open and lot.target_open):
            return
        signal_id, _, suffix = (lot.stop_id or lot.target_id).rpartition("-")
        count = int("".join(filter(str.isdigit, suffix)))
        quantity = self._instrument.make_qty(lot.quantity)
        stop, target = self._exits(quantity, terms, signal_id, count, now_ns)
        if not lot.stop_open:
            lot.stop_id, lot.stop_open = stop.client_order_id.value, True
            self.submit_order(stop)
        if not lot.target_open:
            lot.target_id, lot.target_open = target.client_order_id.value, True
            self.submit_order(target)

    def _protect_rest(self, missing: Decimal, terms: ExitTerms, now_ns: int) -> None:
        """Submit stop and target for a fill that had none yet."""
        self._lot_count += 1
        quantity = self._instrument.make_qty(missing)
        stop, target = self._exits(quantity, terms, self._entry_signal, self._lot_count, now_ns)
        self._lots.append(Lot(missing, stop.client_order_id.value, target.client_order_id.value))
        self.submit_order(stop)
        self.submit_order(target)

    def _exits(
        self, quantity: Quantity, terms: ExitTerms, signal_id: str, count: int, now_ns: int
    ) -> tuple[StopMarketOrder, LimitOrder]:
        return build_exits(
            trader_id=self.trader_id,
            strategy_id=self.id,
            instrument_id=self.instrument_id,
            side=OrderSide.SELL if self.net > 0 else OrderSide.BUY,
            quantity=quantity,
            terms=terms,
            signal_id=signal_id,
            count=count,
            again=self._unused(signal_id, count),
            ts_init=now_ns,
        )

    def _unused(self, signal_id: str, count: int) -> str:
        """Return the first suffix that neither a stop nor a target of this lot has had."""
        for again in AGAIN:
            used = (f"{ids.order_id(signal_id, role, count)}{again}" for role in (ids.STOP, ids.TARGET))
            if not any(self.cache.order_exists(ClientOrderId(one)) for one in used):
                return again
        raise AssertionError(f"{self.id}: lot {count} of {signal_id} was replaced {len(AGAIN)} times")

    def close_position(self, reason: str, price: Price, ts: int) -> None:
        """Close the strategy's own position at market."""
        raise NotImplementedError

    def _cancel_lot(self, lot: Lot) -> None:
        raise NotImplementedError

    def _finish_close(self) -> None:
        raise NotImplementedError
