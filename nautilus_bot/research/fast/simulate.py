"""
One strategy on one instrument: bars in, trades out, as the node trades them.

Each bar, in this order: funding that fell due, stop and target, the kernel, then what its decision leads to.
A position is entered at the close of the bar that gave the signal, its stop and target are live from the next
bar on; an opposite signal closes at the bar's close and does not reverse there; a gap resets the kernel and
closes the position. The functions here are plain Python that ``engine`` compiles.
"""

from typing import Any, NamedTuple

from nautilus_bot.core.units import to_ticks
from nautilus_bot.research.fast.exits import GAP, NOTHING, SIGNAL, STILL_OPEN, TARGET, first_hit
from nautilus_bot.research.fast.market import Floats, Ints
from nautilus_bot.research.fast.money import (
    Sizing,
    Venue,
    fee_of,
    funding_of,
    lots_of,
    profit_of,
)

(
    ENTRY_BAR,
    EXIT_BAR,
    SIDE,
    UNITS,
    ENTRY_POINTS,
    EXIT_POINTS,
    STOP_POINTS,
    TARGET_POINTS,
    REASON,
    ENTRY_FEE,
    EXIT_FEE,
    PROFIT,
    FUNDING,
) = range(13)
TRADE_FIELDS = 13

SIGNALS, CLOSES, ENTRIES, REFUSED_CONFIDENCE, REFUSED_SIZE = range(5)
COUNTERS = 5


class Rules(NamedTuple):
    """
    The risk rules that depend on market and account alone.

    Parameters
    ----------
    min_confidence : float
        Lowest accepted confidence of an entry.
    """

    min_confidence: float


class Series(NamedTuple):
    """The arrays of a ``Market``, in the form the compiled loop takes them."""

    ts: Ints
    points: Ints
    bars: Floats
    funding_ts: Ints
    funding_rates: Ints
    interval_ns: int


class Record(NamedTuple):
    """
    What the loop fills.

    Parameters
    ----------
    trades : Ints, shape (n, TRADE_FIELDS)
        One row a trade; prices in points, quantities in units, amounts in 1e-8 USDT.
    confidences : Floats, shape (n,)
        Confidence of each trade's signal.
    equity : Floats, shape (n,) or (0,)
        Balance plus open profit at each bar's close, USDT; empty when not wanted.
    counters : Ints, shape (COUNTERS,)
        How many signals, closes, entries and refusals.
    """

    trades: Ints
    confidences: Floats
    equity: Floats
    counters: Ints


def step(_state: Any, _bar: Any, _params: Any) -> tuple[float, float, float, float]:
    """Stand for the kernel that ``engine`` binds here."""
    raise AssertionError("a kernel's step takes this place when the simulation is compiled")


