"""
What a reader may know of a running bot at one moment: plain frozen values, made from events alone.

Terminal view, metrics, control API, dashboard and Telegram all read the same ``Snapshot``, so that no two of
them can disagree. Money that belongs to an order is a decimal string; figures for eyes and gauges are floats.
"""

from typing import Literal

import msgspec

from nautilus_bot.core.messages import Side

SignalState = Literal["pending", "approved", "refused", "executed", "unfilled"]
"""Proposed, let through by the gate, refused by it, filled at least in part, or ended without a fill."""


class Price(msgspec.Struct, frozen=True, kw_only=True):
    """The last price of an instrument and the market time (ns UTC) of it."""

    instrument_id: str
    price: float
    ts_event: int


class OpenOrder(msgspec.Struct, frozen=True, kw_only=True):
    """
    An order that may still fill.

    Parameters
    ----------
    role : str
        ``E`` entry, ``S`` stop, ``T`` target, ``C`` close, ``V`` one that the venue or another client placed.
    quantity, filled : str
        Base currency, decimal strings.
    price, trigger : str
        Limit and trigger price, decimal strings; empty where there is none.
    """

    client_order_id: str
    signal_id: str
    strategy_id: str
    instrument_id: str
    role: str
    side: Side
    type: str
    status: str
    quantity: str
    filled: str
    price: str = ""
    trigger: str = ""
    ts_ns: int = 0

    @property
    def is_working(self) -> bool:
        """Whether the venue has acknowledged it."""
        return self.status not in ("INITIALIZED", "SUBMITTED")


class LedgerState(msgspec.Struct, frozen=True, kw_only=True):
    """
    One strategy's open position in one instrument.

    Parameters
    ----------
    quantity : str
        Signed, base currency.
    stop_quantity : str
        What its stops at the venue cover, base currency, unsigned.
    stops : tuple[OpenOrder, ...]
        Its stops, those included that the venue has not acknowledged yet.
    covered : bool
        Whether the stops cover all of it.
    """

    strategy: str
    strategy_id: str
    instrument_id: str
    quantity: str
    average_price: str
    mark: float
    notional_usdt: float
    unrealized_usdt: float
    realized_usdt: float
    fees_usdt: float
    stop_quantity: str
    stops: tuple[OpenOrder, ...]
    covered: bool


class SignalLine(msgspec.Struct, frozen=True, kw_only=True):
    """A signal and what became of it; ``rule`` and ``reason`` are those of a refusal."""

    ts_event: int
    signal_id: str
    strategy: str
    strategy_id: str
    instrument_id: str
    side: Side
    confidence: float
    price: str
    stop: str
    target: str
    why: str
    closes: bool
    state: SignalState
    rule: str = ""
    reason: str = ""


class SignalCount(msgspec.Struct, frozen=True, kw_only=True):
    """Signals of one strategy on one instrument since the start, refusals by rule."""

    strategy: str
    instrument_id: str
    generated: int
    executed: int
    refused: dict[str, int]


class TradeCount(msgspec.Struct, frozen=True, kw_only=True):
    """Closed trades of one strategy on one instrument since the start; profit is after fees, USDT."""

    strategy: str
    instrument_id: str
    wins: int
    losses: int
    realized_usdt: float


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """Balance, equity and risk figures, USDT and percent."""

    balance_usdt: float
    equity_usdt: float
    unrealized_usdt: float
    realized_usdt: float
    fees_usdt: float
    peak_usdt: float
    drawdown_pct: float
    daily_loss_pct: float
    gross_exposure_usdt: float
    net_exposure_usdt: float


class BreakerState(msgspec.Struct, frozen=True, kw_only=True):
    """
    What keeps orders from opening risk.

    Parameters
    ----------
    state : str
        ``active``, ``reduce_only`` or ``halted``.
    rule, reason, author : str
        Of the halt; empty without one.
    reduce_only, paused : dict[str, str]
        Reason by instrument (empty for all) and by strategy.
    """

    state: Literal["active", "reduce_only", "halted"]
    rule: str = ""
    reason: str = ""
    author: str = ""
    until_ns: int = 0
    reduce_only: dict[str, str] = {}
    paused: dict[str, str] = {}


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """
    A running bot at one moment.

    Parameters
    ----------
    market_ns : int
        Market clock, ns UTC.
    events : int
        Bus events folded so far.
    gaps : int
        Events that did not fit what was known; not zero means that the replica must not be trusted.
    feed_age_secs : float
        Wall time since the last market data; -1 before the first.
    """

    market_ns: int
    events: int
    gaps: int
    feed_age_secs: float
    account: Account
    breakers: BreakerState
    prices: tuple[Price, ...] = ()
    positions: tuple[LedgerState, ...] = ()
    orders: tuple[OpenOrder, ...] = ()
    signals: tuple[SignalLine, ...] = ()
    signal_counts: tuple[SignalCount, ...] = ()
    trades: tuple[TradeCount, ...] = ()

    @property
    def signals_generated(self) -> int:
        """Number of signals since the start."""
        return sum(count.generated for count in self.signal_counts)

    @property
    def signals_executed(self) -> int:
        """Number of signals whose order filled at least in part."""
        return sum(count.executed for count in self.signal_counts)

    @property
    def signals_refused(self) -> dict[str, int]:
        """Number of refused signals by rule."""
        total: dict[str, int] = {}
        for count in self.signal_counts:
            for rule, number in count.refused.items():
                total[rule] = total.get(rule, 0) + number
        return total
