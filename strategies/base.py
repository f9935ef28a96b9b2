"""
The base of all signal strategies: bars in, signals out, entry, stop and target by one way in every mode.

A strategy proposes: it publishes a ``Signal``, submits the entry and protects every fill with a stop and a
target. It never asks whether it may; that is the risk gate's. It decides from its own ledger and its own
orders, never from the portfolio, whose view may lag behind the fills.
"""

from decimal import Decimal
from typing import ClassVar

from nautilus_trader.model.data import Bar
from nautilus_trader.model.enums import OrderSide
from nautilus_trader.model.events import OrderFilled
from nautilus_trader.model.identifiers import ClientOrderId
from nautilus_trader.model.objects import Price

from nautilus_bot.core import ids, topics
from nautilus_bot.core.messages import (
    FormingBar,
    MarketGap,
    Notice,
    OperatorCommand,
    Side,
    Signal,
    WarmupBars,
)
from nautilus_bot.market.bar_values import bar_values
from strategies.config import SignalStrategyConfig
from strategies.endings import EndingStrategy
from strategies.exits import ExitTerms, Lot, build_exits
from strategies.kernels.contract import Decision, Kernel, MutableFloats
from strategies.restoring import CLOSING
from strategies.retries import Retries
from strategies.signals import Identity, build_signal, size_refusal
from strategies.sizing import SizingLimits, entry_quantity

ZERO = Decimal(0)
CLOSE = "close"
CLOSE_ALL = "close_all"


