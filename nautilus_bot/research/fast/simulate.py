"""
One strategy on one instrument: bars in, trades out, as the node trades them.

Each bar, in this order: funding that fell due, stop and target, the account's measures and halts, the kernel,
then what its decision leads to. A position is entered at the close of the bar that gave the signal, its stop
and target are live from the next bar on; an opposite signal closes at the bar's close and does not reverse
there; a gap resets the kernel and closes the position. The functions here are plain Python that ``engine``
compiles.
"""

from typing import Any

import numpy as np

from nautilus_bot.research.fast.arrays import CLOSES, SIGNALS, Account, Record, Series, Terms
from nautilus_bot.research.fast.entries import try_entry
from nautilus_bot.research.fast.exits import GAP, NOTHING, SIGNAL, STILL_OPEN, first_hit
from nautilus_bot.research.fast.market import Floats, Ints
from nautilus_bot.research.fast.money import Venue, funding_of, to_double
from nautilus_bot.research.fast.rules import mark
from nautilus_bot.research.fast.trade_log import (
    ENTRY_POINTS,
    FUNDING,
    REASON,
    SIDE,
    STOP_POINTS,
    TARGET_POINTS,
    UNITS,
    leave,
)

MONEY_FACTOR = 1e8
BEFORE_ALL_DAYS = -1


def step(_state: Any, _bar: Any, _params: Any) -> tuple[float, float, float, float]:
    """Stand for the kernel that ``engine`` binds here."""
    raise AssertionError("a kernel's step takes this place when the simulation is compiled")


def simulate(
    series: Series, state: Floats, params: tuple[float, ...], terms: Terms, record: Record
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
    terms : Terms
        Exchange, sizing, rules, capital.
    record : Record
        Filled in place.

    Returns
    -------
    tuple[int, int]
        Trades made, the last one possibly still open, and the final balance in 1e-8 USDT.
    """
    ts, bars = series.ts, series.bars
    balance = terms.capital
    account = fresh_account(balance)
    count = due = 0
    held = False
    for i in range(len(ts)):
        trade = record.trades[count]
        if due < len(series.funding_ts) and series.funding_ts[due] < ts[i]:
            due, change = settle_funding(series, trade, held, i, due, terms.venue)
            balance += change
        if held:
            hit, change = leave_inside(trade, i, series.points, terms.venue)
            if hit:
                balance += change
                count += 1
                held = False
        measure(i, ts[i], balance, held, trade, bars, account, terms, record)

        gap = i > 0 and ts[i] - ts[i - 1] > series.interval_ns
        if gap:
            state[:] = 0.0
        decision = step(state, (bars[i, 0], bars[i, 1], bars[i, 2], bars[i, 3], bars[i, 4]), params)
        if held:
            if gap or decision[0] * trade[SIDE] < 0.0:
                balance += leave(trade, i, series.points[i, 3], GAP if gap else SIGNAL, terms.venue)
                record.counters[CLOSES] += 1
                count += 1
                held = False
        elif decision[0] != 0.0:
            record.counters[SIGNALS] += 1
            held, change = try_entry(series, terms, account, record, i, count, decision, balance)
            balance += change
    if held:
        record.trades[count, REASON] = STILL_OPEN
        count += 1
    return count, balance


def fresh_account(balance: int) -> Account:
    """Return gauges at the starting balance and a breaker that is not set."""
    breaker = np.zeros(3, dtype=np.int64)
    breaker[0] = BEFORE_ALL_DAYS
    return Account(np.full(3, to_double(balance, MONEY_FACTOR)), breaker)


def settle_funding(
    series: Series, trade: Ints, held: bool, i: int, due: int, venue: Venue
) -> tuple[int, int]:
    """Settle what fell due before this bar at the last close; return the next settlement and the amount."""
    total = 0
    while due < len(series.funding_ts) and series.funding_ts[due] < series.ts[i]:
        if held:
            rate = series.funding_rates[due]
            total += funding_of(trade[SIDE], trade[UNITS], series.points[i - 1, 3], rate, venue)
        due += 1
    if held:
        trade[FUNDING] += total
    return due, total


def leave_inside(trade: Ints, i: int, points: Ints, venue: Venue) -> tuple[bool, int]:
    """End the position if the bar hits its stop or target; return whether, and the change of the balance."""
    hit, price = first_hit(
        trade[SIDE], trade[STOP_POINTS], trade[TARGET_POINTS], points[i, 0], points[i, 1], points[i, 2]
    )
    if hit == NOTHING:
        return False, 0
    return True, leave(trade, i, price, hit, venue)


def measure(
    i: int,
    ts: int,
    balance: int,
    held: bool,
    trade: Ints,
    bars: Floats,
    account: Account,
    terms: Terms,
    record: Record,
) -> None:
    """Mark the account at a bar's close, with the doubles of the risk gate's own ledger."""
    equity = to_double(balance, MONEY_FACTOR)
    if held:
        quantity = trade[SIDE] * trade[UNITS] / terms.venue.size_scale
        cost = quantity * (trade[ENTRY_POINTS] / terms.venue.price_scale)
        equity += quantity * bars[i, 3] - cost
    mark(account.gauges, account.breaker, ts, equity, terms.rules)
    if len(record.equity) > 0:
        record.equity[i] = equity
