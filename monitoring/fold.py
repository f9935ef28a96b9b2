"""From events to counters: the same fold for what happens now and for what a journal remembers."""

import re
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Final

import msgspec
from nautilus_trader.model.data import Bar
from nautilus_trader.model.events import (
    OrderAccepted,
    OrderCanceled,
    OrderDenied,
    OrderEvent,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderSubmitted,
    PositionClosed,
)

from monitoring.book import MetricsBook
from monitoring.breakers import put_breakers
from nautilus_bot.core import ids
from nautilus_bot.core.clocks import NS_PER_SEC
from nautilus_bot.core.messages import (
    EntriesAllowed,
    EntriesSuspended,
    EquityMarked,
    FormingBar,
    FundingPaid,
    MarketGap,
    MarketMarked,
    Message,
    Notice,
    RiskVerdict,
    RuleConfigured,
    Signal,
    StrategyPaused,
    StrategyResumed,
    TradingHalted,
    TradingReduceOnly,
    TradingResumed,
)
from nautilus_bot.core.session_state import ExternalAssigned
from nautilus_bot.risk.breakers import Breakers

ASSET_CLASS: Final = "crypto"
"""All that the venue lists for this bot."""
ROLES: Final = {ids.ENTRY: "entry", ids.STOP: "stop", ids.TARGET: "target", ids.CLOSE: "close"}
PROPOSING: Final = (ids.ENTRY, ids.CLOSE)
RESULTS: Final[dict[type[OrderEvent], str]] = {
    OrderSubmitted: "submitted",
    OrderAccepted: "accepted",
    OrderCanceled: "canceled",
    OrderExpired: "expired",
    OrderRejected: "rejected",
    OrderDenied: "denied",
}
ENDS: Final = (OrderCanceled, OrderExpired, OrderRejected, OrderDenied)
LINK_GUARD: Final = re.compile(r"the (public|private|trade|rest) connection")
"""Author of what suspends entries while a connection is dead."""
REMEMBERED: Final = 10_000
"""Signals and orders under way that are kept at most; what is older has met its end long ago."""

COUNTED_TYPES: Final = (
    "Signal",
    "RiskVerdict",
    "OrderSubmitted",
    "OrderAccepted",
    "OrderFilled",
    "OrderCanceled",
    "OrderExpired",
    "OrderRejected",
    "OrderDenied",
    "PositionClosed",
    "FundingPaid",
    "EquityMarked",
    "MarketGap",
    "Notice",
    "RuleConfigured",
    "TradingHalted",
    "TradingResumed",
    "TradingReduceOnly",
    "EntriesSuspended",
    "EntriesAllowed",
    "StrategyPaused",
    "StrategyResumed",
    "ExternalAssigned",
)
"""Types of the journal that change a counter; prices are left out, they say nothing about the past."""


