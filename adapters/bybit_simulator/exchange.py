"""
The exchange engine: commands and market data in, orders, fills, positions and money out.

Pure and synchronous: no I/O, no asyncio, no threads. All amounts are ``Decimal``. Order and execution
times come from the wall clock that is passed in, market data carry the market's own time.

A command returns the order as it stands after it, or raises ``Refused``; what it caused waits in ``drain``,
in the order in which Bybit pushes it.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from typing import Final

import msgspec

from adapters.bybit_simulator import checks
from adapters.bybit_simulator.book import Book
from adapters.bybit_simulator.events import ExchangeEvent, PositionView, WalletView
from adapters.bybit_simulator.instruments import LinearInstrument
from adapters.bybit_simulator.ledger import LedgerEntry
from adapters.bybit_simulator.liquidation import Liquidator
from adapters.bybit_simulator.markets import SymbolMarket
from adapters.bybit_simulator.matching import Matcher
from adapters.bybit_simulator.orders import ZERO, Execution, Order, OrderSide
from adapters.bybit_simulator.prices import BookTick, FundingTick, Level, MarketTick, MarkTick, TradeTick
from adapters.bybit_simulator.protection import PositionGuard, ended
from adapters.bybit_simulator.refusals import Code, Refused, bad_request
from adapters.bybit_simulator.requests import AmendOrder, CreateOrder, SetTradingStop
from adapters.bybit_simulator.state import ExchangeState

MAX_ACTIVE_ORDERS: Final = 500
MAX_STOP_ORDERS: Final = 10


class Exchange:
    """
    A unified account in one-way mode with cross margin on linear USDT perpetuals.

    Parameters
    ----------
    instruments : Mapping[str, LinearInstrument]
        What is listed, by symbol.
    wallet_usdt : Decimal
        First deposit; zero when a saved account is restored.
    wall_clock : Callable[[], int]
        Milliseconds UTC: stamps orders, executions and entries.
    """

    def __init__(
        self,
        instruments: Mapping[str, LinearInstrument],
        *,
        wallet_usdt: Decimal,
        wall_clock: Callable[[], int],
    ) -> None:
        self.instruments = instruments
        self.state = ExchangeState(instruments, wall_clock)
        self._guard = PositionGuard(self.state)
        self._matcher = Matcher(self.state, self._guard)
        self._liquidator = Liquidator(self.state, self._matcher, self._guard)
        if wallet_usdt:
            self.state.ledger.deposit(wallet_usdt)

    # commands

    def create_order(self, request: CreateOrder) -> Order:
        """
        Accept an order and let it meet the market.

        Raises
        ------
        Refused
            With Bybit's code and text; nothing has changed then.
        """
        market = self._market(request.symbol)
        checks.check_form(request)
        self._check_new_ids(request)
        request = self._whole_position(request)
        position = self.state.ledger.positions[request.symbol]
        checks.check_new_order(request, market, position)
        order = self._cut_to_position(self._new_order(request, market))
        if order.trigger_price is not None:
            return self.state.publish_order(order)
        self._check_margin(order)
        return self._matcher.enter(order)

    def amend_order(self, request: AmendOrder) -> Order:
        """
        Change quantity, price, trigger or protection of an open order.

        Raises
        ------
        Refused
            110001 if it is not open, otherwise as for a new order; nothing has changed then.
        """
        market = self._market(request.symbol)
        checks.check_category(request.category)
        order = self._open_order(request.symbol, request.order_id, request.order_link_id, "replace")
        changed = self._cut_to_position(_amended(order, request))
        if changed == order:
            raise bad_request("order not modified")
        self._check_amendment(order, changed, market)
        if order.is_protection and changed.trigger_price is not None:
            return self._guard.move_leg(order, changed.trigger_price)
        if order.is_conditional:
            return self.state.publish_order(changed)
        self._check_margin(changed)
        return self._matcher.enter(changed)

    def cancel_order(self, symbol: str, *, order_id: str = "", order_link_id: str = "") -> Order:
        """
        Cancel an open order by either id.

        Raises
        ------
        Refused
            110001 if it is unknown or has ended.
        """
        self._market(symbol)
        return self._cancel(self._open_order(symbol, order_id, order_link_id, "cancel"))

    def cancel_all(self, symbol: str | None = None, settle_coin: str | None = None) -> list[Order]:
        """Cancel the open orders of a symbol, or of all that settle in a coin; return them."""
        if symbol is not None:
            self._market(symbol)
        return [
            self._cancel(order)
            for order in self.open_orders(symbol)
            if settle_coin in (None, self.instruments[order.symbol].settle_coin)
        ]

    def set_leverage(self, symbol: str, buy_leverage: Decimal, sell_leverage: Decimal) -> None:
        """
        Set a symbol's leverage.

        Raises
        ------
        Refused
            10001 if the sides differ, 110013 over the limit, 110043 if nothing changes, 110007 if the margin
            of what is open would not be covered.
        """
        instrument = self._market(symbol).instrument
        if buy_leverage != sell_leverage:
            raise bad_request("buy leverage and sell leverage must be equal in one-way mode")
        if not 1 <= buy_leverage <= instrument.max_leverage:
            raise Refused(Code.LEVERAGE_OVER_LIMIT, "Cannot set leverage due to risk limit level.")
        position = self.state.ledger.positions[symbol]
        if position.leverage == buy_leverage:
            raise Refused(Code.LEVERAGE_NOT_MODIFIED, "leverage not modified")
        self.state.ledger.put(msgspec.structs.replace(position, leverage=buy_leverage))
        if buy_leverage < position.leverage and self._free_margin() < 0:
            self.state.ledger.put(position)
            raise Refused(Code.INSUFFICIENT_BALANCE, "ab not enough for new leverage")
        self.state.publish_position(symbol)

    def switch_mode(self, mode: int, symbol: str | None = None) -> None:
        """Refuse: the account stays in one-way mode (0), hedge mode (3) is not simulated."""
        if symbol is not None:
            self._market(symbol)
        if mode == 0:
            raise Refused(Code.POSITION_MODE_NOT_MODIFIED, "Position mode is not modified")
        raise Refused(Code.HEDGE_MODE_NOT_SUPPORTED, "Hedge mode is not supported for this symbol.")

    def set_margin_mode(self, mode: str) -> None:
        """Accept cross margin (``REGULAR_MARGIN``), which the account has; refuse the other modes."""
        if mode != "REGULAR_MARGIN":
            raise Refused(Code.MARGIN_MODE_FAILED, f"Set margin mode failed: {mode} is not simulated")

    def set_trading_stop(self, request: SetTradingStop) -> None:
        """
        Set or clear the take-profit and stop-loss of a position.

        Raises
        ------
        Refused
            10001 when flat or when a price is on the wrong side, 34040 if nothing changes.
        """
        market = self._market(request.symbol)
        checks.check_category(request.category)
        checks.check_position_idx(request.position_idx)
        if request.tpsl_mode == "Partial":
            raise bad_request("tpslMode Partial is not simulated: only Full is")
        position = self.state.ledger.positions[request.symbol]
        if not position.size:
            raise bad_request("can not set tp/sl/ts for zero position")
        wanted_tp = position.take_profit if request.take_profit is None else request.take_profit or None
        wanted_sl = position.stop_loss if request.stop_loss is None else request.stop_loss or None
        if (wanted_tp, wanted_sl) == (position.take_profit, position.stop_loss):
            raise Refused(Code.NOT_MODIFIED, "not modified")
        checks.check_protection(
            position.side, market.reference, request.take_profit, request.stop_loss, market.instrument
        )
        self._guard.protect(
            request.symbol,
            take_profit=request.take_profit,
            stop_loss=request.stop_loss,
            tp_trigger_by=request.tp_trigger_by,
            sl_trigger_by=request.sl_trigger_by,
        )
        self.state.publish_position(request.symbol)

    def force_liquidation(self, symbol: str) -> None:
        """Liquidate a position now, whatever its margin says."""
        self._market(symbol)
        self._liquidator.liquidate(symbol)

    def external_close(self, symbol: str) -> None:
        """Close a position as if somebody had done so outside the bot."""
        self._market(symbol)
        self._liquidator.close_from_outside(symbol)

    # market data

    def on_tick(self, tick: MarketTick) -> None:
        """Take in one tick of a price source."""
        match tick:
            case BookTick():
                self.on_book(tick.symbol, tick.bids, tick.asks, tick.ts_ms)
            case TradeTick():
                self.on_trade(tick.symbol, tick.price, tick.qty, tick.side, tick.ts_ms)
            case MarkTick():
                self.on_mark(tick.symbol, tick.mark, tick.index, tick.ts_ms)
            case FundingTick():
                self.settle_funding(tick.symbol, tick.rate, tick.ts_ms)

    def on_book(self, symbol: str, bids: Sequence[Level], asks: Sequence[Level], ts_ms: int) -> None:
        """Replace the book (best level first) and fill the resting orders it moved across."""
        market = self._market(symbol)
        market.book.replace(bids, asks, ts_ms)
        market.ts_ms = max(market.ts_ms, ts_ms)
        self._matcher.on_book(symbol)

    def on_trade(self, symbol: str, price: Decimal, qty: Decimal, side: OrderSide, ts_ms: int) -> None:
        """Take in a public trade (``side`` of the taker); it fills resting orders and wakes stops."""
        market = self._market(symbol)
        market.last = price
        market.ts_ms = max(market.ts_ms, ts_ms)
        market.trades.append(TradeTick(symbol, ts_ms, price, qty, side))
        self._matcher.on_trade(symbol, price, qty, side)

    def on_mark(self, symbol: str, mark: Decimal, index: Decimal, ts_ms: int = 0) -> None:
        """Take in mark and index price: they wake conditional orders and may liquidate the account."""
        market = self._market(symbol)
        market.set_mark(mark, index)
        market.ts_ms = max(market.ts_ms, ts_ms)
        self._matcher.wake(symbol, "MarkPrice", mark)
        self._matcher.wake(symbol, "IndexPrice", index)
        self._liquidator.check()

    def settle_funding(self, symbol: str, rate: Decimal, ts_ms: int) -> None:
        """
        Settle funding on a symbol's position.

        It becomes an entry of the transaction log, a position and a wallet push, never an execution.
        """
        market = self._market(symbol)
        if self.state.ledger.book_funding(symbol, rate, market.mark, ts_ms):
            self.state.publish_position(symbol)
            self.state.publish_wallet()
            self._liquidator.check()

    # reading

    def drain(self) -> list[ExchangeEvent]:
        """Return what happened since the last call, in Bybit's push order, and forget it."""
        events = self.state.outbox
        self.state.outbox = []
        return events

    def open_orders(self, symbol: str | None = None, *, stop_orders: bool | None = None) -> list[Order]:
        """
        Return the open orders, oldest first.

        Parameters
        ----------
        symbol : str | None
            Only this symbol.
        stop_orders : bool | None
            True: only conditional orders; False: only the others; None: both.
        """
        symbols = self.instruments if symbol is None else (symbol,) if symbol in self.instruments else ()
        found = [order for name in symbols for order in self.state.orders.open(name)]
        found = [order for order in found if stop_orders in (None, order.is_stop_order)]
        return sorted(found, key=lambda order: order.order_id)

    def find_order(
        self, *, symbol: str | None = None, order_id: str = "", order_link_id: str = ""
    ) -> Order | None:
        """Return an order by either id, open or ended; None if there is none (on that symbol)."""
        order = self.state.orders.find(order_id, order_link_id)
        return order if order and symbol in (None, order.symbol) else None

    def order_history(
        self, symbol: str | None = None, *, stop_orders: bool | None = None, limit: int | None = 50
    ) -> list[Order]:
        """Return ended orders, newest first; parameters as for ``open_orders``."""
        found = (
            order
            for order in self.state.orders.newest_first()
            if not order.is_open
            and symbol in (None, order.symbol)
            and stop_orders in (None, order.is_stop_order)
        )
        return list(islice(found, limit))

    def executions(
        self, symbol: str | None = None, *, order_id: str = "", limit: int | None = 100
    ) -> list[Execution]:
        """Return executions, newest first."""
        found = (
            execution
            for execution in reversed(self.state.executions)
            if symbol in (None, execution.symbol) and order_id in ("", execution.order_id)
        )
        return list(islice(found, limit))

    def transactions(self, symbol: str | None = None, *, limit: int | None = 50) -> list[LedgerEntry]:
        """Return the entries of the transaction log, newest first."""
        found = (entry for entry in reversed(self.state.ledger.entries) if symbol in (None, entry.symbol))
        return list(islice(found, limit))

    def position(self, symbol: str) -> PositionView:
        """Return a symbol's position, valued at the mark price."""
        self._market(symbol)
        return self.state.position_view(symbol)

    def positions(self) -> list[PositionView]:
        """Return the positions that are not flat."""
        held = self.state.ledger.positions.values()
        return [self.state.position_view(position.symbol) for position in held if position.size]

    def wallet(self) -> WalletView:
        """Return the account, valued at the mark prices."""
        return self.state.wallet_view()

    def market(self, symbol: str) -> SymbolMarket:
        """Return book, last, mark and index price of a symbol."""
        return self._market(symbol)

    def book(self, symbol: str) -> Book:
        """Return the order book of a symbol."""
        return self._market(symbol).book

    def recent_trades(self, symbol: str, limit: int = 500) -> list[TradeTick]:
        """Return public trades, newest first."""
        return list(islice(reversed(self._market(symbol).trades), limit))

    # helpers

    def _market(self, symbol: str) -> SymbolMarket:
        market = self.state.markets.get(symbol)
        if market is None:
            raise bad_request(f"params error: symbol invalid {symbol}")
        return market

    def _check_new_ids(self, request: CreateOrder) -> None:
        if request.order_link_id and self.state.orders.knows_link(request.order_link_id):
            raise Refused(Code.DUPLICATE_LINK_ID, "OrderLinkedID is duplicate")
        if request.trigger_price is None:
            if len(self.state.orders.resting(request.symbol)) >= MAX_ACTIVE_ORDERS:
                raise Refused(Code.TOO_MANY_ORDERS, "Not allowed to have more than 500 active orders.")
        elif self._own_stop_orders(request.symbol) >= MAX_STOP_ORDERS:
            raise Refused(Code.TOO_MANY_STOP_ORDERS, "already had 10 working normal stop orders")

    def _own_stop_orders(self, symbol: str) -> int:
        return sum(1 for order in self.state.orders.conditional(symbol) if not order.is_protection)

    def _whole_position(self, request: CreateOrder) -> CreateOrder:
        """Zero quantity with reduceOnly and closeOnTrigger means everything that is open."""
        if request.qty or not (request.reduce_only and request.close_on_trigger):
            return request
        position = self.state.ledger.positions[request.symbol]
        checks.check_reduces(request.side, position)
        return msgspec.structs.replace(request, qty=position.closable(request.side))

    def _cut_to_position(self, order: Order) -> Order:
        """A reducing order never asks for more than there is to close."""
        if not (order.reduce_only or order.close_on_trigger):
            return order
        closable = self.state.ledger.positions[order.symbol].closable(order.side)
        if order.leaves_qty <= closable:
            return order
        return msgspec.structs.replace(order, qty=order.cum_exec_qty + closable, leaves_qty=closable)

    def _new_order(self, request: CreateOrder, market: SymbolMarket) -> Order:
        now = self.state.now_ms()
        conditional = request.trigger_price is not None
        protected = bool(request.take_profit or request.stop_loss)
        return Order(
            order_id=self.state.next_id(),
            order_link_id=request.order_link_id,
            symbol=request.symbol,
            side=request.side,
            order_type=request.order_type,
            time_in_force="IOC" if request.order_type == "Market" else request.time_in_force or "GTC",
            qty=request.qty,
            leaves_qty=request.qty,
            price=(request.price or ZERO) if request.order_type == "Limit" else ZERO,
            status="Untriggered" if conditional else "New",
            reduce_only=request.reduce_only,
            close_on_trigger=request.close_on_trigger,
            trigger_price=request.trigger_price,
            trigger_direction=request.trigger_direction if conditional else 0,
            trigger_by=request.trigger_by if conditional else "",
            take_profit=request.take_profit or None,
            stop_loss=request.stop_loss or None,
            tp_trigger_by=request.tp_trigger_by if request.take_profit else "",
            sl_trigger_by=request.sl_trigger_by if request.stop_loss else "",
            tpsl_mode="Full" if protected else "",
            stop_order_type="Stop" if conditional else "",
            last_price_on_created=market.reference,
            created_ms=now,
            updated_ms=now,
        )

    def _open_order(self, symbol: str, order_id: str, order_link_id: str, verb: str) -> Order:
        if not order_id and not order_link_id:
            raise bad_request("orderId or orderLinkId is required")
        order = self.find_order(symbol=symbol, order_id=order_id, order_link_id=order_link_id)
        if order is None or not order.is_open:
            raise Refused(Code.ORDER_NOT_EXISTS, f"order not exists or too late to {verb}")
        return order

    def _cancel(self, order: Order) -> Order:
        cancelled = self.state.publish_order(ended(order, cancel_type="CancelByUser"))
        if order.is_protection:
            self._guard.forget_leg(order)
            self.state.publish_position(order.symbol)
        return cancelled

    def _check_amendment(self, order: Order, changed: Order, market: SymbolMarket) -> None:
        if changed.leaves_qty <= 0:
            raise Refused(
                Code.QTY_BELOW_FILLED,
                "The modified contract quantity cannot be less than or equal to the filled quantity.",
            )
        checks.check_qty(changed.qty, market.instrument, market=order.order_type == "Market")
        if changed.price != order.price:
            checks.check_price(changed.price, market.instrument)
            if not order.is_conditional:
                checks.check_price_limit(changed.price, order.side, market)
        if changed.trigger_price is not None and changed.trigger_price != order.trigger_price:
            checks.check_trigger(changed.trigger_price, changed.trigger_direction, changed.trigger_by, market)
        if not order.reduce_only:
            reference = changed.price or changed.trigger_price or market.reference
            checks.check_notional(changed.qty * reference, market.instrument)

    def _check_margin(self, order: Order) -> None:
        if not self._matcher.affordable(order):
            raise Refused(Code.INSUFFICIENT_BALANCE, "ab not enough for new order")

    def _free_margin(self) -> Decimal:
        needs = self.state.account_margins()
        return self.state.ledger.balance + needs.unrealised_pnl - needs.initial


def _amended(order: Order, request: AmendOrder) -> Order:
    """Return an order with what was asked for; a protective order always keeps the position's size."""
    qty = order.qty if request.qty is None or order.is_protection else request.qty
    return msgspec.structs.replace(
        order,
        qty=qty,
        leaves_qty=qty - order.cum_exec_qty,
        price=order.price if request.price is None or order.order_type == "Market" else request.price,
        trigger_price=(request.trigger_price or order.trigger_price) if order.is_conditional else None,
        trigger_by=(request.trigger_by or order.trigger_by) if order.is_conditional else "",
        take_profit=order.take_profit if request.take_profit is None else request.take_profit or None,
        stop_loss=order.stop_loss if request.stop_loss is None else request.stop_loss or None,
        tp_trigger_by=request.tp_trigger_by or order.tp_trigger_by,
        sl_trigger_by=request.sl_trigger_by or order.sl_trigger_by,
    )
