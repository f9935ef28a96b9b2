"""Pick up where a crash left a strategy: its own state first, then what protects it at the venue."""

from abc import abstractmethod
from collections.abc import Sequence
from decimal import Decimal
from string import ascii_lowercase
from typing import Final

from nautilus_trader.model.enums import OrderSide
from nautilus_trader.model.events import OrderAccepted, OrderFilled, OrderModifyRejected
from nautilus_trader.model.identifiers import ClientOrderId, InstrumentId
from nautilus_trader.model.instruments import Instrument
from nautilus_trader.model.objects import Price, Quantity
from nautilus_trader.model.orders import LimitOrder, Order, StopMarketOrder
from nautilus_trader.trading.strategy import Strategy

from nautilus_bot.core import ids, topics
from nautilus_bot.core.messages import Message, Signal
from nautilus_bot.core.session_state import ExternalAssigned
from strategies.exits import ExitTerms, Lot, build_exits
from strategies.recovered import read_state
from strategies.retries import Retries

ZERO = Decimal(0)
AGAIN: Final[tuple[str, ...]] = ("", *ascii_lowercase)
"""Suffixes of an exit that replaces a lost one: a client order id is never used twice."""
CLOSING: Final = "close"
DUST: Final = "dust"


class RestoringStrategy(Strategy):
    """
    The part of ``SignalStrategy`` that survives a crash.

    ``restore`` reads the state off recorded orders and signals; ``repair`` makes the venue agree with it:
    every part of the position has its stop and its target, and nothing else has. What is refused is tried
    again after a wait that doubles, and told once. A part too small for a stop of its own is closed.
    """

    name: str
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
    _retries: Retries
    _dust_id: str

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
        self._trim_lots(now_ns)
        if self.net == 0 or self._linked:
            return
        if self._terms is None or not self._entry_signal:
            if self._retries.is_due(CLOSING, now_ns):
                self.close_position("a position without known stop and target", price, ts)
            return
        for lot in self._lots:
            self._complete(lot, lot.terms or self._terms, now_ns)
        missing = self._missing()
        if missing <= 0:
            return
        if self._is_dust(missing, self._terms):
            self._close_dust(missing, now_ns)
        elif self._retries.is_due(ids.STOP, now_ns):
            self._protect_rest(missing, self._terms, now_ns)

    @property
    def is_idle(self) -> bool:
        """Whether it holds nothing and has no order of its own on the way."""
        return self.net == 0 and not (self._entry_id or self._lots or self._closing or self._dust_id)

    def on_trading_fact(self, fact: Message) -> None:
        """Take a position over when the operator says so; the fact is recorded, so a replay does it too."""
        if isinstance(fact, ExternalAssigned) and fact.strategy_id == str(self.id):
            self._take_over(fact)

    def _take_over(self, assigned: ExternalAssigned) -> None:
        """Protect a position that somebody else opened, under a signal that says so."""
        quantity = Decimal(assigned.quantity)
        signal = Signal(
            ts_event=assigned.ts_event,
            signal_id=self._next_signal_id(),
            strategy=self.name,
            strategy_id=str(self.id),
            instrument_id=assigned.instrument_id,
            side="BUY" if quantity > 0 else "SELL",
            confidence=1.0,
            price=assigned.price,
            stop=assigned.stop,
            target=assigned.target,
            reason=f"{quantity:+} from outside, assigned by {assigned.author}",
        )
        self.msgbus.publish(topics.SIGNAL + str(self.id), signal)
        self.net += quantity
        self._entry_signal, self._lot_count = signal.signal_id, 0
        stop, target = Price.from_str(assigned.stop), Price.from_str(assigned.target)
        self._terms = ExitTerms(stop, target, linked_by_venue=self._linked)
        # market time: a replay has no other, and nothing was refused yet under this signal
        self.repair(stop, assigned.ts_event, assigned.ts_event)

    def _missing(self) -> Decimal:
        """Return what is open, neither protected by a lot nor about to be closed; may be negative."""
        leaving = ZERO
        for client_order_id in (self._close_id, self._dust_id):
            order = self.cache.order(ClientOrderId(client_order_id)) if client_order_id else None
            if order is not None and not order.is_closed:
                leaving += order.leaves_qty.as_decimal()
        return abs(self.net) - sum((lot.quantity for lot in self._lots), ZERO) - leaving

    def on_order_accepted(self, event: OrderAccepted) -> None:
        """Forget what was refused before: the venue has taken it."""
        self._retries.forget(ids.role_of(event.client_order_id.value))

    def on_order_modify_rejected(self, event: OrderModifyRejected) -> None:
        """Leave an exit that could not be shrunk alone for a while."""
        client_order_id = event.client_order_id.value
        if self._retries.note(f"shrink {client_order_id}", event.ts_init):
            self._notice("warning", f"{client_order_id} could not be shrunk, tried again: {event.reason}")

    def correct(self, net: Decimal) -> None:
        """Take a ledger that was set right; ``repair`` must follow."""
        self.net = net

    def _continue_close(self) -> None:
        for lot in self._lots:
            self._cancel_lot(lot)
        self._finish_close()

    def _trim_lots(self, now_ns: int) -> None:
        """Give up protection that exceeds the position, the newest first."""
        excess = sum((lot.quantity for lot in self._lots), ZERO) - abs(self.net)
        for lot in reversed(self._lots):
            part = min(lot.quantity, max(excess, ZERO))
            excess -= part
            lot.quantity -= part
            if lot.quantity <= 0 or (part and self._terms and self._is_dust(lot.quantity, self._terms)):
                self._cancel_lot(lot)
            else:
                self._resize_lot(lot, now_ns)

    def _resize_lot(self, lot: Lot, now_ns: int) -> None:
        """Let neither exit fill more than is open, also when the venue refused to shrink it before."""
        for client_order_id in (lot.stop_id, lot.target_id):
            order = self.cache.order(ClientOrderId(client_order_id)) if client_order_id else None
            if order is None or not order.is_open or order.is_pending_update:
                continue
            due = self._retries.is_due(f"shrink {client_order_id}", now_ns)
            if due and order.leaves_qty.as_decimal() > lot.quantity:
                self._shrink(order, lot)

    def _shrink(self, order: Order, lot: Lot) -> None:
        """Let an exit fill what its lot still holds, beside what it has filled already."""
        total = order.filled_qty.as_decimal() + lot.quantity
        self.modify_order(order, quantity=self._instrument.make_qty(total))

    def _complete(self, lot: Lot, terms: ExitTerms, now_ns: int) -> None:
        """Submit the half of a lot that the venue does not have, unless it has just refused it."""
        if lot.quantity <= 0 or self._is_dust(lot.quantity, terms):
            return
        stop_lacks = not lot.stop_open and self._retries.is_due(ids.STOP, now_ns)
        target_lacks = not lot.target_open and self._retries.is_due(ids.TARGET, now_ns)
        if not (stop_lacks or target_lacks):
            return
        signal_id, _, suffix = (lot.stop_id or lot.target_id).rpartition("-")
        count = int("".join(filter(str.isdigit, suffix)))
        quantity = self._instrument.make_qty(lot.quantity)
        stop, target = self._exits(quantity, terms, signal_id, count, now_ns)
        if stop_lacks:
            lot.stop_id, lot.stop_open = stop.client_order_id.value, True
            self.submit_order(stop)
        if target_lacks:
            lot.target_id, lot.target_open = target.client_order_id.value, True
            self.submit_order(target)

    def _protect_rest(self, missing: Decimal, terms: ExitTerms, now_ns: int) -> None:
        """Submit stop and target for a fill that had none yet."""
        self._lot_count += 1
        quantity = self._instrument.make_qty(missing)
        stop, target = self._exits(quantity, terms, self._entry_signal, self._lot_count, now_ns)
        self._lots.append(Lot(missing, stop.client_order_id.value, target.client_order_id.value, terms=terms))
        self.submit_order(stop)
        self.submit_order(target)

    def _is_small(self, quantity: Decimal, price: Decimal) -> bool:
        """Tell whether an order is below the venue's least value, which only reducing ones may be."""
        least = self._instrument.min_notional
        return not self._linked and least is not None and quantity * price < least.as_decimal()

    def _is_dust(self, quantity: Decimal, terms: ExitTerms) -> bool:
        """Tell whether a quantity is too small for a stop or a target of its own at the venue."""
        return self._is_small(quantity, min(terms.stop, terms.target).as_decimal())

    def _close_dust(self, quantity: Decimal, now_ns: int) -> None:
        """
        Close what is too small to be protected, once the entry adds nothing to it any more.

        Reduce-only, since Bybit takes such an order below its minimum value; when it refuses (the net of all
        strategies lies on the other side) the part stays, under the position's stop at the venue.
        """
        if self._entry_id or self._dust_id or not self._retries.is_due(DUST, now_ns):
            return
        count, again = self._unused(self._entry_signal, max(1, self._lot_count), (ids.CLOSE,))
        self._dust_id = f"{ids.order_id(self._entry_signal, ids.CLOSE, count)}{again}"
        order = self.order_factory.market(
            self.instrument_id,
            OrderSide.SELL if self.net > 0 else OrderSide.BUY,
            self._instrument.make_qty(quantity),
            reduce_only=True,
            tags=[self._entry_signal],
            client_order_id=ClientOrderId(self._dust_id),
        )
        self.submit_order(order)

    def _settle_dust(self, event: OrderFilled) -> None:
        order = self.cache.order(event.client_order_id)
        self._retries.forget(DUST)
        if order is None or order.is_closed:
            self._dust_id = ""

    def _on_dust_refused(self, reason: str, now_ns: int) -> None:
        self._dust_id = ""
        if self._retries.note(DUST, now_ns):
            self._notice(
                "critical",
                f"{self.net:f} of {self.instrument_id} holds a part too small for a stop of its own, and it "
                f"could not be closed ({reason}): only the venue's position stop covers it; tried again",
            )

    def _exits(
        self, quantity: Quantity, terms: ExitTerms, signal_id: str, count: int, now_ns: int
    ) -> tuple[StopMarketOrder, LimitOrder]:
        count, again = self._unused(signal_id, count, (ids.STOP, ids.TARGET))
        return build_exits(
            trader_id=self.trader_id,
            strategy_id=self.id,
            instrument_id=self.instrument_id,
            side=OrderSide.SELL if self.net > 0 else OrderSide.BUY,
            quantity=quantity,
            terms=terms,
            signal_id=signal_id,
            count=count,
            again=again,
            ts_init=now_ns,
        )

    def _unused(self, signal_id: str, count: int, roles: tuple[str, ...]) -> tuple[int, str]:
        """Return count and suffix that no order of these roles has had; beyond ``z`` the count goes on."""
        while True:
            for again in AGAIN:
                used = (f"{ids.order_id(signal_id, role, count)}{again}" for role in roles)
                if not any(self.cache.order_exists(ClientOrderId(one)) for one in used):
                    return count, again
            count = self._lot_count = max(self._lot_count, count) + 1

    @abstractmethod
    def close_position(self, reason: str, price: Price, ts: int) -> None:
        """Close the strategy's own position at market."""

    @abstractmethod
    def _next_signal_id(self) -> str: ...

    @abstractmethod
    def _cancel_lot(self, lot: Lot) -> None: ...

    @abstractmethod
    def _finish_close(self) -> None: ...

    @abstractmethod
    def _notice(self, severity: str, text: str) -> None: ...