class EventFold:
    """
    Count events into a book.

    Parameters
    ----------
    book : MetricsBook
        Where to count.
    """

    def __init__(self, book: MetricsBook) -> None:
        self._book = book
        self._breakers = Breakers()
        self._pending: OrderedDict[str, tuple[str, str]] = OrderedDict()
        self._submitted_ns: OrderedDict[str, int] = OrderedDict()
        self._heard_ns: dict[str, int] = {}
        self._led_by_ns: OrderedDict[str, int] = OrderedDict()
        self.priced_ns: dict[str, int] = {}
        self._handlers: dict[type, Callable[[Any, int], None]] = {
            Signal: self._on_signal,
            RiskVerdict: self._on_verdict,
            OrderFilled: self._on_filled,
            PositionClosed: self._on_closed,
            FundingPaid: self._on_funding,
            EquityMarked: self._on_equity,
            MarketMarked: self._on_mark,
            FormingBar: self._on_forming,
            Bar: self._on_bar,
            MarketGap: self._on_gap,
            Notice: self._on_notice,
            RuleConfigured: self._on_rule,
            **dict.fromkeys(RESULTS, self._on_order),
            **dict.fromkeys(
                (
                    TradingHalted,
                    TradingResumed,
                    TradingReduceOnly,
                    EntriesSuspended,
                    EntriesAllowed,
                    StrategyPaused,
                    StrategyResumed,
                    ExternalAssigned,
                ),
                self._on_trading_fact,
            ),
        }

    def apply(self, message: object, heard_ns: int) -> None:
        """
        Count one message; types that no metric looks at are ignored.

        Parameters
        ----------
        message : object
            An event of Nautilus or of this project.
        heard_ns : int
            Wall clock when it was published, ns UTC; 0 for one of the past, which measures no latency.
        """
        handler = self._handlers.get(type(message))
        if handler is not None:
            handler(message, heard_ns)

    # -- signals ------------------------------------------------------------------------------------

    def _on_signal(self, signal: Signal, heard_ns: int) -> None:
        key = (signal.strategy, signal.instrument_id)
        self._book.add("paper_signals_generated_total", 1, *_series(*key))
        _remember(self._pending, signal.signal_id, key)
        led_by = self._heard_ns.get(signal.instrument_id, 0)
        if heard_ns and led_by:
            _remember(self._led_by_ns, signal.signal_id, led_by)

    def _on_verdict(self, verdict: RiskVerdict, _heard_ns: int) -> None:
        if verdict.approved or verdict.role not in PROPOSING:
            return
        self._reject(verdict.strategy, verdict.instrument_id, "refused", verdict.rule)
        self._pending.pop(verdict.signal_id, None)

    def _reject(self, strategy: str, instrument_id: str, result: str, rule: str) -> None:
        labels = _series(strategy, instrument_id)
        self._book.add("paper_signals_rejected_total", 1, *labels, result, rule)

    # -- orders -------------------------------------------------------------------------------------

    def _on_order(self, event: OrderEvent, heard_ns: int) -> None:
        name = event.client_order_id.value
        self._book.add("bot_orders_total", 1, _role(name), RESULTS[type(event)])
        if isinstance(event, OrderSubmitted):
            self._on_submitted(event, name, heard_ns)
        elif isinstance(event, OrderAccepted):
            self._measure(event, name, "accept", heard_ns)
        elif isinstance(event, ENDS):
            self._on_ended(event, name)

    def _on_submitted(self, event: OrderSubmitted, name: str, heard_ns: int) -> None:
        if not heard_ns:
            return
        _remember(self._submitted_ns, name, event.ts_init)
        led_by = self._led_by_ns.pop(ids.signal_of(name), 0)
        if led_by and ids.role_of(name) in PROPOSING:
            self._book.observe("bot_tick_to_trade_seconds", max(0, event.ts_init - led_by) / NS_PER_SEC)

    def _on_ended(self, event: OrderEvent, name: str) -> None:
        self._submitted_ns.pop(name, None)
        if ids.role_of(name) not in PROPOSING:
            return
        proposed = self._pending.pop(ids.signal_of(name), None)
        if proposed is None:
            return  # filled before, or counted as refused by the gate
        if isinstance(event, OrderRejected):
            self._reject(*proposed, "rejected", "venue")
        elif isinstance(event, OrderDenied):
            self._reject(*proposed, "denied", "engine")

    def _on_filled(self, event: OrderFilled, heard_ns: int) -> None:
        name = event.client_order_id.value
        self._book.add("bot_orders_total", 1, _role(name), "filled")
        labels = _series(_strategy(event.strategy_id.value), event.instrument_id.value)
        fee = event.commission.as_double() if event.commission is not None else 0.0
        self._book.add("bot_fees_usdt", fee, *labels)
        if ids.role_of(name) in PROPOSING:
            self._measure(event, name, "fill", heard_ns)
            self._submitted_ns.pop(name, None)
            proposed = self._pending.pop(ids.signal_of(name), None)
            if proposed is not None:
                self._book.add("paper_signals_executed_total", 1, *_series(*proposed))

    def _measure(self, event: OrderEvent, name: str, step: str, heard_ns: int) -> None:
        submitted_ns = self._submitted_ns.get(name, 0)
        if heard_ns and submitted_ns:
            secs = max(0, event.ts_init - submitted_ns) / NS_PER_SEC
            self._book.observe("bot_order_latency_seconds", secs, step)

    # -- trades and account -------------------------------------------------------------------------

    def _on_closed(self, event: PositionClosed, _heard_ns: int) -> None:
        labels = _series(_strategy(event.strategy_id.value), event.instrument_id.value)
        profit = event.realized_pnl.as_double()
        book = self._book
        book.add("bt_trades_closed_total", 1, *labels, "win" if profit > 0 else "loss")
        book.add("bot_realized_pnl_usdt", profit, *labels)
        wins = book.value("bt_trades_closed_total", *labels, "win") or 0.0
        losses = book.value("bt_trades_closed_total", *labels, "loss") or 0.0
        book.put("bt_win_rate", 100.0 * wins / (wins + losses), *labels)

    def _on_funding(self, paid: FundingPaid, _heard_ns: int) -> None:
        labels = _series(_strategy(paid.strategy_id), paid.instrument_id)
        self._book.add("bot_funding_usdt", float(paid.amount_usdt), *labels)

    def _on_equity(self, mark: EquityMarked, _heard_ns: int) -> None:
        book = self._book
        book.put("bt_portfolio_value", mark.equity_usdt, ASSET_CLASS)
        book.put("bt_drawdown_percent", mark.drawdown_pct)
        book.put("bot_equity_usdt", mark.equity_usdt)
        book.put("bot_balance_usdt", mark.balance_usdt)
        book.put("bot_exposure_gross_usdt", mark.gross_exposure_usdt)
        book.put("bot_exposure_net_usdt", mark.net_exposure_usdt)
        book.put("bot_market_time_seconds", mark.ts_event / NS_PER_SEC)

    # -- market -------------------------------------------------------------------------------------

    def _on_mark(self, mark: MarketMarked, heard_ns: int) -> None:
        symbol = symbol_of(mark.instrument_id)
        self._book.put("bot_price_usdt", mark.price, symbol)
        self.priced_ns[symbol] = heard_ns

    def _on_bar(self, bar: Bar, heard_ns: int) -> None:
        self._heard_ns[bar.bar_type.instrument_id.value] = heard_ns

    def _on_forming(self, forming: FormingBar, heard_ns: int) -> None:
        self._heard_ns[forming.bar_type.rsplit("-", 4)[0]] = heard_ns

    def _on_gap(self, gap: MarketGap, _heard_ns: int) -> None:
        self._book.add("bot_market_gaps_total", 1, symbol_of(gap.instrument_id))

    # -- the rest -----------------------------------------------------------------------------------

    def _on_notice(self, notice: Notice, _heard_ns: int) -> None:
        self._book.add("bot_notices_total", 1, notice.severity)

    def _on_rule(self, fact: RuleConfigured, _heard_ns: int) -> None:
        config: dict[str, object] = msgspec.json.decode(fact.config)
        for limit, value in config.items():
            if fact.enabled and isinstance(value, int | float) and not isinstance(value, bool):
                self._book.put("bot_risk_limit", float(value), fact.rule, limit)

    def _on_trading_fact(self, fact: Message, _heard_ns: int) -> None:
        self._breakers.apply(fact)
        if isinstance(fact, TradingHalted):
            self._book.add("bot_halts_total", 1, fact.rule or "operator")
        elif isinstance(fact, EntriesSuspended):
            guarded = LINK_GUARD.fullmatch(fact.author)
            if guarded is not None:
                self._book.add("bot_reconnects_total", 1, guarded.group(1))
        halt = self._breakers.halt
        put_breakers(
            self._book,
            halted_by=(halt.rule or "operator") if halt is not None else "",
            reduce_only=len(self._breakers.reduce_only) + len(self._breakers.suspended),
            paused=len(self._breakers.paused),
        )


def symbol_of(instrument_id: str) -> str:
    """Return ``BTCUSDT`` of ``BTCUSDT-LINEAR.BYBIT``."""
    return instrument_id.partition("-")[0]


def _series(strategy: str, instrument_id: str) -> tuple[str, str, str]:
    return ASSET_CLASS, strategy, symbol_of(instrument_id)


def _strategy(strategy_id: str) -> str:
    return strategy_id.partition("-")[0]


def _role(client_order_id: str) -> str:
    return ROLES.get(ids.role_of(client_order_id), "other")


def _remember[T](memory: OrderedDict[str, T], key: str, value: T) -> None:
    memory[key] = value
    if len(memory) > REMEMBERED:
        memory.popitem(last=False)
