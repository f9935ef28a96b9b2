"""What rules may look at: the market clock, ledgers, equity, returns, reservations and breakers."""

from collections.abc import Iterable
from decimal import Decimal
from math import fsum

from nautilus_bot.core import ids
from nautilus_bot.core.clocks import NS_PER_SEC, MarketClock, utc_day
from nautilus_bot.core.messages import TradingHalted
from nautilus_bot.core.session_state import LedgerState, RiskState, StopFills
from nautilus_bot.risk.breakers import Breakers
from nautilus_bot.risk.holding import Holding
from nautilus_bot.risk.ledger import Ledgers
from nautilus_bot.risk.reservations import Reservations
from nautilus_bot.risk.returns import ReturnsBook

SETTLE_NS = 2 * NS_PER_SEC
"""A fill and the balance it leads to arrive apart; between them equity counts a profit twice or never."""
STOPS_KEPT = 64
VENUE = "VENUE"
"""Whose position the net is."""


class RiskContext:
    """
    The account and the market as the gate knows them, built from events alone.

    Parameters
    ----------
    clock : MarketClock
        Market time.
    venue_nets : bool, default False
        Whether the venue holds the net of all strategies in one position, as Bybit does; the exchange of a
        backtest keeps one a strategy. Decides what is open and what the balance already has.

    Attributes
    ----------
    balance_usdt : float
        Wallet balance after the last account state.
    marks : dict[str, float]
        Last price per instrument.
    holdings : dict[str, Holding]
        Open positions of all strategies, per instrument.
    stop_fills : dict[tuple[str, str], list[int]]
        Latest market times at which a stop filled, by strategy (class name) and instrument.
    peak_usdt, day_start_usdt : float
        Highest equity seen, and equity when the UTC day began.
    """

    def __init__(self, clock: MarketClock, *, venue_nets: bool = False) -> None:
        self.clock = clock
        self.ledgers = Ledgers()
        self._at_venue = Ledgers() if venue_nets else None
        self.reservations = Reservations()
        self.breakers = Breakers()
        self.returns = ReturnsBook()
        self.marks: dict[str, float] = {}
        self.holdings: dict[str, Holding] = {}
        self.stop_fills: dict[tuple[str, str], list[int]] = {}
        self.balance_usdt = 0.0
        self.peak_usdt = 0.0
        self.day_start_usdt = 0.0
        self._profits: dict[str, float] = {}
        self._day = -1
        self._equity = 0.0
        self._settled_ns = 0

    # -- input --------------------------------------------------------------------------------------

    def on_balance(self, balance_usdt: float) -> None:
        """
        Take the wallet balance of an account state.

        One that changes nothing says nothing: Nautilus publishes the last state again whenever an order
        changes, and no journal has those.
        """
        if balance_usdt == self.balance_usdt and self._equity != 0.0:
            return
        self.balance_usdt = balance_usdt
        if self._equity == 0.0:
            self._measure()
            self.day_start_usdt = self._equity
        else:
            self._await_settlement()

    def on_mark(self, instrument_id: str, price: float, ts_event: int) -> None:
        """Take the latest price of an instrument and move the market clock."""
        clock = self.clock
        if ts_event > clock.now_ns:  # noqa: PLR1730  on every mark, and max() costs three times as much
            clock.now_ns = ts_event
        self.marks[instrument_id] = price
        self.returns.update(instrument_id, ts_event, price)
        holding = self.holdings.get(instrument_id)
        if holding is not None:
            self._profits[instrument_id] = holding.unrealized_usdt(price)
        if clock.now_ns >= self._settled_ns:
            self._measure()
        day = utc_day(clock.now_ns)
        if day != self._day:
            self._day = day
            self.day_start_usdt = self._equity

    def on_history(self, instrument_id: str, price: float, ts_event: int) -> None:
        """Take a price from before the start: it makes returns, but no equity was ever measured at it."""
        self.clock.advance(ts_event)
        self.returns.update(instrument_id, ts_event, price)
        if instrument_id not in self.holdings:
            self.marks[instrument_id] = price

    def on_fill(
        self,
        strategy_id: str,
        instrument_id: str,
        signed_quantity: Decimal,
        price: Decimal,
        fee: Decimal,
        *,
        role: str = "",
        traded: bool = True,
    ) -> None:
        """
        Book a fill into the strategy's ledger.

        Parameters
        ----------
        strategy_id, instrument_id : str
            Whose ledger.
        signed_quantity : Decimal
            Positive for a buy, base currency.
        price : Decimal
            Fill price.
        fee : Decimal
            Commission, USDT.
        role : str, default ""
            Role of the order; tells whether it was a stop.
        traded : bool, default True
            False for a move between two ledgers, which leaves the venue's position as it is.
        """
        self.ledgers.apply_fill(strategy_id, instrument_id, signed_quantity, price, fee)
        if self._at_venue is not None and traded:
            self._at_venue.apply_fill(VENUE, instrument_id, signed_quantity, price, fee)
        self.marks.setdefault(instrument_id, float(price))
        self._hold(instrument_id)
        if role == ids.STOP:
            self._note_stop(strategy_id.partition("-")[0], instrument_id)
        self._await_settlement()

    def on_resumed(self, lifted: TradingHalted | None) -> None:
        """Measure anew what the lifted halt stood on, else it would latch again at once."""
        if lifted is None:
            return
        if lifted.rule == "drawdown_halt":
            self.peak_usdt = self._equity
        elif lifted.rule == "daily_loss":
            self.day_start_usdt = self._equity

    # -- snapshots ----------------------------------------------------------------------------------

    def state(self) -> RiskState:
        """Return what no warm-up brings back; reservations follow from open orders."""
        return RiskState(
            market_ns=self.clock.now_ns,
            balance_usdt=self.balance_usdt,
            equity_usdt=self._equity,
            peak_usdt=self.peak_usdt,
            day_start_usdt=self.day_start_usdt,
            day=self._day,
            settled_ns=self._settled_ns,
            marks=dict(self.marks),
            ledgers=self.ledgers.states(),
            at_venue=self._at_venue.states() if self._at_venue is not None else (),
            stop_fills=tuple(StopFills(*key, tuple(times)) for key, times in self.stop_fills.items()),
            halt=self.breakers.halt,
            reduce_only=dict(self.breakers.reduce_only),
            paused=dict(self.breakers.paused),
        )

    def restore(self, state: RiskState) -> None:
        """Become what ``state`` described; for a context that has seen nothing yet."""
        self.clock.advance(state.market_ns)
        self.balance_usdt = state.balance_usdt
        self._equity = state.equity_usdt
        self.peak_usdt = state.peak_usdt
        self.day_start_usdt = state.day_start_usdt
        self._day = state.day
        self._settled_ns = state.settled_ns
        self.marks.update(state.marks)
        self.ledgers.restore(state.ledgers)
        if self._at_venue is not None:
            self._at_venue.restore(state.at_venue or _netted(state.ledgers))
        for stops in state.stop_fills:
            self.stop_fills[stops.strategy, stops.instrument_id] = list(stops.times)
        self.breakers.halt = state.halt
        self.breakers.reduce_only.update(state.reduce_only)
        self.breakers.paused.update(state.paused)
        for instrument_id in {ledger.instrument_id for ledger in state.ledgers}:
            self._hold(instrument_id)

    def _hold(self, instrument_id: str) -> None:
        """Sum up the ledgers of an instrument."""
        netted = self._at_venue.position(VENUE, instrument_id) if self._at_venue is not None else None
        holding = Holding.of(self.ledgers.of_instrument(instrument_id), netted)
        if holding is None:
            self.holdings.pop(instrument_id, None)
            self._profits.pop(instrument_id, None)
        else:
            self.holdings[instrument_id] = holding
            self._profits[instrument_id] = holding.unrealized_usdt(self.marks[instrument_id])

    def _note_stop(self, strategy: str, instrument_id: str) -> None:
        stops = self.stop_fills.setdefault((strategy, instrument_id), [])
        stops.append(self.clock.now_ns)
        del stops[:-STOPS_KEPT]

    def _await_settlement(self) -> None:
        """Leave equity alone for a moment; never extended, so that many fills cannot hide a loss."""
        if self.clock.now_ns >= self._settled_ns:
            self._settled_ns = self.clock.now_ns + SETTLE_NS

    def _measure(self) -> None:
        # fsum rounds once: the order in which positions were opened, live or in a fold, cannot show
        profits = self._profits
        equity = fsum((self.balance_usdt, *profits.values())) if profits else self.balance_usdt
        self._equity = equity
        if equity > self.peak_usdt:  # noqa: PLR1730  as above
            self.peak_usdt = equity

    # -- reading ------------------------------------------------------------------------------------

    @property
    def equity_usdt(self) -> float:
        """Wallet balance plus open profit and loss."""
        return self._equity

    @property
    def drawdown_pct(self) -> float:
        """How far equity is below its peak, percent of the peak."""
        peak = self.peak_usdt
        return 100.0 * (peak - self._equity) / peak if peak > 0.0 else 0.0

    @property
    def daily_loss_pct(self) -> float:
        """How far equity is below that of the UTC day's start, percent of it; negative for a gain."""
        start = self.day_start_usdt
        return 100.0 * (start - self._equity) / start if start > 0.0 else 0.0

    def unrealized_usdt(self) -> float:
        """Return open profit and loss at the last prices, as it is missing in the balance."""
        return fsum(self._profits.values())

    def exposures(self) -> dict[str, float]:
        """Return signed notional per instrument, USDT, open positions and approved entries together."""
        marks = self.marks
        exposure = {i: holding.net * marks[i] for i, holding in self.holdings.items()}
        for entry in self.reservations.entries():
            exposure[entry.instrument_id] = exposure.get(entry.instrument_id, 0.0) + entry.notional_usdt
        return exposure

    def gross_usdt(self) -> float:
        """Return long plus short notional of all ledgers and approved entries, USDT, nothing netted."""
        total = 0.0
        for instrument_id, holding in self.holdings.items():
            total += holding.gross * self.marks[instrument_id]
        for entry in self.reservations.entries():
            total += abs(entry.notional_usdt)
        return total

    def position_usdt(self, strategy_id: str, instrument_id: str) -> float:
        """Return the signed notional of one ledger with its approved entries, USDT."""
        quantity = self.ledgers.quantity(strategy_id, instrument_id)
        total = float(quantity) * self.marks[instrument_id] if quantity else 0.0
        for entry in self.reservations.entries():
            if entry.strategy_id == strategy_id and entry.instrument_id == instrument_id:
                total += entry.notional_usdt
        return total


def _netted(ledgers: Iterable[LedgerState]) -> tuple[LedgerState, ...]:
    """Return what a venue may hold under these ledgers: for snapshots of before it was recorded."""
    netted = Ledgers()
    for ledger in ledgers:
        if quantity := Decimal(ledger.quantity):
            netted.apply_fill(
                VENUE, ledger.instrument_id, quantity, Decimal(ledger.average_price), Decimal(0)
            )
    return netted.states()
