"""Forming bars: what the unfinished bar looks like, every few seconds of market time."""

from dataclasses import dataclass

from nautilus_trader.common.actor import Actor
from nautilus_trader.config import ActorConfig
from nautilus_trader.model.data import BarType, QuoteTick, TradeTick

from nautilus_bot.core import topics
from nautilus_bot.core.clocks import NS_PER_SEC
from nautilus_bot.core.messages import FormingBar


class FormingBarsConfig(ActorConfig, frozen=True):
    """
    Configuration of ``FormingBars``.

    Parameters
    ----------
    bar_type : BarType
        The bars that are forming.
    peek_secs : float
        Market time between two evaluations, seconds.
    """

    bar_type: BarType
    peek_secs: float


@dataclass(slots=True)
class _Forming:
    """Open, high, low, last and volume since the bar began."""

    begun_ns: int
    open: float
    high: float
    low: float
    close: float
    volume: float


class FormingBars(Actor):
    """
    Build the forming bar from trades and publish it on the first tick past each boundary.

    The boundaries are multiples of ``peek_secs`` of the venue's event time, so that a replay and an
    accelerated session evaluate at the same moments. Quotes only drive it: a quiet market still evaluates.
    The bar that was forming at the start is left out: its opening and extremes were not seen.
    """

    def __init__(self, config: FormingBarsConfig) -> None:
        super().__init__(config)
        self._interval_ns = int(config.bar_type.spec.timedelta.total_seconds()) * NS_PER_SEC
        self._peek_ns = int(config.peek_secs * NS_PER_SEC)
        self._bar_type = str(config.bar_type)
        self._forming: _Forming | None = None
        self._joined_ns = -1
        self._next_ns = 0

    def on_start(self) -> None:
        """Subscribe to trades and quotes."""
        instrument_id = self.config.bar_type.instrument_id
        self.subscribe_trade_ticks(instrument_id)
        self.subscribe_quote_ticks(instrument_id)

    def on_trade_tick(self, tick: TradeTick) -> None:
        """Add a trade, then evaluate if it is time."""
        price, ts = tick.price.as_double(), tick.ts_event
        begun = ts - ts % self._interval_ns
        if self._joined_ns < 0:
            self._joined_ns = begun
        forming = self._forming
        if forming is None or forming.begun_ns != begun:
            self._forming = _Forming(begun, price, price, price, price, tick.size.as_double())
        else:
            forming.high = max(forming.high, price)
            forming.low = min(forming.low, price)
            forming.close = price
            forming.volume += tick.size.as_double()
        self._evaluate(ts)

    def on_quote_tick(self, tick: QuoteTick) -> None:
        """Evaluate if it is time."""
        self._evaluate(tick.ts_event)

    def _evaluate(self, ts: int) -> None:
        forming = self._forming
        if ts < self._next_ns or forming is None:
            return
        self._next_ns = ts - ts % self._peek_ns + self._peek_ns
        if forming.begun_ns != ts - ts % self._interval_ns or forming.begun_ns == self._joined_ns:
            return
        self.msgbus.publish(
            topics.forming(self._bar_type),
            FormingBar(
                ts_event=ts,
                bar_type=self._bar_type,
                open=forming.open,
                high=forming.high,
                low=forming.low,
                close=forming.close,
                volume=forming.volume,
            ),
        )
