"""The arrays and numbers that the compiled loop reads and fills, as named tuples that numba understands."""

from typing import NamedTuple

from nautilus_bot.research.fast.market import Floats, Ints
from nautilus_bot.research.fast.money import Sizing, Venue
from nautilus_bot.research.fast.rules import REFUSALS, MarketMeasures, Rules

SIGNALS, CLOSES, THIN_FILLS = range(3)
FIRST_REFUSAL = 3
COUNTERS = FIRST_REFUSAL + len(REFUSALS)


class Series(NamedTuple):
    """The arrays of a ``Market`` and what the rules measure on it."""

    ts: Ints
    points: Ints
    bars: Floats
    funding_ts: Ints
    funding_rates: Ints
    interval_ns: int
    measures: MarketMeasures


class Terms(NamedTuple):
    """Exchange, size of entries, risk rules and starting balance (1e-8 USDT)."""

    venue: Venue
    sizing: Sizing
    rules: Rules
    capital: int


class Record(NamedTuple):
    """
    What the loop fills.

    Parameters
    ----------
    trades : Ints, shape (n, TRADE_FIELDS)
        One row a trade, as in ``trade_log``.
    entry_times : Ints, shape (n,)
        Market time of each trade's entry, ns UTC.
    confidences : Floats, shape (n,)
        Confidence of each trade's signal.
    equity : Floats, shape (n,) or (0,)
        Balance plus open profit at each bar's close, before the bar's decision, USDT; empty when not wanted.
    counters : Ints, shape (COUNTERS,)
        Entry signals, closing signals, fills that a bar's volume is too thin for, then refusals in the
        order of ``REFUSALS``.
    """

    trades: Ints
    entry_times: Ints
    confidences: Floats
    equity: Floats
    counters: Ints


class Account(NamedTuple):
    """
    What the rules remember of the account.

    Parameters
    ----------
    gauges : Floats, shape (4,)
        Equity, its peak, equity when the UTC day began, equity above which no rule can halt.
    breaker : Ints, shape (3,)
        UTC day, rule that halted (0 for none), end of the halt in ns.
    """

    gauges: Floats
    breaker: Ints
