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

from nautilus_bot.core.clocks import NS_PER_DAY
from nautilus_bot.research.fast.arrays import CLOSES, SIGNALS, THIN_FILLS, Account, Record, Series, Terms
from nautilus_bot.research.fast.entries import try_entry
from nautilus_bot.research.fast.exits import GAP, SIGNAL, STILL_OPEN, first_hit
from nautilus_bot.research.fast.market import Floats, Ints
from nautilus_bot.research.fast.money import Venue, funding_of, to_double
from nautilus_bot.research.fast.rules import ALARM, PEAK, mark
from nautilus_bot.research.fast.trade_log import (
    FUNDING,
    NO_POSITION,
    REASON,
    SIDE,
    STOP_POINTS,
    TARGET_POINTS,
    UNITS,
    is_thin,
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
    ts, points, bars, funding_ts = series.ts, series.points, series.bars, series.funding_ts
    balance = terms.capital
    account = fresh_account(balance)
    gauges = account.gauges
    price_factor = terms.venue.price_factor
    keep_equity = len(record.equity) > 0
    position = NO_POSITION
    count = due = 0
    next_day = 0
    # the account is marked when something changed: a new day, a fill, funding, or an open position whose
    # equity makes a new peak or comes near a halt. On all other bars marking would change nothing
    is_due = True
    for i in range(len(ts)):
        held = position.side != 0
        if due < len(funding_ts) and funding_ts[due] < ts[i]:
            due, change = settle_funding(series, record.trades[count], held, i, due, terms.venue)
            balance += change
            is_due = True
        if held and (points[i, 2] <= position.lower or points[i, 1] >= position.upper):
            balance += leave_inside(series, record, i, count, terms.venue)
            count += 1
            position = NO_POSITION
            held = False
            is_due = True
        equity = to_double(balance, MONEY_FACTOR)
        if held:
            equity += position.quantity * to_double(points[i, 3], price_factor) - position.cost
        if is_due or ts[i] >= next_day or (held and (equity > gauges[PEAK] or equity <= gauges[ALARM])):
            mark(gauges, account.breaker, ts[i], equity, terms.rules)
            next_day = (ts[i] // NS_PER_DAY + 1) * NS_PER_DAY
            is_due = False
        if keep_equity:
            record.equity[i] = equity

        gap = i > 0 and ts[i] - ts[i - 1] > series.interval_ns
        if gap:
            state[:] = 0.0
        decision = step(state, (bars[i, 0], bars[i, 1], bars[i, 2], bars[i, 3], bars[i, 4]), params)
        if held:
            if gap or decision[0] * position.side < 0.0:
                balance += leave_at_close(series, record, i, count, gap, terms.venue)
                count += 1
                position = NO_POSITION
                is_due = True
        elif decision[0] != 0.0:
            record.counters[SIGNALS] += 1
            position, change = try_entry(series, terms, account, record, i, count, decision, balance)
            balance += change
            is_due = True
    if position.side != 0:
        record.trades[count, REASON] = STILL_OPEN
        count += 1
    return count, balance


def fresh_account(balance: int) -> Account:
    """Return gauges at the starting balance and a breaker that is not set."""
    breaker = np.zeros(3, dtype=np.int64)
    breaker[0] = BEFORE_ALL_DAYS
    return Account(np.full(4, to_double(balance, MONEY_FACTOR)), breaker)


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


def leave_inside(series: Series, record: Record, i: int, count: int, venue: Venue) -> int:
    """End a position whose stop or target lies within the bar; return the change of the balance."""
    trade, bar = record.trades[count], series.points[i]
    hit, price = first_hit(trade[SIDE], trade[STOP_POINTS], trade[TARGET_POINTS], bar[0], bar[1], bar[2])
    record.counters[THIN_FILLS] += is_thin(series.bars[i, 4], trade[UNITS], venue)
    return leave(trade, i, price, hit, venue)


def leave_at_close(series: Series, record: Record, i: int, count: int, gap: bool, venue: Venue) -> int:
    """End a position at the bar's close, by a gap or an opposite signal; return the change of the balance."""
    trade = record.trades[count]
    record.counters[CLOSES] += 1
    record.counters[THIN_FILLS] += is_thin(series.bars[i, 4], trade[UNITS], venue)
    return leave(trade, i, series.points[i, 3], GAP if gap else SIGNAL, venue)
