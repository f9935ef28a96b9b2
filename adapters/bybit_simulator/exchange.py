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

from adapters.bybit_simulator.book import Book
from adapters.bybit_simulator.events import ExchangeEvent, PositionView, WalletView
from adapters.bybit_simulator.instruments import LinearInstrument
from adapters.bybit_simulator.ledger import LedgerEntry
from adapters.bybit_simulator.liquidation import Liquidator
from adapters.bybit_simulator.markets import SymbolMarket
from adapters.bybit_simulator.matching import Matcher
from adapters.bybit_simulator.order_desk import OrderDesk
from adapters.bybit_simulator.orders import ZERO, Execution, Order, OrderSide
from adapters.bybit_simulator.prices import BookTick, FundingTick, Level, MarketTick, MarkTick, TradeTick
from adapters.bybit_simulator.protection import PositionGuard
from adapters.bybit_simulator.requests import AmendOrder, CreateOrder, SetTradingStop
from adapters.bybit_simulator.settings import AccountSettings
from adapters.bybit_simulator.state import ExchangeState


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
    funding_executions : bool, default False
        List and push a funding settlement as an execution too, as Bybit does.
    """

    def __init__(
        self,
        instruments: Mapping[str, LinearInstrument],
        *,
        wallet_usdt: Decimal,
        wall_clock: Callable[[], int],
        funding_executions: bool = False,
    ) -> None:
        self.instruments = instruments
        self.state = ExchangeState(instruments, wall_clock)
        guard = PositionGuard(self.state)
        self._matcher = Matcher(self.state, guard)
        self._liquidator = Liquidator(self.state, self._matcher, guard)
        self._desk = OrderDesk(self.state, self._matcher, guard)
        self._settings = AccountSettings(self.state, guard)
        self._has_funding_executions = funding_executions
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
        return self._desk.create(request)

    def amend_order(self, request: AmendOrder) -> Order:
        """
        Change quantity, price, trigger or protection of an open order.

        Raises
        ------
        Refused
            110001 if it is not open, otherwise as for a new order; nothing has changed then.
        """
        return self._desk.amend(request)

    def cancel_order(self, symbol: str, *, order_id: str = "", order_link_id: str = "") -> Order:
        """
        Cancel an open order by either id.

        Raises
        ------
        Refused
            110001 if it is unknown or has ended.
        """
        return self._desk.cancel(symbol, order_id, order_link_id)

    def cancel_all(self, symbol: str | None = None, settle_coin: str | None = None) -> list[Order]:
        """Cancel the open orders of a symbol, or of all that settle in a coin; return them."""
        if symbol is not None:
            self.state.market(symbol)
        return [
            self._desk.cancel_open(order)
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
        self._settings.set_leverage(symbol, buy_leverage, sell_leverage)

    def switch_mode(self, mode: int, symbol: str | None = None) -> None:
        """Refuse: the account stays in one-way mode (0), hedge mode (3) is not simulated."""
        self._settings.switch_mode(mode, symbol)

    def set_margin_mode(self, mode: str) -> None:
        """Accept cross margin (``REGULAR_MARGIN``), which the account has; refuse the other modes."""
        self._settings.set_margin_mode(mode)

    def set_trading_stop(self, request: SetTradingStop) -> None:
        """
        Set or clear the take-profit and stop-loss of a position.

        Raises
        ------
        Refused
            10001 when flat or when a price is on the wrong side, 34040 if nothing changes.
        """
        self._settings.set_trading_stop(request)

    def force_liquidation(self, symbol: str) -> None:
        """Liquidate a position now, whatever its margin says."""
        self.state.market(symbol)
        self._liquidator.liquidate(symbol)

    def external_close(self, symbol: str) -> None:
        """Close a position as if somebody had done so outside the bot."""
        self.state.market(symbol)
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
        market = self.state.market(symbol)
        market.book.replace(bids, asks, ts_ms)
        market.ts_ms = max(market.ts_ms, ts_ms)
        self._matcher.on_book(symbol)

    def on_trade(self, symbol: str, price: Decimal, qty: Decimal, side: OrderSide, ts_ms: int) -> None:
        """Take in a public trade (``side`` of the taker); it fills resting orders and wakes stops."""
        market = self.state.market(symbol)
        market.last = price
        market.ts_ms = max(market.ts_ms, ts_ms)
        market.trades.append(TradeTick(symbol, ts_ms, price, qty, side))
        self._matcher.on_trade(symbol, price, qty, side)

    def on_mark(self, symbol: str, mark: Decimal, index: Decimal, ts_ms: int = 0) -> None:
        """Take in mark and index price: they wake conditional orders and may liquidate the account."""
        market = self.state.market(symbol)
        market.set_mark(mark, index)
        market.ts_ms = max(market.ts_ms, ts_ms)
        self._matcher.wake(symbol, "MarkPrice", mark)
        self._matcher.wake(symbol, "IndexPrice", index)
        self._liquidator.check()

    def settle_funding(self, symbol: str, rate: Decimal, ts_ms: int) -> None:
        """
        Settle funding on a symbol's position.

        It becomes an entry of the transaction log, a position and a wallet push; an execution only if the
        exchange was built with ``funding_executions``.
        """
        market = self.state.market(symbol)
        if self.state.ledger.book_funding(symbol, rate, market.mark, ts_ms):
            if self._has_funding_executions:
                self.state.publish_execution(self._funding_execution(market, rate))
            self.state.publish_position(symbol)
            self.state.publish_wallet()
            self._liquidator.check()

    def _funding_execution(self, market: SymbolMarket, rate: Decimal) -> Execution:
        entry = self.state.ledger.entries.last
        return Execution(
            exec_id=self.state.next_id(),
            order_id=self.state.next_id(),
            order_link_id="",
            symbol=entry.symbol,
            side=entry.side or "Buy",
            order_type="UNKNOWN",
            order_price=ZERO,
            order_qty=ZERO,
            leaves_qty=ZERO,
            exec_price=market.mark,
            exec_qty=entry.qty,
            exec_value=entry.qty * market.mark,
            exec_fee=-entry.funding,
            fee_rate=rate,
            is_maker=False,
            mark_price=market.mark,
            index_price=market.index,
            closed_size=ZERO,
            exec_pnl=ZERO,
            seq=self.state.executions.count + 1,
            exec_ms=self.state.now_ms(),
            exec_type="Funding",
            create_type="",
        )

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
        self.state.market(symbol)
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
        return self.state.market(symbol)

    def book(self, symbol: str) -> Book:
        """Return the order book of a symbol."""
        return self.state.market(symbol).book

    def recent_trades(self, symbol: str, limit: int = 500) -> list[TradeTick]:
        """Return public trades, newest first."""
        return list(islice(reversed(self.state.market(symbol).trades), limit))
