"""
One row of whole numbers a trade: an open position while it lasts, a closed trade afterwards.

Prices are in points, quantities in units, amounts in 1e-8 USDT (see ``money``). Plain functions, compiled
with the simulation.
"""

from typing import NamedTuple

from nautilus_bot.research.fast.exits import NOTHING, TARGET
from nautilus_bot.research.fast.market import Ints
from nautilus_bot.research.fast.money import Venue, fee_of, profit_of

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


class Position(NamedTuple):
    """
    What the loop needs of an open position at every bar.

    Parameters
    ----------
    side : int
        1 long, -1 short, 0 flat.
    quantity, cost : float
        Signed quantity in coins and its value at entry in USDT, with the doubles of the risk gate's ledger.
    lower, upper : int
        The lower and the upper one of stop and target, in points: between them nothing happens.
    """

    side: int
    quantity: float
    cost: float
    lower: int
    upper: int


NO_POSITION = Position(0, 0.0, 0.0, 0, 0)


def position_of(trade: Ints, venue: Venue) -> Position:
    """Return the position that an open trade's row describes."""
    quantity = trade[SIDE] * trade[UNITS] / venue.size_scale
    stop, target = trade[STOP_POINTS], trade[TARGET_POINTS]
    return Position(
        trade[SIDE],
        quantity,
        quantity * (trade[ENTRY_POINTS] / venue.price_scale),
        min(stop, target),
        max(stop, target),
    )


def enter(
    trade: Ints, i: int, side: int, units: int, close: int, exits: tuple[int, int], venue: Venue
) -> int:
    """
    Note a new position, bought or sold at a bar's close.

    Parameters
    ----------
    trade : Ints, shape (TRADE_FIELDS,)
        The row.
    i : int
        Number of the bar.
    side : int
        1 long, -1 short.
    units, close : int
        Quantity and closing price.
    exits : tuple[int, int]
        Stop and target.
    venue : Venue
        Fees and slippage.

    Returns
    -------
    int
        What it changes of the balance: minus the fee, in 1e-8 USDT.
    """
    paid = close + side * venue.slippage_points
    fee = fee_of(units, paid, venue.taker_rate, venue)
    trade[:] = 0
    trade[ENTRY_BAR] = i
    trade[EXIT_BAR] = -1
    trade[SIDE] = side
    trade[UNITS] = units
    trade[ENTRY_POINTS] = paid
    trade[STOP_POINTS], trade[TARGET_POINTS] = exits
    trade[REASON] = NOTHING
    trade[ENTRY_FEE] = fee
    return -fee


def leave(trade: Ints, i: int, price: int, reason: int, venue: Venue) -> int:
    """
    Note the end of a position.

    Parameters
    ----------
    trade : Ints, shape (TRADE_FIELDS,)
        The row.
    i : int
        Number of the bar.
    price : int
        Before slippage.
    reason : int
        As in ``exits``; a target pays the maker's fee, everything else the taker's.
    venue : Venue
        Fees and slippage. Nautilus's fill model worsens limit orders too.

    Returns
    -------
    int
        What it changes of the balance, in 1e-8 USDT.
    """
    side = trade[SIDE]
    units = trade[UNITS]
    paid = price - side * venue.slippage_points
    fee = fee_of(units, paid, venue.maker_rate if reason == TARGET else venue.taker_rate, venue)
    profit = profit_of(side, units, trade[ENTRY_POINTS], paid, venue)
    trade[EXIT_BAR] = i
    trade[EXIT_POINTS] = paid
    trade[REASON] = reason
    trade[EXIT_FEE] = fee
    trade[PROFIT] = profit
    return int(profit - fee)


def is_thin(volume: float, units: int, venue: Venue) -> bool:
    """
    Say whether Nautilus would split a fill: it offers a quarter of a bar's volume at each of its prices.

    The simulation fills whole orders, so a run with thin fills may differ from the node's.
    """
    return 4.0 * (units + venue.step_units) > volume * venue.size_scale
