"""QA-INJECT: a strategy that trades only what a person or a scenario asks for, with its own ledger."""

from decimal import Decimal
from typing import ClassVar

from nautilus_trader.model.enums import OrderSide
from nautilus_trader.model.events import OrderDenied, OrderFilled
from nautilus_trader.model.objects import Price

from nautilus_bot.core import topics
from nautilus_bot.core.messages import MarketMarked, Message, OperatorCommand, Side, Signal
from strategies.base import SignalStrategy
from strategies.config import SignalStrategyConfig
from strategies.kernels.contract import FloatSequence, Kernel, MutableFloats, Ohlcv

INJECT = "inject"
STOP_PCT = Decimal(2)
TARGET_PCT = Decimal(4)


def _never(_state: MutableFloats, _bar: Ohlcv, _params: FloatSequence) -> tuple[float, float, float, float]:
    return 0.0, 0.0, 0.0, 0.0


class QAInjectStrategy(SignalStrategy):
    """
    Turn injected commands into signals that go the whole way: risk, order, venue, notification.

    A BUY (or SELL) while flat opens with a stop 2 % and a target 4 % away; the opposite side closes what is
    open, its stop cancelled first. A command for the side that is already held asks for more and is judged by
    the risk rules like any entry.
    """

    kernel: ClassVar[Kernel] = Kernel("qa_inject", _never, 1, (), (), (), lambda _params: 0)
    tag: ClassVar[str] = "QA"

    def __init__(self, config: SignalStrategyConfig) -> None:
        super().__init__(config)
        self._mark: Price | None = None
        self._mark_ts = 0

    def on_start(self) -> None:
        """Listen to marks, and to commands through the base."""
        super().on_start()
        self.msgbus.subscribe(topics.INPUT + str(self.instrument_id), self.on_mark)

    def on_mark(self, mark: Message) -> None:
        """Remember the price that an injected entry expects to pay."""
        if isinstance(mark, MarketMarked):
            self._mark = self._instrument.make_price(mark.price)
            self._mark_ts = mark.ts_event

    def on_operator(self, command: OperatorCommand) -> None:
        """Act on an injection for this instrument: ``inject SYMBOL SIDE CONFIDENCE``."""
        super().on_operator(command)
        if command.command != INJECT or command.arguments[0] != self.symbol:
            return
        missing = "no price yet" if self._mark is None else "an entry is in flight" if self._entry_id else ""
        if self._mark is None or missing:
            self._notice("error", f"injected {command.arguments[1]} {self.symbol} dropped: {missing}")
            return
        side: Side = "BUY" if command.arguments[1] == "BUY" else "SELL"
        sign = 1 if side == "BUY" else -1
        if self.net * sign < 0:
            self.close_position(f"injected {side} closes", self._mark, self._mark_ts)
        else:
            self.enter(self._injected(side, sign, float(command.arguments[2])), self._mark)

    def _injected(self, side: Side, sign: int, confidence: float) -> Signal:
        assert self._mark is not None
        price = self._mark.as_decimal()
        stop = self._instrument.make_price(price * (1 - sign * STOP_PCT / 100))
        target = self._instrument.make_price(price * (1 + sign * TARGET_PCT / 100))
        return Signal(
            ts_event=self._mark_ts,
            signal_id=self._next_signal_id(),
            strategy=self.name,
            strategy_id=str(self.id),
            instrument_id=str(self.instrument_id),
            side=side,
            confidence=confidence,
            price=str(self._mark),
            stop=str(stop),
            target=str(target),
            reason=f"injected {side}",
        )

    def on_order_filled(self, event: OrderFilled) -> None:
        """Keep the ledger, and tell the operator."""
        super().on_order_filled(event)
        side = "BUY" if event.order_side == OrderSide.BUY else "SELL"
        self._notice("info", f"{event.client_order_id} filled: {side} {event.last_qty} at {event.last_px}")

    def on_order_denied(self, event: OrderDenied) -> None:
        """Tell the operator which rule refused."""
        super().on_order_denied(event)
        self._notice("info", f"{event.client_order_id} refused: {event.reason}")
