"""Keep the risk context up to date from the message bus, and latch the halts that rules call for."""

from collections.abc import Callable, Sequence
from decimal import Decimal

from nautilus_trader.common.component import MessageBus
from nautilus_trader.model.data import Bar, QuoteTick, TradeTick
from nautilus_trader.model.enums import OrderSide
from nautilus_trader.model.events import (
    AccountState,
    OrderCanceled,
    OrderDenied,
    OrderEvent,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderUpdated,
)

from nautilus_bot.core import ids, topics
from nautilus_bot.core.clocks import NS_PER_HOUR, NS_PER_SEC
from nautilus_bot.core.messages import (
    EquityMarked,
    FormingBar,
    MarketMarked,
    Message,
    RiskVerdict,
    TradingHalted,
    TradingResumed,
    WarmupBars,
)
from nautilus_bot.risk.breakers import EXPIRED
from nautilus_bot.risk.context import RiskContext
from nautilus_bot.risk.rule import BaseRule, Rule

ENDED = (OrderCanceled, OrderDenied, OrderExpired, OrderRejected)


class MarketWatch:
    """
    Feed the risk context and the rules from the bus.

    Parameters
    ----------
    bus : MessageBus
        The node's message bus.
    context : RiskContext
        What is kept up to date.
    rules : Sequence[tuple[str, Rule]]
        Name and rule, in the order of the chain.
    equity_every_ns : int, default one hour
        Market time between two ``EquityMarked`` events.
    """

    def __init__(
        self,
        bus: MessageBus,
        context: RiskContext,
        rules: Sequence[tuple[str, Rule]],
        equity_every_ns: int = NS_PER_HOUR,
    ) -> None:
        self._bus = bus
        self._context = context
        self._rules = tuple((name, rule) for name, rule in rules if _overrides(rule, "observe"))
        self._watchers = tuple((name, rule) for name, rule in rules if _overrides(rule, "watch"))
        self._equity_every_ns = equity_every_ns
        self._next_equity_ns = 0
        self._names: dict[object, str] = {}
        self._next_mark_ns: dict[object, int] = {}

    def install(self) -> None:
        """Subscribe ahead of the strategies."""
        subscriptions: tuple[tuple[str, Callable[..., None]], ...] = (
            ("data.bars.*", self.on_bar),
            ("data.quotes.*", self.on_quote),
            ("data.trades.*", self.on_trade),
            (topics.INPUT + "*", self.on_input),
            ("events.order.*", self.on_order_event),
            ("events.account.*", self.on_account),
            (topics.TRADING + "*", self.on_trading_fact),
            (topics.VERDICT + "*", self.on_verdict),
        )
        for topic, handler in subscriptions:
            self._bus.subscribe(topic, handler, priority=topics.WATCH_PRIORITY)

    # -- market -------------------------------------------------------------------------------------

    def on_bar(self, bar: Bar) -> None:
        """Mark an instrument at the close of a bar."""
        self._take(self._name(bar.bar_type.instrument_id), bar.close.as_double(), bar.ts_event)

    def on_quote(self, tick: QuoteTick) -> None:
        """Publish a mark at the middle of the spread, once a second of market time."""
        if self._is_due(tick.instrument_id, tick.ts_event):
            middle = 0.5 * (tick.bid_price.as_double() + tick.ask_price.as_double())
            self._publish_mark(tick.instrument_id, middle, tick.ts_event)

    def on_trade(self, tick: TradeTick) -> None:
        """Publish a mark at the last trade, once a second of market time."""
        if self._is_due(tick.instrument_id, tick.ts_event):
            self._publish_mark(tick.instrument_id, tick.price.as_double(), tick.ts_event)

    def on_input(self, message: Message) -> None:
        """Take a published mark: what risk saw is recorded, so a replay sees the same."""
        if isinstance(message, MarketMarked):
            self._take(message.instrument_id, message.price, message.ts_event)
        elif isinstance(message, WarmupBars):
            for ts, *_, close, _volume in message.rows:
                self._context.on_history(message.instrument_id, close, ts)
        elif isinstance(message, FormingBar):
            self._context.clock.advance(message.ts_event)

    def _is_due(self, instrument_id: object, ts_event: int) -> bool:
        if ts_event < self._next_mark_ns.get(instrument_id, 0):
            return False
        self._next_mark_ns[instrument_id] = ts_event - ts_event % NS_PER_SEC + NS_PER_SEC
        return True

    def _publish_mark(self, instrument_id: object, price: float, ts_event: int) -> None:
        name = self._name(instrument_id)
        self._bus.publish(
            topics.INPUT + name, MarketMarked(ts_event=ts_event, instrument_id=name, price=price)
        )

    def _name(self, instrument_id: object) -> str:
        name = self._names.get(instrument_id)
        if name is None:
            name = self._names[instrument_id] = str(instrument_id)
        return name

    def _take(self, name: str, price: float, ts_event: int) -> None:
        context = self._context
        context.on_mark(name, price, ts_event)
        if context.breakers.halt is None:
            self._ask_watchers()
        elif context.breakers.expire(context.clock.now_ns):
            self._publish(
                TradingResumed(ts_event=context.clock.now_ns, reason="the halt has ended", author=EXPIRED)
            )
        if context.clock.now_ns >= self._next_equity_ns:
            self._publish_equity()

    def _ask_watchers(self) -> None:
        for name, rule in self._watchers:
            try:
                halt = rule.watch(self._context)
            except Exception as error:  # noqa: BLE001  a rule that raises stops trading: fail closed
                halt = self._failure(name, error)
            if halt is not None:
                self._publish(halt)
                return

    def _failure(self, name: str, error: Exception) -> TradingHalted:
        now_ns = self._context.clock.now_ns
        return TradingHalted(ts_event=now_ns, rule=name, reason=f"the rule failed: {error!r}")

    def _publish(self, fact: Message) -> None:
        self._bus.publish(topics.TRADING + "risk", fact)

    def _publish_equity(self) -> None:
        context = self._context
        now = context.clock.now_ns
        self._next_equity_ns = now - now % self._equity_every_ns + self._equity_every_ns
        mark = EquityMarked(
            ts_event=now,
            equity_usdt=context.equity_usdt,
            balance_usdt=context.balance_usdt,
            unrealized_usdt=context.unrealized_usdt(),
            drawdown_pct=context.drawdown_pct,
            gross_exposure_usdt=context.gross_usdt(),
            net_exposure_usdt=sum(context.exposures().values()),
        )
        self._bus.publish(topics.EQUITY + "account", mark)

    # -- account ------------------------------------------------------------------------------------

    def on_order_event(self, event: OrderEvent) -> None:
        """Book fills, release what ended."""
        if isinstance(event, OrderFilled):
            quantity = event.last_qty.as_decimal()
            self._context.reservations.fill(event.client_order_id.value, quantity)
            commission = event.commission
            self._context.on_fill(
                event.strategy_id.value,
                event.instrument_id.value,
                quantity if event.order_side == OrderSide.BUY else -quantity,
                event.last_px.as_decimal(),
                commission.as_decimal() if commission is not None else Decimal(0),
                role=ids.role_of(event.client_order_id.value),
            )
        elif isinstance(event, ENDED):
            self._context.reservations.release(event.client_order_id.value)
        elif isinstance(event, OrderUpdated):
            self._context.reservations.resize(event.client_order_id.value, event.quantity.as_decimal())

    def on_account(self, event: AccountState) -> None:
        """Take the wallet balance."""
        for balance in event.balances:
            if balance.currency.code == "USDT":
                self._context.on_balance(balance.total.as_double())

    # -- facts --------------------------------------------------------------------------------------

    def on_trading_fact(self, fact: Message) -> None:
        """Set or lift breakers."""
        lifted = self._context.breakers.halt
        self._context.breakers.apply(fact)
        if isinstance(fact, TradingResumed):
            self._context.on_resumed(lifted)

    def on_verdict(self, verdict: RiskVerdict) -> None:
        """Let the rules learn from a verdict."""
        for name, rule in self._rules:
            try:
                rule.observe(verdict)
            except Exception as error:  # noqa: BLE001  a rule that raises stops trading: fail closed
                self._publish(self._failure(name, error))


def _overrides(rule: Rule, method: str) -> bool:
    return getattr(type(rule), method, None) is not getattr(BaseRule, method)
