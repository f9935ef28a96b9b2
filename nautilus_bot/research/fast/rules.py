"""
The risk rules that depend on market and account alone, in the order in which the gate asks them.

What is left out cannot refuse anything here: ``in_flight`` (a fill in the simulation is immediate) and
``correlation`` (it needs a second instrument). Hourly caps count this one strategy on this one instrument.

Plain functions on numbers, compiled with the simulation; ``rule_setup`` makes the numbers from
``risk_config.json``. Where a rule calculates in doubles, the same doubles are made in the same order.
"""

from math import sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nautilus_bot.core.clocks import NS_PER_DAY, NS_PER_HOUR

REFUSALS = (
    "sizing",
    "trading_state",
    "min_confidence",
    "throttle",
    "hourly_cap",
    "volatility",
    "max_position",
    "exposure",
    "drawdown_halt",
    "daily_loss",
    "portfolio_var",
)
(
    SIZING,
    TRADING_STATE,
    MIN_CONFIDENCE,
    THROTTLE,
    HOURLY_CAP,
    VOLATILITY,
    MAX_POSITION,
    EXPOSURE,
    DRAWDOWN_HALT,
    DAILY_LOSS,
    PORTFOLIO_VAR,
) = range(11)
PASSED = -1

EQUITY, PEAK, DAY_START, ALARM = range(4)
ALARM_MARGIN = 1.0 + 1e-9
DAY, HALTED_BY, HALTED_UNTIL = range(3)
HORIZON_HOURS = 24.0


class Rules(NamedTuple):
    """
    Limits of the rules; a rule that is switched off has a limit nothing reaches.

    Parameters
    ----------
    obeys_halts : bool
        Whether a latched halt refuses entries.
    min_confidence : float
        Lowest confidence.
    pause_ns : int
        Shortest time between two entries, ns.
    hourly_cap : int
        Most entries within an hour; 0 for no limit.
    position_pct, position_usdt : float
        Largest position in percent of equity, and in USDT.
    gross, net : float
        Largest exposure in multiples of equity; both are those of the one position here.
    drawdown_pct, daily_loss_pct : float
        Losses that halt.
    drawdown_lifts : bool
        Whether a drawdown halt ends with the UTC day.
    var_limit_pct : float
        Largest one-day value at risk, percent of equity.
    var_quantile : float
        Standard normal quantile of the parametric method; 0 when it is not asked.
    var_historical : bool
        Whether the historical method is asked.
    var_needs_history : bool
        Whether too short a history refuses.
    """

    obeys_halts: bool
    min_confidence: float
    pause_ns: int
    hourly_cap: int
    position_pct: float
    position_usdt: float
    gross: float
    net: float
    drawdown_pct: float
    daily_loss_pct: float
    drawdown_lifts: bool
    var_limit_pct: float
    var_quantile: float
    var_historical: bool
    var_needs_history: bool


class MarketMeasures(NamedTuple):
    """
    What the rules read of the market at each bar, the same whatever the strategy does.

    Parameters
    ----------
    calm : int8 array, shape (n,)
        Whether ``volatility`` approves.
    var_known : int8 array, shape (n,)
        Whether there is enough history for a value at risk.
    var_low, var_high : float array, shape (n,)
        Daily return that a long and a short position's quantile loss stands on.
    var_variance : float array, shape (n,)
        Variance of hourly returns.
    """

    calm: NDArray[np.int8]
    var_known: NDArray[np.int8]
    var_low: NDArray[np.float64]
    var_high: NDArray[np.float64]
    var_variance: NDArray[np.float64]


def drawdown_of(gauges: NDArray[np.float64]) -> float:
    """Return the fall of equity below its peak, percent."""
    peak = gauges[PEAK]
    return 100.0 * (peak - gauges[EQUITY]) / peak if peak > 0.0 else 0.0


def daily_loss_of(gauges: NDArray[np.float64]) -> float:
    """Return the loss since the UTC day began, percent."""
    start = gauges[DAY_START]
    return 100.0 * (start - gauges[EQUITY]) / start if start > 0.0 else 0.0


