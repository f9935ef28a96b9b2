"""What a fault does when it begins and when it ends, beside what it changes on the way of a message."""

import asyncio
from typing import TYPE_CHECKING

from adapters.bybit_simulator.faults import (
    SOCKETS,
    DroppedSockets,
    Fault,
    ForcedLiquidation,
    HalfOpenSockets,
    PositionClosedOutside,
)
from adapters.bybit_simulator.session import Session

if TYPE_CHECKING:
    from adapters.bybit_simulator.venue import Venue


class FaultActions:
    """
    Carry out faults on a venue.

    Parameters
    ----------
    venue : Venue
        Whose sockets and positions they touch.
    """

    def __init__(self, venue: "Venue") -> None:
        self._venue = venue
        self._closing: set[asyncio.Task[None]] = set()

    def on_start(self, fault: Fault) -> None:
        """Do what a fault does at once."""
        match fault:
            case DroppedSockets(channels=channels, abort=abort):
                for session in self._venue.sessions.on(*channels):
                    self._drop(session, abort=abort)
            case HalfOpenSockets(channels=channels):
                for session in self._venue.sessions.on(*channels):
                    session.is_silent = True
            case ForcedLiquidation(symbol=symbol):
                self._venue.exchange.force_liquidation(symbol)
                self._venue.flush()
            case PositionClosedOutside(symbol=symbol):
                self._venue.exchange.external_close(symbol)
                self._venue.flush()
            case _:
                pass

    def on_stop(self, fault: Fault) -> None:
        """Do what the end of a fault brings."""
        if isinstance(fault, HalfOpenSockets):
            self._venue.sessions.abort_silent()

    def disconnect_all(self) -> None:
        """Close every socket after what has been written to it."""
        for session in self._venue.sessions.on(*SOCKETS):
            self._drop(session, abort=False)

    def _drop(self, session: Session, *, abort: bool) -> None:
        if abort:
            session.abort()
            return
        task = asyncio.get_running_loop().create_task(session.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
