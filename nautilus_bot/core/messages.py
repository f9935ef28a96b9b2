"""
The messages that parts exchange: past tense for facts, imperative for commands.

All are frozen ``msgspec`` structs with plain fields (str, int, float, bool, tuples of them), so that the
event catalog encodes them as they are. Prices and quantities that reached an order are decimal strings.
Times are integer nanoseconds since the epoch, UTC, of the market clock unless the name says otherwise.
"""

from typing import Literal

import msgspec

Side = Literal["BUY", "SELL"]
"""Direction of a signal or an order, in the words of the exchange."""


class Message(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Base of all facts that this project itself records."""

    ts_event: int


class Indicator(msgspec.Struct, frozen=True):
    """One named number that a decision looked at."""

    name: str
    value: float


class ConditionMargin(msgspec.Struct, frozen=True):
    """How far a condition was met: zero or more is met, less is missed by that much."""

    name: str
    margin: float
    unit: str


class Signal(Message, frozen=True, kw_only=True):
    """
    A strategy proposes a trade.

    Parameters
    ----------
    signal_id : str
        At most 28 characters, unique for the life of the account; its orders are ``<signal_id>-E``,
        ``<signal_id>-S1``, ``<signal_id>-T1`` ...
    strategy : str
        Class name of the strategy, e.g. ``RSIEMAMomentumStrategy``.
    strategy_id : str
        Nautilus strategy id; one instance trades one instrument on one timeframe.
    instrument_id : str
        E.g. ``BTCUSDT-LINEAR.BYBIT``.
    side : Side
        Direction of the proposed trade.
    confidence : float
        In [0, 1]: how strongly the strategy's own conditions are met; monotone in their margins.
    price : str
        The price the decision was taken at, decimal string on the tick grid.
    stop, target : str
        Protective stop and take-profit, decimal strings on the tick grid; empty for a closing signal.
    reason : str
        One sentence for a person.
    indicators : tuple[Indicator, ...]
        What the kernel looked at.
    conditions : tuple[ConditionMargin, ...]
        The margins of the conditions in the signal's direction.
    closes : bool
        The signal only closes the strategy's own position.
    """

    signal_id: str
    strategy: str
    strategy_id: str
    instrument_id: str
    side: Side
    confidence: float
    price: str
    stop: str
    target: str
    reason: str
    indicators: tuple[Indicator, ...] = ()
    conditions: tuple[ConditionMargin, ...] = ()
    closes: bool = False


class RuleCheck(msgspec.Struct, frozen=True):
    """
    What one rule said of one order.

    Parameters
    ----------
    rule : str
        Name of the rule in ``risk_config.json``.
    approved : bool
        Whether the rule let the order pass.
    limit : float | None
        The number that must not be passed, in ``unit``; None for a rule without a number.
    observed : float | None
        The number found, in ``unit``.
    unit : str
        E.g. ``pct``, ``ratio``, ``usdt``, ``count``, ``secs``.
    reason : str
        One sentence; empty when there is nothing to say.
    """

    rule: str
    approved: bool
    limit: float | None = None
    observed: float | None = None
    unit: str = ""
    reason: str = ""


class RiskVerdict(Message, frozen=True, kw_only=True):
    """The gate approved or refused an order; every rule that was asked is listed in order."""

    client_order_id: str
    signal_id: str
    strategy: str
    strategy_id: str
    instrument_id: str
    approved: bool
    role: str
    rule: str = ""
    reason: str = ""
    checks: tuple[RuleCheck, ...] = ()


class TradingHalted(Message, frozen=True, kw_only=True):
    """No order that opens risk passes until trading is resumed."""

    reason: str
    rule: str = ""
    author: str = "risk"
    until_ns: int = 0


class TradingResumed(Message, frozen=True, kw_only=True):
    """Orders may open risk again."""

    reason: str
    author: str


class TradingReduceOnly(Message, frozen=True, kw_only=True):
    """Only orders that reduce a ledger pass, for one instrument or (empty) for all."""

    reason: str
    author: str
    instrument_id: str = ""


class EntriesSuspended(Message, frozen=True, kw_only=True):
    """A guard of the session, e.g. of a connection, lets nothing open risk until it is satisfied again."""

    author: str
    reason: str


class EntriesAllowed(Message, frozen=True, kw_only=True):
    """A guard of the session is satisfied again."""

    author: str
    reason: str


class StrategyPaused(Message, frozen=True, kw_only=True):
    """One strategy may not open risk until it is resumed."""

    strategy: str
    author: str
    reason: str = ""


class StrategyResumed(Message, frozen=True, kw_only=True):
    """A paused strategy may open risk again."""

    strategy: str
    author: str


class RuleConfigured(Message, frozen=True, kw_only=True):
    """A risk rule as loaded at start, switched on or off, with its limits as JSON."""

    rule: str
    enabled: bool
    config: str


class MarketGap(Message, frozen=True, kw_only=True):
    """Market data was missing: indicators start again and an open position is closed."""

    instrument_id: str
    bar_type: str
    last_ts: int
    missing_bars: int


class FundingPaid(Message, frozen=True, kw_only=True):
    """A funding settlement changed the balance; positive is received, negative is paid."""

    instrument_id: str
    strategy_id: str
    rate: str
    quantity: str
    price: str
    amount_usdt: str


class EquityMarked(Message, frozen=True, kw_only=True):
    """Equity at a moment of the market clock: balance plus open profit and loss, in USDT."""

    equity_usdt: float
    balance_usdt: float
    unrealized_usdt: float
    drawdown_pct: float
    gross_exposure_usdt: float
    net_exposure_usdt: float


class Notice(Message, frozen=True, kw_only=True):
    """Something an operator should know; severity is info, warning, error or critical."""

    severity: Literal["info", "warning", "error", "critical"]
    component: str
    text: str


class SessionStopping(Message, frozen=True, kw_only=True):
    """A trading session ends: strategies see nothing of what is recorded after this."""

    reason: str


class OperatorCommand(Message, frozen=True, kw_only=True):
    """An operator asked for something; ``author`` is where it came from, e.g. ``telegram:42``."""

    command: str
    author: str
    arguments: tuple[str, ...] = ()


class MarketMarked(Message, frozen=True, kw_only=True):
    """The price at which risk values an instrument: the first tick of each second of market time."""

    instrument_id: str
    price: float


class WarmupBars(Message, frozen=True, kw_only=True):
    """
    History that strategies and rules read before they trade.

    Parameters
    ----------
    bar_type : str
        The series.
    rows : tuple[tuple[int, float, float, float, float, float], ...]
        Closing time (ns UTC), open, high, low, close, volume; oldest first, all closed.
    """

    bar_type: str
    instrument_id: str
    rows: tuple[tuple[int, float, float, float, float, float], ...]


class FormingBar(Message, frozen=True, kw_only=True):
    """The unfinished bar that a strategy evaluated; prices are floats as the kernel saw them."""

    bar_type: str
    open: float
    high: float
    low: float
    close: float
    volume: float


class StudyStarted(Message, frozen=True, kw_only=True):
    """
    A search for parameters began, or went on where it was cut off.

    Parameters
    ----------
    study : str
        Its name.
    strategies, symbols, metrics : tuple[str, ...]
        What is searched, on what, and by which figures; the first one leads.
    trials : int
        How many it is to have.
    finished : int
        How many it had already.
    storage : str
        Where Optuna's study is kept; a password in it is left out.
    """

    study: str
    strategies: tuple[str, ...]
    symbols: tuple[str, ...]
    metrics: tuple[str, ...]
    trials: int
    finished: int
    storage: str


class TrialFinished(Message, frozen=True, kw_only=True):
    """
    One set of parameters was tried.

    Parameters
    ----------
    study : str
        Name of the study.
    number : int
        Of the trial in the study, from 0.
    state : str
        ``complete`` or ``pruned``.
    feasible : bool
        Whether it kept to the constraints.
    values : tuple[float, ...]
        Its metrics, in the order of the study; empty when pruned.
    parameters, figures : tuple[Indicator, ...]
        What was tried, and what came of it.
    """

    study: str
    number: int
    state: Literal["complete", "pruned"]
    feasible: bool
    values: tuple[float, ...]
    parameters: tuple[Indicator, ...]
    figures: tuple[Indicator, ...]


class StudyEnded(Message, frozen=True, kw_only=True):
    """A search has all its trials; ``best`` is the number of the best one, -1 when none kept its bounds."""

    study: str
    trials: int
    best: int
    values: tuple[float, ...]
