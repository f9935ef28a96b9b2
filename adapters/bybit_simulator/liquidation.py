"""
Forced endings: liquidation when the maintenance margin reaches the equity, and closing from outside.

A liquidated account loses its open orders first, then its positions, the one that needs most maintenance
margin first, until the account is safe again. A position is taken over at the mark price for a liquidation
fee; a balance below zero is lifted to zero by the insurance fund, as an entry of its own.
"""

from decimal import Decimal

from adapters.bybit_simulator.matching import Matcher
from adapters.bybit_simulator.orders import ZERO, ExecType, Order, OrderSide, opposite
from adapters.bybit_simulator.protection import PositionGuard, ended
from adapters.bybit_simulator.state import ExchangeState


class Liquidator:
    """Close positions that their owner did not close."""

    def __init__(self, state: ExchangeState, matcher: Matcher, guard: PositionGuard) -> None:
        self._state = state
        self._matcher = matcher
        self._guard = guard

    def check(self) -> None:
        """Liquidate while the maintenance margin is not covered by the equity."""
        if not any(position.size for position in self._state.ledger.positions.values()):
            return
        if self._is_safe():
            return
        for symbol in self._state.instruments:
            self._cancel_orders(symbol)
        while not self._is_safe():
            worst = max(self._state.instruments, key=lambda symbol: self._state.margins(symbol).position_mm)
            if not self._state.ledger.positions[worst].size:
                return
            self.liquidate(worst)

    def liquidate(self, symbol: str) -> None:
        """Take over the position of a symbol at its mark price; nothing happens when it is flat."""
        if not self._state.ledger.positions[symbol].size:
            return
        self._cancel_orders(symbol)
        rate = self._state.instruments[symbol].liquidation_fee_rate
        self._close(symbol, "BustTrade", "CreateByLiq", rate)
        if self._state.ledger.balance < 0:
            self._state.ledger.cover_deficit(symbol)
            self._state.publish_wallet()

    def close_from_outside(self, symbol: str) -> None:
        """Close a position as if its owner had done so in the app: no client id, market's taker fee."""
        if self._state.ledger.positions[symbol].size:
            self._close(symbol, "Trade", "CreateByClosing", self._state.instruments[symbol].taker_fee_rate)

    def _close(self, symbol: str, exec_type: ExecType, create_type: str, fee_rate: Decimal) -> None:
        position = self._state.ledger.positions[symbol]
        side: OrderSide = opposite("Buy" if position.size > 0 else "Sell")
        now = self._state.now_ms()
        order = self._state.publish_order(
            Order(
                order_id=self._state.next_id(),
                order_link_id="",
                symbol=symbol,
                side=side,
                order_type="Market",
                time_in_force="IOC",
                qty=abs(position.size),
                leaves_qty=abs(position.size),
                price=ZERO,
                status="New",
                reduce_only=True,
                create_type=create_type,
                last_price_on_created=self._state.markets[symbol].reference,
                created_ms=now,
                updated_ms=now,
            )
        )
        self._matcher.fill_at(
            order, self._exit_price(symbol, side, exec_type), exec_type=exec_type, fee_rate=fee_rate
        )

    def _exit_price(self, symbol: str, side: OrderSide, exec_type: ExecType) -> Decimal:
        market = self._state.markets[symbol]
        if exec_type == "BustTrade":
            return market.mark
        return market.book.best_opposite(side) or market.mark

    def _is_safe(self) -> bool:
        needs = self._state.account_margins()
        return needs.position_mm == 0 or self._state.ledger.balance + needs.unrealised_pnl > needs.position_mm

    def _cancel_orders(self, symbol: str) -> None:
        self._guard.clear(symbol, "CancelAllBeforeLiq")
        for order in self._state.orders.open(symbol):
            self._state.publish_order(ended(order, cancel_type="CancelAllBeforeLiq"))
