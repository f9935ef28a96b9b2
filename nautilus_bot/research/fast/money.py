"""
Nautilus's money arithmetic in whole numbers and doubles, so that fees and balances agree to the last unit.

Amounts are integers of 1e-8 USDT. Prices are integers of the instrument's price precision ("points"),
quantities integers of its size precision ("units"). Where Nautilus calculates in doubles, the same doubles
are made here in the same order; where it is exact, so is this.

Only plain arithmetic: these functions are compiled with the simulation.
"""

from typing import NamedTuple


class Venue(NamedTuple):
    """
    What the exchange fixes for one instrument.

    Parameters
    ----------
    price_factor, size_factor : float
        ``10 ** (16 - precision)``: Nautilus keeps numbers as integers of 1e-16.
    tick : float
        Price increment as the double that Nautilus makes of it.
    tick_points : int
        Points in a tick.
    step_units : int
        Units in a lot.
    min_lots, max_lots : int
        Smallest and largest order.
    min_notional : int
        Smallest order value in points times units.
    taker_rate, maker_rate : int
        Fees as shares of notional, times ``fee_scale / 1e8``.
    fee_scale : float
        Power of ten that turns fee units times rate into USDT.
    slippage_points : int
        How much worse than its price every order fills.
    funding_divisor : int
        Power of ten that turns units times points times rate into 1e-8 USDT.
    price_scale, size_scale, notional_scale : float
        Points in one USDT, units in one coin, and their product.
    """

    price_factor: float
    size_factor: float
    tick: float
    tick_points: int
    step_units: int
    min_lots: int
    max_lots: int
    min_notional: int
    taker_rate: int
    maker_rate: int
    fee_scale: float
    slippage_points: int
    funding_divisor: int
    price_scale: float
    size_scale: float
    notional_scale: float


class Sizing(NamedTuple):
    """
    How large an entry is: reduced fractions of the limits in ``strategies.sizing``.

    Parameters
    ----------
    risk_over, risk_under : int
        Lots are ``balance * risk_over // (risk_under * stop distance in points)``.
    leverage_over, leverage_under : int
        At most ``balance * leverage_over // (leverage_under * price in points)``.
    notional_over, notional_under : int
        At most ``notional_over // (notional_under * price in points)``; ``notional_over < 0`` for no limit.
    """

    risk_over: int
    risk_under: int
    leverage_over: int
    leverage_under: int
    notional_over: int
    notional_under: int


def to_double(value: int, factor: float) -> float:
    """Return the double that Nautilus makes of a price or quantity: its 1e-16 integer over 1e16."""
    return value * factor / 1e16


def to_money(value: float) -> int:
    """Round USDT to 1e-8 as Nautilus's ``Money`` does: half away from zero."""
    scaled = abs(value) * 1e8
    whole = int(scaled)
    if scaled - whole >= 0.5:
        whole += 1
    return whole if value >= 0.0 else -whole


def fee_of(units: int, points: int, rate: int, venue: Venue) -> int:
    """
    Return the commission of a fill in 1e-8 USDT, as ``MakerTakerFeeModel`` charges it.

    Parameters
    ----------
    units, points : int
        Quantity and price of the fill.
    rate : int
        ``taker_rate`` or ``maker_rate`` of the venue.
    venue : Venue
        The instrument's facts.

    Notes
    -----
    The notional is rounded to money first. Its product with the rate is an integer over a power of ten, both
    exact in a double (below 1.6 million USDT at five decimals of rate), so one division rounds it as
    ``float(Decimal)`` does.
    """
    notional = to_money(to_double(units, venue.size_factor) * to_double(points, venue.price_factor))
    return to_money(notional * rate / venue.fee_scale)


def profit_of(side: int, units: int, entry_points: int, exit_points: int, venue: Venue) -> int:
    """Return the profit of a closed position before fees, in 1e-8 USDT; ``side`` is 1 long, -1 short."""
    entry = to_double(entry_points, venue.price_factor)
    leaving = to_double(exit_points, venue.price_factor)
    moved = leaving - entry if side > 0 else entry - leaving
    return to_money(to_double(units, venue.size_factor) * moved)


def funding_of(side: int, units: int, points: int, rate: int, venue: Venue) -> int:
    """
    Return a funding settlement in 1e-8 USDT, rounded half to even; a long pays a positive rate.

    Parameters
    ----------
    side : int
        1 long, -1 short.
    units, points : int
        Quantity and price of the settlement.
    rate : int
        Share of the position's value, in 1e-10.
    venue : Venue
        The instrument's facts.
    """
    product = units * points * abs(rate)
    amount = product // venue.funding_divisor
    twice = 2 * (product - amount * venue.funding_divisor)
    if twice > venue.funding_divisor or (twice == venue.funding_divisor and amount % 2 == 1):
        amount += 1
    return amount if (rate < 0) == (side > 0) else -amount


def lots_of(balance: int, price_points: int, stop_points: int, sizing: Sizing) -> int:
    """
    Return the lots of an entry, rounded down exactly; zero when nothing fits.

    Parameters
    ----------
    balance : int
        Wallet balance in 1e-8 USDT.
    price_points, stop_points : int
        Price of the decision and of the protective stop.
    sizing : Sizing
        Limits as fractions.
    """
    distance = abs(price_points - stop_points)
    if balance <= 0 or distance == 0:
        return 0
    lots = balance * sizing.risk_over // (sizing.risk_under * distance)
    lots = min(lots, balance * sizing.leverage_over // (sizing.leverage_under * price_points))
    if sizing.notional_over >= 0:
        lots = min(lots, sizing.notional_over // (sizing.notional_under * price_points))
    return lots
