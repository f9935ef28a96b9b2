"""Everything the exchange knows, and the outbox of what it has to tell."""

from collections.abc import Callable, Mapping
from decimal import Decimal

import msgspec

from adapters.bybit_simulator import margin
from adapters.bybit_simulator.events import (
    ExchangeEvent,
    Executed,
    OrderChanged,
    PositionChanged,
    PositionView,
    WalletChanged,
    WalletView,
)
from adapters.bybit_simulator.history import History
from adapters.bybit_simulator.instruments import LinearInstrument
from adapters.bybit_simulator.ledger import Ledger, Position, to_cents
from adapters.bybit_simulator.margin import Margins, margins_of
from adapters.bybit_simulator.markets import SymbolMarket
from adapters.bybit_simulator.orders import ZERO, Execution, Order
from adapters.bybit_simulator.refusals import bad_request
from adapters.bybit_simulator.registry import OrderRegistry


class ExchangeState:
    """
    Instruments, markets, orders, ledger and executions, with the events not yet drained.

    Parameters
    ----------
    instruments : Mapping[str, LinearInstrument]
        What is listed, by symbol.
    now_ms : Callable[[], int]
        The wall clock, milliseconds UTC.
    """

    def __init__(self, instruments: Mapping[str, LinearInstrument], now_ms: Callable[[], int]) -> None:
        self.instruments = instruments
        self.now_ms = now_ms
        self.markets = {symbol: SymbolMarket(item) for symbol, item in instruments.items()}
        self.orders = OrderRegistry(instruments)
        self.ledger = Ledger((_flat(item) for item in instruments.values()), now_ms)
        self.executions: History[Execution] = History()
        self.outbox: list[ExchangeEvent] = []
        self.id_seed = now_ms() // 1000
        self.last_id = 0

    def market(self, symbol: str) -> SymbolMarket:
        """Return the market of a symbol, or refuse one that is not listed."""
        market = self.markets.get(symbol)
        if market is None:
            raise bad_request(f"params error: symbol invalid {symbol}")
        return market

    def next_id(self) -> str:
        """Return a new id in the form of a UUID, unique for the life of the account."""
        self.last_id += 1
        return f"{self.id_seed & 0xFFFFFFFF:08x}-0000-4000-8000-{self.last_id:012x}"

    def publish_order(self, order: Order) -> Order:
        """Store an order, stamp it and tell of it."""
        stamped = msgspec.structs.replace(order, updated_ms=self.now_ms())
        self.orders.put(stamped)
        self.outbox.append(OrderChanged(stamped))
        return stamped

    def publish_execution(self, execution: Execution) -> None:
        """Store an execution and tell of it."""
        self.executions.append(execution)
        self.outbox.append(Executed(execution))

    def publish_position(self, symbol: str) -> None:
        """Tell how a position stands."""
        self.outbox.append(PositionChanged(self.position_view(symbol)))

    def publish_wallet(self) -> None:
        """Tell how the account stands."""
        self.outbox.append(WalletChanged(self.wallet_view()))

    def margins(
        self, symbol: str, candidate: Order | None = None, position: Position | None = None
    ) -> Margins:
        """Return a symbol's margins, as if ``candidate`` stood in the book or the position were another."""
        position = position or self.ledger.positions[symbol]
        orders = self.orders.resting(symbol)
        if candidate is not None:
            orders = [order for order in orders if order.order_id != candidate.order_id]
            orders.append(candidate)
        if not position.size and not orders:
            return margin.NO_MARGIN
        return margins_of(self.instruments[symbol], position, orders, self.markets[symbol].mark)

    def account_margins(self) -> Margins:
        """Return the margins of all symbols together."""
        return margin.total(self.margins(symbol) for symbol in self.instruments)

    def position_view(self, symbol: str) -> PositionView:
        """Return a position as the client sees it."""
        position = self.ledger.positions[symbol]
        instrument = self.instruments[symbol]
        mark = self.markets[symbol].mark
        own = margins_of(instrument, position, (), mark)
        return PositionView(
            symbol=symbol,
            side=position.side,
            size=abs(position.size),
            avg_price=position.avg_price,
            position_value=position.cost,
            leverage=position.leverage,
            mark_price=mark,
            unrealised_pnl=to_cents(own.unrealised_pnl),
            position_im=to_cents(own.position_im),
            position_mm=to_cents(own.position_mm),
            liq_price=self._liquidation_price(position, own) if position.size else None,
            take_profit=position.take_profit,
            stop_loss=position.stop_loss,
            cur_realised_pnl=to_cents(position.cur_realised_pnl),
            cum_realised_pnl=position.cum_realised_pnl,
            risk_limit_value=instrument.risk_limit_value,
            seq=position.seq,
            created_ms=position.created_ms,
            updated_ms=position.updated_ms,
        )

    def wallet_view(self) -> WalletView:
        """Return the account as the client sees it."""
        needs = self.account_margins()
        balance = self.ledger.balance
        equity = balance + needs.unrealised_pnl
        return WalletView(
            wallet_balance=balance,
            unrealised_pnl=to_cents(needs.unrealised_pnl),
            equity=to_cents(equity),
            available_balance=to_cents(max(ZERO, equity - needs.initial)),
            order_im=to_cents(needs.order_im),
            position_im=to_cents(needs.position_im),
            position_mm=to_cents(needs.position_mm),
            cum_realised_pnl=sum((p.cum_realised_pnl for p in self.ledger.positions.values()), ZERO),
            im_rate=_rate(needs.initial, equity),
            mm_rate=_rate(needs.position_mm, equity),
        )

    def _liquidation_price(self, position: Position, own: Margins) -> Decimal | None:
        everything = self.account_margins()
        others_upl = everything.unrealised_pnl - own.unrealised_pnl
        others_mm = everything.position_mm - own.position_mm
        return margin.liquidation_price(
            self.instruments[position.symbol],
            position,
            free_equity=self.ledger.balance + others_upl - others_mm,
        )


def _flat(instrument: LinearInstrument) -> Position:
    return Position(symbol=instrument.symbol, leverage=min(Decimal(10), instrument.max_leverage))


def _rate(part: Decimal, equity: Decimal) -> Decimal:
    if not part:
        return ZERO
    return min(part / equity, Decimal(9999)).quantize(Decimal("0.0001")) if equity > 0 else Decimal(9999)
