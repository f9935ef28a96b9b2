"""
The strategy of the engine bench, a plain Nautilus ``Strategy``: it runs on stock Nautilus and on this node.

EMA(10) over EMA(30) of closes: long, under: short, always in the market, 0.1 BTC. Its orders carry a signal
as those of ``strategies.base`` do; stock Nautilus ignores it, this node's gate and recorder read it.
"""

from nautilus_trader.config import StrategyConfig
from nautilus_trader.model.data import Bar, BarType
from nautilus_trader.model.enums import OrderSide
from nautilus_trader.model.events import OrderFilled
from nautilus_trader.model.identifiers import ClientOrderId
from nautilus_trader.trading.strategy import Strategy

from nautilus_bot.core import ids, topics
from nautilus_bot.core.messages import Signal
from nautilus_bot.market.bar_values import SCALAR

FAST = 10
SLOW = 30
SIZE = 0.1


class EmaCrossConfig(StrategyConfig, frozen=True):
    """The series to trade."""

    bar_type: BarType


class EmaCross(Strategy):
    """Turn at every cross of the averages; counts what it did for the comparison."""

    def __init__(self, config: EmaCrossConfig) -> None:
        super().__init__(config)
        self.bar_type = config.bar_type
        self.instrument_id = config.bar_type.instrument_id
        self.bars = 0
        self.orders = 0
        self.fills = 0
        self._fast = 0.0
        self._slow = 0.0
        self._side = 0

    def on_start(self) -> None:
        self._instrument = self.cache.instrument(self.instrument_id)
        self._symbol = self.instrument_id.symbol.value.partition("-")[0]
        self._topic = topics.SIGNAL + self.id.value
        self.subscribe_bars(self.bar_type)

    def on_bar(self, bar: Bar) -> None:
        close = bar.close.raw / SCALAR
        self.bars += 1
        if self.bars == 1:
            self._fast = self._slow = close
            return
        self._fast += 2.0 / (FAST + 1) * (close - self._fast)
        self._slow += 2.0 / (SLOW + 1) * (close - self._slow)
        if self.bars <= SLOW:
            return
        side = 1 if self._fast > self._slow else -1
        if side != self._side:
            self._turn(side, bar)

    def _turn(self, side: int, bar: Bar) -> None:
        quantity = SIZE if self._side == 0 else 2 * SIZE
        self._side = side
        self.orders += 1
        signal = Signal(
            ts_event=bar.ts_event,
            signal_id=ids.signal_id("BENCH", "EC", self._symbol, self.orders),
            strategy="EmaCross",
            strategy_id=self.id.value,
            instrument_id=self.instrument_id.value,
            side="BUY" if side > 0 else "SELL",
            confidence=1.0,
            price=str(bar.close),
            stop="",
            target="",
            reason="the averages crossed",
        )
        self.msgbus.publish(self._topic, signal)
        order = self.order_factory.market(
            self.instrument_id,
            OrderSide.BUY if side > 0 else OrderSide.SELL,
            self._instrument.make_qty(quantity),
            tags=[signal.signal_id],
            client_order_id=ClientOrderId(ids.order_id(signal.signal_id, ids.ENTRY)),
        )
        self.submit_order(order, params={"signal": signal})

    def on_order_filled(self, _event: OrderFilled) -> None:
        self.fills += 1
