"""
The live view: a replica of the running bot, folded from the bus and read instead of the engine.

On the bus it only appends the message to an inbox, right behind the recorder, so that it holds exactly what
the journal holds and in that order, and costs trading next to nothing. The folding happens when somebody
looks. Balance, ledgers and breakers are those of the risk context, which is itself a fold of the same events:
there is one truth, and a restart restores it once.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable
from decimal import Decimal

from nautilus_trader.common.component import MessageBus
from nautilus_trader.model.events import OrderEvent, PositionClosed
from nautilus_trader.model.orders import Order

from nautilus_bot.core import ids, topics
from nautilus_bot.core.messages import MarketMarked, RiskVerdict, Signal
from nautilus_bot.core.snapshot import (
    Account,
    BreakerState,
    LedgerState,
    OpenOrder,
    Price,
    Snapshot,
)
from nautilus_bot.node.view_orders import Lookup, OrderBookView
from nautilus_bot.node.view_signals import SignalBook
from nautilus_bot.risk.context import RiskContext
from nautilus_bot.risk.ledger import LedgerPosition

PRIORITY = topics.RECORDER_PRIORITY - 1
INBOX_LIMIT = 10_000
NS_PER_SEC = 1_000_000_000


class LiveView:
    """
    Fold what passes on the bus into a ``Snapshot``.

    Parameters
    ----------
    bus : MessageBus
        The node's message bus.
    context : RiskContext
        Account, ledgers, marks and breakers as risk knows them.
    lookup : Callable[[ClientOrderId], Order | None]
        The cache's order, for orders found at the venue by reconciliation.
    wall_ns : Callable[[], int]
        Wall clock, for the age of the feed.

    Notes
    -----
    Lives on the thread of the event loop, like the bus: another thread may only be handed a ``Snapshot``.
    """

    def __init__(
        self,
        bus: MessageBus,
        context: RiskContext,
        lookup: Lookup,
        wall_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._bus = bus
        self._context = context
        self._wall_ns = wall_ns
        self._inbox: deque[object] = deque()
        self._orders = OrderBookView(lookup)
        self._signals = SignalBook()
        self._marked_ns: dict[str, int] = {}
        self._fed_ns = 0
        self._events = 0

    def install(self) -> None:
        """Subscribe right behind the recorder."""
        for topic in ("events.order.*", "events.position.*", topics.SIGNAL + "*", topics.VERDICT + "*"):
            self._bus.subscribe(topic, self.take, priority=PRIORITY)
        self._bus.subscribe(topics.INPUT + "*", self.on_input, priority=PRIORITY)

    def restore(self, orders: Iterable[Order]) -> None:
        """Take over what was open before the session."""
        self._orders.restore(orders)

    def take(self, message: object) -> None:
        """Keep a message for the next look; a view that nobody reads stays bounded."""
        self._inbox.append(message)
        if len(self._inbox) > INBOX_LIMIT:
            self._fold()

    def on_input(self, message: object) -> None:
        """Note when the market was heard."""
        if isinstance(message, MarketMarked):
            self._marked_ns[message.instrument_id] = message.ts_event
            self._fed_ns = self._wall_ns()

    def snapshot(self) -> Snapshot:
        """Return the bot at this moment."""
        self._fold()
        orders = self._orders.open_orders()
        context = self._context
        return Snapshot(
            market_ns=context.clock.now_ns,
            events=self._events,
            gaps=self._orders.gaps,
            feed_age_secs=(self._wall_ns() - self._fed_ns) / NS_PER_SEC if self._fed_ns else -1.0,
            account=self._account(),
            breakers=self._breakers(),
            prices=tuple(
                Price(instrument_id=name, price=price, ts_event=self._marked_ns.get(name, 0))
                for name, price in sorted(context.marks.items())
            ),
            positions=tuple(
                self._position(strategy_id, instrument_id, ledger, orders)
                for strategy_id, instrument_id, ledger in context.ledgers.open_positions()
            ),
            orders=tuple(orders),
            signals=self._signals.lines(),
            signal_counts=self._signals.counts(),
            trades=self._signals.trades(),
        )

    def _fold(self) -> None:
        inbox = self._inbox
        while inbox:
            message = inbox.popleft()
            self._events += 1
            if isinstance(message, OrderEvent):
                self._orders.apply(message)
                self._signals.on_order_event(message)
            elif isinstance(message, Signal):
                self._signals.on_signal(message)
            elif isinstance(message, RiskVerdict):
                self._signals.on_verdict(message)
            elif isinstance(message, PositionClosed):
                self._signals.on_position_closed(message)

    def _account(self) -> Account:
        context = self._context
        ledgers = [one for name in context.marks for one in context.ledgers.of_instrument(name)]
        return Account(
            balance_usdt=context.balance_usdt,
            equity_usdt=context.equity_usdt,
            unrealized_usdt=context.unrealized_usdt(),
            realized_usdt=float(sum((one.realized_usdt for one in ledgers), Decimal(0))),
            fees_usdt=float(sum((one.fees_usdt for one in ledgers), Decimal(0))),
            peak_usdt=context.peak_usdt,
            drawdown_pct=context.drawdown_pct,
            daily_loss_pct=context.daily_loss_pct,
            gross_exposure_usdt=context.gross_usdt(),
            net_exposure_usdt=sum(context.exposures().values()),
        )

    def _breakers(self) -> BreakerState:
        breakers = self._context.breakers
        halt = breakers.halt
        closed = {f"entries ({guard})": reason for guard, reason in breakers.suspended.items()}
        closed |= breakers.reduce_only
        state = "halted" if halt is not None else "reduce_only" if closed else "active"
        return BreakerState(
            state=state,  # type: ignore[arg-type]
            rule=halt.rule if halt is not None else "",
            reason=halt.reason if halt is not None else "",
            author=halt.author if halt is not None else "",
            until_ns=halt.until_ns if halt is not None else 0,
            reduce_only=closed,
            paused=dict(breakers.paused),
        )

    def _position(
        self, strategy_id: str, instrument_id: str, ledger: LedgerPosition, orders: list[OpenOrder]
    ) -> LedgerState:
        mark = self._context.marks.get(instrument_id, float(ledger.average_price))
        stops = tuple(
            order
            for order in orders
            if order.role == ids.STOP
            and order.strategy_id == strategy_id
            and order.instrument_id == instrument_id
        )
        covered = sum(
            (Decimal(stop.quantity) - Decimal(stop.filled) for stop in stops if stop.is_working), Decimal(0)
        )
        quantity = ledger.quantity
        return LedgerState(
            strategy=strategy_id.partition("-")[0],
            strategy_id=strategy_id,
            instrument_id=instrument_id,
            quantity=str(quantity),
            average_price=f"{ledger.average_price:f}",
            mark=mark,
            notional_usdt=float(quantity) * mark,
            unrealized_usdt=float(quantity) * (mark - float(ledger.average_price)),
            realized_usdt=float(ledger.realized_usdt),
            fees_usdt=float(ledger.fees_usdt),
            stop_quantity=str(covered),
            stops=stops,
            covered=covered >= abs(quantity),
        )
