"""From a kernel's proposal to a position: sizing, the risk rules, the entry."""

from nautilus_bot.core.units import to_ticks
from nautilus_bot.research.fast.arrays import FIRST_REFUSAL, THIN_FILLS, Account, Record, Series, Terms
from nautilus_bot.research.fast.money import lots_of
from nautilus_bot.research.fast.rules import PASSED, SIZING, first_refusal
from nautilus_bot.research.fast.trade_log import NO_POSITION, Position, enter, is_thin, position_of


def try_entry(
    series: Series,
    terms: Terms,
    account: Account,
    record: Record,
    i: int,
    count: int,
    decision: tuple[float, float, float, float],
    balance: int,
) -> tuple[Position, int]:
    """
    Enter at a bar's close if size and rules allow it.

    Parameters
    ----------
    series, terms, account
        Market, conditions and account at the bar.
    record : Record
        The trade is noted in row ``count``, a refusal in the counters.
    i, count : int
        Number of the bar and of the trade.
    decision : tuple[float, float, float, float]
        What the kernel proposes.
    balance : int
        Wallet balance in 1e-8 USDT.

    Returns
    -------
    tuple[Position, int]
        The position, flat when it was refused, and what it changes of the balance.
    """
    wanted, confidence, stop_price, target_price = decision
    venue = terms.venue
    close = series.points[i, 3]
    side = 1 if wanted > 0.0 else -1
    stop = to_ticks(stop_price, venue.tick) * venue.tick_points
    target = to_ticks(target_price, venue.tick) * venue.tick_points
    units = entry_units(balance, close, stop, terms)
    refusal = SIZING
    if units > 0:
        notional = side * units * close / venue.notional_scale
        refusal = first_refusal(
            i,
            series.ts[i],
            record.entry_times,
            count,
            notional,
            confidence,
            account.gauges,
            account.breaker,
            series.measures,
            terms.rules,
        )
    if refusal != PASSED:
        record.counters[FIRST_REFUSAL + refusal] += 1
        return NO_POSITION, 0
    record.entry_times[count] = series.ts[i]
    record.confidences[count] = confidence
    trade = record.trades[count]
    record.counters[THIN_FILLS] += is_thin(series.bars[i, 4], units, venue)
    change = enter(trade, i, side, units, close, (stop, target), venue)
    return position_of(trade, venue), change


def entry_units(balance: int, close: int, stop: int, terms: Terms) -> int:
    """Return the quantity of an entry in units, or 0 where it is less than the venue's minimum."""
    venue = terms.venue
    lots = lots_of(balance, close, stop, terms.sizing)
    units = lots * venue.step_units
    if lots < venue.min_lots or lots > venue.max_lots or units * close < venue.min_notional:
        return 0
    return units