def mark(
    gauges: NDArray[np.float64], breaker: NDArray[np.int64], ts: int, equity: float, rules: Rules
) -> None:
    """
    Measure the account at a bar, latch a halt or lift one that has ended.

    Parameters
    ----------
    gauges : float array
        Equity, its peak, equity at the day's start, and the equity above which no rule can halt; changed in
        place.
    breaker : int array
        Day, rule that halted (0 for none) and the end of the halt; changed in place.
    ts : int
        Market time, ns UTC.
    equity : float
        Balance plus open profit, USDT.
    rules : Rules
        Limits.
    """
    gauges[EQUITY] = equity
    gauges[PEAK] = max(gauges[PEAK], equity)
    day = ts // NS_PER_DAY
    if day != breaker[DAY]:
        breaker[DAY] = day
        gauges[DAY_START] = equity
    if breaker[HALTED_BY] == 0:
        if drawdown_of(gauges) >= rules.drawdown_pct:
            breaker[HALTED_BY] = DRAWDOWN_HALT
            breaker[HALTED_UNTIL] = (day + 1) * NS_PER_DAY if rules.drawdown_lifts else 0
        elif daily_loss_of(gauges) >= rules.daily_loss_pct:
            breaker[HALTED_BY] = DAILY_LOSS
            breaker[HALTED_UNTIL] = (day + 1) * NS_PER_DAY
    elif 0 < breaker[HALTED_UNTIL] <= ts:
        if breaker[HALTED_BY] == DRAWDOWN_HALT:
            gauges[PEAK] = equity
        else:
            gauges[DAY_START] = equity
        breaker[HALTED_BY] = 0
    by_drawdown = gauges[PEAK] * (1.0 - rules.drawdown_pct / 100.0)
    by_day = gauges[DAY_START] * (1.0 - rules.daily_loss_pct / 100.0)
    gauges[ALARM] = max(by_drawdown, by_day) * ALARM_MARGIN


def first_refusal(
    i: int,
    ts: int,
    entry_times: NDArray[np.int64],
    entries: int,
    signed_notional: float,
    confidence: float,
    gauges: NDArray[np.float64],
    breaker: NDArray[np.int64],
    measures: MarketMeasures,
    rules: Rules,
) -> int:
    """
    Ask the rules about an entry, in order.

    Parameters
    ----------
    i, ts : int
        Number and closing time of the bar.
    entry_times : int array
        Market times of the entries so far.
    entries : int
        How many there are.
    signed_notional : float
        Value of the order, USDT, negative for a sell.
    confidence : float
        Of the signal.
    gauges, breaker, measures, rules
        Account, halts, market and limits.

    Returns
    -------
    int
        Index in ``REFUSALS`` of the first rule that refuses, or ``PASSED``.
    """
    equity = gauges[EQUITY]
    notional = abs(signed_notional)
    if rules.obeys_halts and breaker[HALTED_BY] != 0:
        return TRADING_STATE
    if confidence < rules.min_confidence:
        return MIN_CONFIDENCE
    if entries > 0 and ts - entry_times[entries - 1] < rules.pause_ns:
        return THROTTLE
    cap = rules.hourly_cap
    if 0 < cap <= entries and entry_times[entries - cap] > ts - NS_PER_HOUR:
        return HOURLY_CAP
    if measures.calm[i] == 0:
        return VOLATILITY
    if notional > min(rules.position_usdt, max(equity, 0.0) * rules.position_pct / 100.0):
        return MAX_POSITION
    if equity <= 0.0 or notional / equity > min(rules.gross, rules.net):
        return EXPOSURE
    if drawdown_of(gauges) >= rules.drawdown_pct:
        return DRAWDOWN_HALT
    if daily_loss_of(gauges) >= rules.daily_loss_pct:
        return DAILY_LOSS
    if measures.var_known[i] == 0:
        return PORTFOLIO_VAR if rules.var_needs_history else PASSED
    if 100.0 * value_at_risk(i, signed_notional, measures, rules) / equity > rules.var_limit_pct:
        return PORTFOLIO_VAR
    return PASSED


def value_at_risk(i: int, signed_notional: float, measures: MarketMeasures, rules: Rules) -> float:
    """Return the one-day value at risk of a single position, USDT."""
    loss = 0.0
    if rules.var_historical:
        worst = measures.var_low[i] if signed_notional > 0.0 else measures.var_high[i]
        loss = max(loss, -(worst * signed_notional))
    if rules.var_quantile > 0.0:
        hourly = signed_notional * measures.var_variance[i] * signed_notional
        loss = max(loss, rules.var_quantile * sqrt(max(0.0, hourly) * HORIZON_HOURS))
    return loss
