"""Orders that end without a fill: cancelled, expired, denied by the gate, rejected by the venue."""

from nautilus_trader.model.events import OrderCanceled, OrderDenied, OrderExpired, OrderRejected
from nautilus_trader.model.identifiers import ClientOrderId
from nautilus_trader.model.objects import Price

from nautilus_bot.core import ids
from strategies.exits import ExitTerms, Lot
from strategies.restoring import CLOSING, RestoringStrategy


class EndingStrategy(RestoringStrategy):
    """
    The part of ``SignalStrategy`` that hears of orders that fill no more.

    What protects a position and was refused is sent again by ``repair``, after a wait that doubles; a stop
    that the venue rejects closes the position first.
    """

    _before_entry: tuple[str, int, ExitTerms | None] | None

    def on_order_canceled(self, event: OrderCanceled) -> None:
        """Note that an order of ours can no longer fill."""
        self._on_order_ended(event.client_order_id.value)

    def on_order_expired(self, event: OrderExpired) -> None:
        """Note that an order of ours can no longer fill."""
        self._on_order_ended(event.client_order_id.value)

    def on_order_denied(self, event: OrderDenied) -> None:
        """The gate refused; the verdict says why."""
        self._on_order_refused(event.client_order_id.value, event.reason, event.ts_init)

    def on_order_rejected(self, event: OrderRejected) -> None:
        """The venue refused; a position that thereby lost its stop is closed at once."""
        lot = self._lot_of(event.client_order_id.value)
        lost_stop = lot is not None and event.client_order_id.value == lot.stop_id
        self._on_order_refused(event.client_order_id.value, event.reason, event.ts_init)
        if lost_stop and self._retries.is_due(CLOSING, event.ts_init):
            self.close_position("the venue rejected the protective stop", self._terms_price(), event.ts_event)

    def _on_order_refused(self, client_order_id: str, reason: str, now_ns: int) -> None:
        """Note a refusal: a series of them is told once, each is tried again later than the one before."""
        if client_order_id == self._dust_id:
            self._on_dust_refused(reason, now_ns)
        elif client_order_id == self._close_id:
            self._close_id, self._closing = "", None
            if self._retries.note(CLOSING, now_ns):
                text = f"closing order {client_order_id} was refused ({reason}), {self.net} still open"
                self._notice("critical", text)
        else:
            if self._lot_of(client_order_id) is not None and self.net != 0 and self._closing is None:
                self._on_exit_refused(client_order_id, reason, now_ns)
            self._on_order_ended(client_order_id)

    def _on_exit_refused(self, client_order_id: str, reason: str, now_ns: int) -> None:
        role = ids.role_of(client_order_id)
        if self._retries.note(role, now_ns):
            text = f"{client_order_id} was refused ({reason}): {self.net} lacks it until it is tried again"
            self._notice("critical" if role == ids.STOP else "warning", text)

    def _terms_price(self) -> Price:
        if self._terms is None:
            raise AssertionError(f"{self.id}: a position without exit terms")
        return self._terms.stop

    def _on_order_ended(self, client_order_id: str) -> None:
        if client_order_id == self._entry_id:
            self._end_entry()
        elif client_order_id == self._close_id:
            self._close_id = ""
            self._closing = None
            self._notice("critical", f"closing order {client_order_id} ended unfilled, {self.net} still open")
        elif client_order_id == self._dust_id:
            self._dust_id = ""
        else:
            lot = self._lot_of(client_order_id)
            if lot is not None:
                self._mark_closed(lot, client_order_id)
                self._drop_settled_lots()

    def _end_entry(self) -> None:
        """Note that the entry fills no more; one that opened nothing leaves an older position its terms."""
        order = self.cache.order(ClientOrderId(self._entry_id))
        self._entry_id = ""
        opened_nothing = order is None or order.filled_qty.as_decimal() == 0
        if opened_nothing and self.net != 0 and self._before_entry is not None:
            self._entry_signal, self._lot_count, self._terms = self._before_entry

    def _mark_closed(self, lot: Lot, client_order_id: str) -> None:
        if client_order_id == lot.stop_id:
            lot.stop_open = False
        else:
            lot.target_open = False

    def _drop_settled_lots(self) -> None:
        self._lots = [lot for lot in self._lots if lot.stop_open or lot.target_open]
        if self._closing is not None:
            self._finish_close()

    def _lot_of(self, client_order_id: str) -> Lot | None:
        for lot in self._lots:
            if client_order_id in (lot.stop_id, lot.target_id):
                return lot
        return None