def simulate(
    series: Series,
    state: Floats,
    params: tuple[float, ...],
    venue: Venue,
    sizing: Sizing,
    rules: Rules,
    capital: int,
    record: Record,
) -> tuple[int, int]:
    """
    Walk all bars.

    Parameters
    ----------
    series : Series
        The market.
    state : Floats
        Fresh state of the kernel.
    params : tuple[float, ...]
        Parameters of the kernel.
    venue, sizing, rules
        Exchange, size of entries, risk rules.
    capital : int
        Starting balance in 1e-8 USDT.
    record : Record
        Filled in place.

    Returns
    -------
    tuple[int, int]
        Trades made, the last one possibly still open, and the final balance in 1e-8 USDT.
    """
    ts, points, bars, funding_ts, funding_rates, interval_ns = series
    trades, confidences, equity, counters = record
    balance = capital
    count = 0
    due = 0
    side = units = entry = stop = target = 0
    for i in range(len(ts)):
        trade = trades[count]
        while due < len(funding_ts) and funding_ts[due] < ts[i]:
            if side != 0:
                amount = funding_of(side, units, points[i - 1, 3], funding_rates[due], venue)
                balance += amount
                trade[FUNDING] += amount
            due += 1

        closing = NOTHING
        price = 0
        if side != 0:
            closing, price = first_hit(side, stop, target, points[i, 0], points[i, 1], points[i, 2])
            if closing != NOTHING:
                balance += leave(trade, i, price, closing, venue)
                side = 0
                count += 1

        gap = i > 0 and ts[i] - ts[i - 1] > interval_ns
        if gap:
            state[:] = 0.0
        close = points[i, 3]
        bar = (bars[i, 0], bars[i, 1], bars[i, 2], bars[i, 3], bars[i, 4])
        wanted, confidence, stop_price, target_price = step(state, bar, params)
        if side != 0:
            if gap or wanted * side < 0.0:
                balance += leave(trade, i, close, GAP if gap else SIGNAL, venue)
                counters[CLOSES] += 1
                side = 0
                count += 1
        elif wanted != 0.0:
            counters[SIGNALS] += 1
            trade = trades[count]
            stop = to_ticks(stop_price, venue.tick) * venue.tick_points
            target = to_ticks(target_price, venue.tick) * venue.tick_points
            units = allowed_units(balance, close, stop, confidence, venue, sizing, rules, counters)
            if units > 0:
                side = 1 if wanted > 0.0 else -1
                entry = close + side * venue.slippage_points
                fee = fee_of(units, entry, venue.taker_rate, venue)
                balance -= fee
                confidences[count] = confidence
                enter(trade, i, side, units, entry, stop, target, fee)
        if len(equity) > 0:
            equity[i] = balance / 1e8
            if side != 0:
                equity[i] += profit_of(side, units, entry, close, venue) / 1e8
    if side != 0:
        trades[count, REASON] = STILL_OPEN
        count += 1
    return count, balance


def allowed_units(
    balance: int,
    close: int,
    stop: int,
    confidence: float,
    venue: Venue,
    sizing: Sizing,
    rules: Rules,
    counters: Ints,
) -> int:
    """Return the quantity of an entry in units, or 0 where sizing, the venue or a rule refuses it."""
    lots = lots_of(balance, close, stop, sizing)
    units = lots * venue.step_units
    if lots < venue.min_lots or lots > venue.max_lots or units * close < venue.min_notional:
        counters[REFUSED_SIZE] += 1
        return 0
    if confidence < rules.min_confidence:
        counters[REFUSED_CONFIDENCE] += 1
        return 0
    counters[ENTRIES] += 1
    return units


def enter(trade: Ints, i: int, side: int, units: int, entry: int, stop: int, target: int, fee: int) -> None:
    """Note a new position."""
    trade[ENTRY_BAR] = i
    trade[SIDE] = side
    trade[UNITS] = units
    trade[ENTRY_POINTS] = entry
    trade[STOP_POINTS] = stop
    trade[TARGET_POINTS] = target
    trade[ENTRY_FEE] = fee
    trade[FUNDING] = 0
    trade[EXIT_BAR] = -1
    trade[EXIT_POINTS] = 0
    trade[EXIT_FEE] = 0
    trade[PROFIT] = 0
    trade[REASON] = NOTHING


def leave(trade: Ints, i: int, price: int, reason: int, venue: Venue) -> int:
    """Note the end of a position; return what it changes of the balance, in 1e-8 USDT."""
    side = trade[SIDE]
    units = trade[UNITS]
    paid = price - side * venue.slippage_points
    rate = venue.maker_rate if reason == TARGET else venue.taker_rate
    fee = fee_of(units, paid, rate, venue)
    profit = profit_of(side, units, trade[ENTRY_POINTS], paid, venue)
    trade[EXIT_BAR] = i
    trade[EXIT_POINTS] = paid
    trade[REASON] = reason
    trade[EXIT_FEE] = fee
    trade[PROFIT] = profit
    return int(profit - fee)