class SignalStrategy(EndingStrategy):
    """
    Trade the decisions of a kernel on one instrument and timeframe.

    A subclass names its ``kernel`` and its two-letter ``tag``; everything else is here.

    Parameters
    ----------
    config : SignalStrategyConfig
        Instrument, parameters, sizing and how the mode treats exits.
    """

    kernel: ClassVar[Kernel]
    tag: ClassVar[str]

    def __init__(self, config: SignalStrategyConfig) -> None:
        super().__init__(config)
        self.name = type(self).__name__
        self.bar_type = config.bar_type
        self.instrument_id = config.bar_type.instrument_id
        self.symbol = config.bar_type.instrument_id.symbol.value.partition("-")[0]
        self.net = ZERO
        self._params = config.parameters
        self._step = self.kernel.step
        self._state: MutableFloats = self.kernel.new_state()
        self._interval_ns = int(config.bar_type.spec.timedelta.total_seconds()) * 1_000_000_000
        self._last_ts = 0
        self._last_close: Price | None = None
        self._count = config.first_count
        self._limits = SizingLimits(
            Decimal(config.risk_pct_per_trade),
            Decimal(config.leverage_cap),
            Decimal(config.max_notional_usdt),
        )
        self._capital_cap = Decimal(config.capital_cap_usdt)
        self._linked = config.exits_linked_by_venue
        self._awaiting_warmup = config.warmup_bars > 0
        self._early_bars: list[Bar] = []
        self._entry_id = ""
        self._entry_signal = ""
        self._terms: ExitTerms | None = None
        self._lots: list[Lot] = []
        self._lot_count = 0
        self._closing: Signal | None = None
        self._close_id = ""
        self._before_entry: tuple[str, int, ExitTerms | None] | None = None
        self._retries = Retries()
        self._dust_id = ""

    # -- life ---------------------------------------------------------------------------------------

    def on_start(self) -> None:
        """Look up the instrument and subscribe to its bars."""
        self._instrument = self.cache.instrument(self.instrument_id)
        if self._instrument is None:
            raise LookupError(f"{self.id}: no instrument {self.instrument_id} in the cache; import it first")
        self._identity = Identity(
            self.name,
            str(self.id),
            str(self.instrument_id),
            self._instrument.price_increment.as_decimal(),
            self._instrument.price_precision,
        )
        self._lot_step = self._instrument.size_increment.as_decimal()
        self._signal_topic = f"events.signal.{self.id}"
        self.subscribe_bars(self.bar_type)
        self.msgbus.subscribe(topics.OPERATOR + "*", self.on_operator)
        self.msgbus.subscribe(topics.TRADING + "*", self.on_trading_fact)
        if self._awaiting_warmup:
            self.msgbus.subscribe(topics.warmup(str(self.bar_type)), self.on_warmup)
        if self.config.peek_secs > 0:
            self.msgbus.subscribe(topics.forming(str(self.bar_type)), self.on_forming)

    def on_stop(self) -> None:
        """Leave protective orders at the venue: a stopped bot's positions stay protected."""

    def on_warmup(self, history: WarmupBars) -> None:
        """Advance the kernel over history without trading on it, then over what arrived meanwhile."""
        for ts, *ohlcv in history.rows:
            if self._last_ts and ts - self._last_ts > self._interval_ns:
                self._state = self.kernel.new_state()
            self._last_ts = ts
            self._step(self._state, tuple(ohlcv), self._params)
        if history.rows:
            self._last_close = self._instrument.make_price(history.rows[-1][4])
        self._awaiting_warmup = False
        early, self._early_bars = self._early_bars, []
        for bar in early:
            self.on_bar(bar)

    def on_operator(self, command: OperatorCommand) -> None:
        """Close the position when the operator says so; the command is recorded, so a replay obeys it too."""
        if self.net == 0:
            return
        if command.command == CLOSE_ALL or (
            command.command == CLOSE and command.arguments[:1] == (self.symbol,)
        ):
            last = self._last_close or self._terms_price()
            self.close_position(f"{command.command} by {command.author}", last, command.ts_event)

    # -- decisions ----------------------------------------------------------------------------------

    def on_bar(self, bar: Bar) -> None:
        """Advance the kernel by one closed bar and act on its decision."""
        if self._awaiting_warmup:
            self._early_bars.append(bar)
            return
        ts = bar.ts_event
        if ts <= self._last_ts:
            return  # the venue repeats confirmed bars after a reconnect
        if self._last_ts and ts - self._last_ts > self._interval_ns:
            self._on_gap(bar)
        self._last_ts = ts
        self._last_close = bar.close
        side, confidence, stop, target = self._step(self._state, bar_values(bar), self._params)
        if side != 0.0:
            self._on_decision(Decision(side, confidence, stop, target), bar.close, self._state, ts)

    def on_forming(self, forming: FormingBar) -> None:
        """Evaluate the unfinished bar; the kernel's state stays as it was at the last close."""
        if self._awaiting_warmup:
            return
        ohlcv = (forming.open, forming.high, forming.low, forming.close, forming.volume)
        state, decision = self.kernel.peek(self._state, ohlcv, self._params)
        if decision.side != 0.0:
            price = self._instrument.make_price(forming.close)
            self._on_decision(decision, price, state, forming.ts_event)

    def _on_decision(self, decision: Decision, price: Price, state: MutableFloats, ts: int) -> None:
        if self.net == 0 and not self._entry_id and not self._lots:
            self._propose_entry(decision, price, state, ts)
        elif self.net * int(decision.side) < 0 and self._closing is None:
            self._begin_close(self._build_signal(decision, price, state, ts, closes=True))

    def _on_gap(self, bar: Bar) -> None:
        """Forget what the indicators knew; a position does not run across missing data silently."""
        self._state = self.kernel.new_state()
        missing = (bar.ts_event - self._last_ts) // self._interval_ns - 1
        gap = MarketGap(
            ts_event=bar.ts_event,
            instrument_id=str(self.instrument_id),
            bar_type=str(self.bar_type),
            last_ts=self._last_ts,
            missing_bars=missing,
        )
        self.msgbus.publish(f"events.market.{self.instrument_id}", gap)
        if self.net != 0 and self._closing is None:
            self.close_position(f"market data gap of {missing} bars", bar.close, bar.ts_event)

    # -- entry --------------------------------------------------------------------------------------

    def _propose_entry(self, decision: Decision, price: Price, state: MutableFloats, ts: int) -> None:
        signal = self._build_signal(decision, price, state, ts, closes=False)
        self.enter(signal, price)

    def enter(self, signal: Signal, price: Price) -> None:
        """
        Publish an entry signal and submit its order.

        Parameters
        ----------
        signal : Signal
            With stop and target on the tick grid.
        price : Price
            Price that sizing expects to pay.
        """
        self.msgbus.publish(self._signal_topic, signal)
        quantity = entry_quantity(
            self._wallet_balance(), price.as_decimal(), Decimal(signal.stop), self._lot_step, self._limits
        )
        if not self._is_tradable(quantity, price):
            self._refuse_size(signal, quantity)
            return
        client_order_id = ids.order_id(signal.signal_id, ids.ENTRY)
        self._before_entry = (self._entry_signal, self._lot_count, self._terms)
        self._entry_id = client_order_id
        self._entry_signal = signal.signal_id
        self._lot_count = 0
        self._terms = ExitTerms(
            Price.from_str(signal.stop), Price.from_str(signal.target), linked_by_venue=self._linked
        )
        self._submit_market(signal, client_order_id, quantity, self._venue_stop(signal, price))

    def _submit_market(
        self, signal: Signal, client_order_id: str, quantity: Decimal, params: dict[str, object]
    ) -> None:
        order = self.order_factory.market(
            self.instrument_id,
            OrderSide.BUY if signal.side == "BUY" else OrderSide.SELL,
            self._instrument.make_qty(quantity),
            reduce_only=signal.closes and self._is_small(quantity, Decimal(signal.price)),
            tags=[signal.signal_id],
            client_order_id=ClientOrderId(client_order_id),
        )
        self.submit_order(order, params={"signal": signal, **params})

    def _venue_stop(self, signal: Signal, price: Price) -> dict[str, object]:
        """Return Bybit's own position stop, wide, for the moment between fill and our stop."""
        pct = Decimal(str(self.config.disaster_stop_pct))
        if pct == 0:
            return {}
        sign = 1 if signal.side == "BUY" else -1
        level = price.as_decimal() * (1 - sign * pct / 100)
        return {"stop_loss": str(self._instrument.make_price(level))}

    def _is_tradable(self, quantity: Decimal, price: Price) -> bool:
        minimum = self._instrument.min_quantity
        notional = self._instrument.min_notional
        if quantity <= 0 or (minimum is not None and quantity < minimum.as_decimal()):
            return False
        return notional is None or quantity * price.as_decimal() >= notional.as_decimal()

    def _refuse_size(self, signal: Signal, quantity: Decimal) -> None:
        verdict = size_refusal(signal, quantity, self._instrument.min_quantity, self._limits.risk_pct)
        self.msgbus.publish(f"events.risk.{self.id}", verdict)

    def _wallet_balance(self) -> Decimal:
        account = self.portfolio.account(self.instrument_id.venue)
        if account is None:
            return ZERO
        total = account.balance_total(self._instrument.quote_currency)
        return min(total.as_decimal(), self._capital_cap) if total is not None else ZERO

    # -- close --------------------------------------------------------------------------------------

    def close_position(self, reason: str, price: Price, ts: int) -> None:
        """
        Close the strategy's own position: its exits are cancelled first, then the rest goes at market.

        Parameters
        ----------
        reason : str
            One sentence for a person.
        price : Price
            Last known price.
        ts : int
            Market time, ns UTC.
        """
        if self.net == 0 or self._closing is not None:
            return
        side: Side = "SELL" if self.net > 0 else "BUY"
        self._begin_close(
            Signal(
                ts_event=ts,
                signal_id=self._next_signal_id(),
                strategy=self.name,
                strategy_id=str(self.id),
                instrument_id=str(self.instrument_id),
                side=side,
                confidence=1.0,
                price=str(price),
                stop="",
                target="",
                reason=reason,
                closes=True,
            )
        )

    def _begin_close(self, signal: Signal) -> None:
        self.msgbus.publish(self._signal_topic, signal)
        self._closing = signal
        for lot in self._lots:
            self._cancel_lot(lot)
        self._finish_close()

    def _finish_close(self) -> None:
        """Send the closing order once no exit of ours can fill any more."""
        signal = self._closing
        if signal is None or self._lots or self._close_id:
            return
        if self.net == 0:
            self._closing = None
            return
        self._close_id = ids.order_id(signal.signal_id, ids.CLOSE)
        self._submit_market(signal, self._close_id, abs(self.net), {})

    # -- fills --------------------------------------------------------------------------------------

    def on_order_filled(self, event: OrderFilled) -> None:
        """Keep the ledger and protect or settle what the fill changed."""
        client_order_id = event.client_order_id.value
        quantity = event.last_qty.as_decimal()
        self.net += quantity if event.order_side == OrderSide.BUY else -quantity
        if client_order_id == self._entry_id:
            self._protect(event)
            self._settle_entry(event)
        elif client_order_id == self._close_id:
            self._settle_close(event)
        elif client_order_id == self._dust_id:
            self._settle_dust(event)
        else:
            self._on_exit_filled(client_order_id, quantity)

    def _protect(self, event: OrderFilled) -> None:
        """Submit stop and target for a fill of the entry; one too small for them waits for the next one."""
        terms = self._terms
        if terms is None:
            raise AssertionError(f"{self.id}: entry {event.client_order_id} has no exit terms")
        quantity = event.last_qty.as_decimal() if self._linked else self._missing()
        if quantity <= 0 or self._is_dust(quantity, terms):
            return
        self._lot_count += 1
        stop, target = build_exits(
            trader_id=event.trader_id,
            strategy_id=self.id,
            instrument_id=self.instrument_id,
            side=OrderSide.SELL if event.order_side == OrderSide.BUY else OrderSide.BUY,
            quantity=self._instrument.make_qty(quantity),
            terms=terms,
            signal_id=self._entry_signal,
            count=self._lot_count,
            ts_init=event.ts_init,
        )
        lot = Lot(quantity, stop.client_order_id.value, target.client_order_id.value, terms=terms)
        self._lots.append(lot)
        self.submit_order(stop)
        self.submit_order(target)

    def _settle_entry(self, event: OrderFilled) -> None:
        order = self.cache.order(event.client_order_id)
        if order is not None and order.is_closed:
            self._entry_id = ""

    def _settle_close(self, event: OrderFilled) -> None:
        """End the close with its order: a late fill of the entry leaves a rest, whose own exits must stay."""
        order = self.cache.order(event.client_order_id)
        self._retries.forget(CLOSING)
        if self.net == 0 or (order is not None and order.is_closed):
            self._close_id = ""
            self._closing = None

    def _on_exit_filled(self, client_order_id: str, quantity: Decimal) -> None:
        lot = self._lot_of(client_order_id)
        if lot is None:
            return
        lot.quantity -= quantity
        if lot.quantity <= 0:
            self._mark_closed(lot, client_order_id)
            if not self._linked:
                self._cancel_lot(lot)
        elif client_order_id == lot.stop_id:
            # only the target: the rest of a triggered stop is what still gets us out
            if not self._linked and lot.target_open:
                self._cancel_exit(lot.target_id)
        elif not self._linked:
            self._resize_stop(lot)
        self._drop_settled_lots()

    def _resize_stop(self, lot: Lot) -> None:
        """Shrink the stop of a partly filled target, so that it can never turn the ledger around."""
        if self._terms is not None and self._is_dust(lot.quantity, self._terms):
            self._cancel_lot(lot)
            return
        stop = self.cache.order(ClientOrderId(lot.stop_id))
        if stop is not None and stop.is_open:
            self._shrink(stop, lot)

    def _cancel_lot(self, lot: Lot) -> None:
        for client_order_id, is_open in ((lot.stop_id, lot.stop_open), (lot.target_id, lot.target_open)):
            if is_open and self._cancel_exit(client_order_id) and self._linked:
                return

    def _cancel_exit(self, client_order_id: str) -> bool:
        """Ask the venue to cancel an exit that may still fill, and tell whether it was asked."""
        order = self.cache.order(ClientOrderId(client_order_id))
        if order is None or order.is_closed or order.is_pending_cancel:
            return False
        self.cancel_order(order)
        return True

    # -- words --------------------------------------------------------------------------------------

    def _build_signal(
        self, decision: Decision, price: Price, state: MutableFloats, ts: int, *, closes: bool
    ) -> Signal:
        return build_signal(
            self._identity,
            self.kernel,
            decision,
            state,
            signal_id=self._next_signal_id(),
            ts=ts,
            price=str(price),
            closes=closes,
        )

    def _next_signal_id(self) -> str:
        self._count += 1
        return ids.signal_id(self.config.session, self.tag, self.symbol, self._count)

    def _notice(self, severity: str, text: str) -> None:
        notice = Notice(ts_event=self._last_ts, severity=severity, component=str(self.id), text=text)  # type: ignore[arg-type]
        self.msgbus.publish(f"events.notice.{self.id}", notice)
