"""
A market clock that was set back: the venue's time is behind what the last session saw.

It happens to an exchange that plays history or runs faster than the wall clock and is started anew. Pauses
and hourly counters live in market time, so they keep their distance to now instead of lying in a future that
would refuse every entry until the clock has caught up.
"""

from typing import Final

import msgspec

from nautilus_bot.core.clocks import NS_PER_SEC, utc_day
from nautilus_bot.core.messages import TradingHalted
from nautilus_bot.core.session_state import RiskState, SessionSnapshot

TOLERANCE_NS: Final = 120 * NS_PER_SEC
"""The venue's time is read off its newest minute candle."""


def rebase(state: SessionSnapshot, market_ns: int) -> SessionSnapshot:
    """
    Return a state that fits a venue whose market time is ``market_ns``.

    Parameters
    ----------
    state : SessionSnapshot
        What a session ended with.
    market_ns : int
        The venue's market time, ns UTC, at most two minutes old; 0 when it has none yet.

    Returns
    -------
    SessionSnapshot
        The same object unless the clock was set back.
    """
    back_ns = state.risk.market_ns - market_ns
    if market_ns == 0 or back_ns <= TOLERANCE_NS:
        return state
    verdicts = tuple(
        msgspec.structs.replace(verdict, ts_event=verdict.ts_event - back_ns) for verdict in state.verdicts
    )
    return msgspec.structs.replace(
        state, ts_event=market_ns, risk=_shift(state.risk, back_ns), verdicts=verdicts
    )


def _shift(risk: RiskState, back_ns: int) -> RiskState:
    stops = tuple(
        msgspec.structs.replace(stop, times=tuple(time - back_ns for time in stop.times))
        for stop in risk.stop_fills
    )
    return msgspec.structs.replace(
        risk,
        market_ns=risk.market_ns - back_ns,
        day=utc_day(risk.market_ns - back_ns),
        settled_ns=risk.settled_ns - back_ns,
        stop_fills=stops,
        halt=_shift_halt(risk.halt, back_ns),
    )


def _shift_halt(halt: TradingHalted | None, back_ns: int) -> TradingHalted | None:
    if halt is None or halt.until_ns == 0:
        return halt
    return msgspec.structs.replace(halt, until_ns=halt.until_ns - back_ns)
