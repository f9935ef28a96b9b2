"""What rules may look at: the market clock, ledgers, equity, returns, reservations and breakers."""

from decimal import Decimal

from nautilus_bot.core.clocks import MarketClock, utc_day
from nautilus_bot.risk.breakers import Breakers
from nautilus_bot.risk.ledger import Ledgers
from nautilus_bot.risk.reservations import Reservations
from nautilus_bot.risk.returns import ReturnsBook


class RiskContext:
    """
    The account and the market as the gate knows them, built from events alone.

    Parameters
    ----------
    clock : MarketClock
        Market time.

    Attributes
    ----------
    balance_usdt : float
        Wallet balance after the last account state.
    marks : dict[str, float]
        Last price per instrument.
    peak_usdt, day_start_usdt : float
        Highest equity seen, and equity when the UTC day began.
    """

    def __init__(self, clock: MarketClock) -> None:
        self.clock = clock
        self.ledgers = Ledgers()
        self.reservations = Reservations()
        self.breakers = Breakers()
        self.returns = ReturnsBook()
        self.marks: dict[str, float] = {}
        self.balance_usdt = 0.0
        self.peak_usdt = 0.0
        self.day_start_usdt = 0.0
        self._open: dict[tuple[str, str], tuple[float, float]] = {}
        self._day = -1
        self._equity = 0.0

    # -- input --------------------------------------------------------------------------------------

    def on_balance(self, balance_usdt: float) -> None:
        """Take the wallet balance of an account state."""
        self.balance_usdt = balance_usdt
        self._remark()

    def on_mark(self, instrument_id: str, price: float, ts_event: int) -> None:
        """Take the latest price of an instrument and move the market clock."""
        self.clock.advance(ts_event)
        self.marks[instrument_id] = price
        self.returns.update(instrument_id, ts_event, price)
        if self._open:
            self._remark()
        day = utc_day(self.clock.now_ns)
        if day != self._day:
            self._day = day
            self.day_start_usdt = self._equity

    def on_fill(
        self, strategy_id: str, instrument_id: str, signed_quantity: Decimal, price: Decimal, fee: Decimal
    ) -> None:
        """Book a fill into the strategy's ledger."""
        position = self.ledgers.position(strategy_id, instrument_id)
        position.apply_fill(signed_quantity, price, fee)
        key = (strategy_id, instrument_id)
        if position.quantity:
            self._open[key] = (float(position.quantity), float(position.average_price))
        else:
            self._open.pop(key, None)
        self._remark()

    def _remark(self) -> None:
        self._equity = self.balance_usdt + self.unrealized_usdt()
        self.peak_usdt = max(self.peak_usdt, self._equity)

    # -- reading ------------------------------------------------------------------------------------

    @property
    def equity_usdt(self) -> float:
        """Wallet balance plus open profit and loss."""
        return self._equity

    @property
    def drawdown_pct(self) -> float:
        """How far equity is below its peak, percent of the peak."""
        return 100.0 * (self.peak_usdt - self._equity) / self.peak_usdt if self.peak_usdt > 0.0 else 0.0

    def unrealized_usdt(self) -> float:
        """Return open profit and loss over all ledgers at the last prices."""
        total = 0.0
        for (_, instrument_id), (quantity, average) in self._open.items():
            total += quantity * (self.marks.get(instrument_id, average) - average)
        return total

    def exposures(self) -> dict[str, float]:
        """Return signed notional per instrument, USDT, open positions and approved entries together."""
        exposure: dict[str, float] = {}
        for (_, instrument_id), (quantity, average) in self._open.items():
            value = quantity * self.marks.get(instrument_id, average)
            exposure[instrument_id] = exposure.get(instrument_id, 0.0) + value
        for entry in self.reservations.entries():
            value = entry.sign * float(entry.leaves * entry.price)
            exposure[entry.instrument_id] = exposure.get(entry.instrument_id, 0.0) + value
        return exposure
