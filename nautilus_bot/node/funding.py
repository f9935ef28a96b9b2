"""Funding settlements on the backtest exchange: what Bybit charges open positions every eight hours."""

from decimal import ROUND_HALF_EVEN, Decimal

from nautilus_trader.backtest.config import SimulationModuleConfig
from nautilus_trader.backtest.modules import SimulationModule
from nautilus_trader.core.data import Data
from nautilus_trader.model.currencies import USDT
from nautilus_trader.model.data import Bar
from nautilus_trader.model.objects import Money

from nautilus_bot.core import topics
from nautilus_bot.core.messages import FundingPaid

CENTS = Decimal("0.00000001")


class FundingModuleConfig(SimulationModuleConfig, frozen=True):
    """
    Configuration of ``FundingModule``.

    Parameters
    ----------
    rates : dict[str, tuple[tuple[int, str], ...]]
        By instrument id: settlement time (ns UTC, ascending) and rate (fraction of notional, decimal string).
    """

    rates: dict[str, tuple[tuple[int, str], ...]]


class FundingModule(SimulationModule):
    """
    Settle funding before the first bar that begins after a settlement time.

    A position that stood at the close of the last bar before pays ``quantity * close * rate`` (a short
    receives it), per strategy, as Bybit does with the mark price at the settlement.
    """

    def __init__(self, config: FundingModuleConfig) -> None:
        super().__init__(config)
        self._rates = {name: tuple(rates) for name, rates in config.rates.items()}
        self._next = dict.fromkeys(self._rates, 0)
        self._last: dict[str, Decimal] = {}

    def pre_process(self, data: Data) -> None:
        """Settle what fell due between the last bar of this instrument and this one."""
        if not isinstance(data, Bar):
            return
        name = data.bar_type.instrument_id.value
        rates = self._rates.get(name)
        if rates is None:
            return
        index = self._next[name]
        while index < len(rates) and rates[index][0] < data.ts_event:
            if name in self._last:
                self._settle(data, rates[index][0], Decimal(rates[index][1]))
            index += 1
            self._next[name] = index
        self._last[name] = data.close.as_decimal()

    def _settle(self, data: Bar, ts: int, rate: Decimal) -> None:
        instrument_id = data.bar_type.instrument_id
        price = self._last[instrument_id.value]
        for position in self.cache.positions_open(instrument_id=instrument_id):
            quantity = position.signed_decimal_qty()
            amount = (-quantity * price * rate).quantize(CENTS, rounding=ROUND_HALF_EVEN)
            if amount == 0:
                continue
            self.msgbus.publish(
                topics.FUNDING + instrument_id.value,
                FundingPaid(
                    ts_event=ts,
                    instrument_id=instrument_id.value,
                    strategy_id=position.strategy_id.value,
                    rate=str(rate),
                    quantity=str(quantity),
                    price=str(price),
                    amount_usdt=f"{amount:f}",
                ),
            )
            self.exchange.adjust_account(Money(amount, USDT))

    def process(self, ts_now: int) -> None:
        """Do nothing after a bar: settlements belong before the next one."""

    def log_diagnostics(self, logger: object) -> None:
        """Log nothing: settlements are events."""

    def reset(self) -> None:
        """Begin again at the first settlement."""
        self._next = dict.fromkeys(self._rates, 0)
        self._last.clear()
