"""The faults that hold now, and the questions the wire asks about them."""

import asyncio
import random
from collections.abc import Callable
from typing import Any, TypeVar

from adapters.bybit_simulator.faults import (
    AcceptedReplyLost,
    BadGateway,
    Channel,
    ClockSkew,
    DroppedSockets,
    Fault,
    ForcedLiquidation,
    Latency,
    LostAcknowledgement,
    LostRequest,
    PositionClosedOutside,
    RateLimitStorm,
    Scenario,
    StaleBook,
)

F = TypeVar("F")
INSTANT = (ForcedLiquidation, PositionClosedOutside)


class FaultBoard:
    """
    Hold the active faults, end them in time, and answer what each means for one message.

    Parameters
    ----------
    seed : int
        Seed of jitter.
    on_start, on_stop : Callable[[Fault], None]
        Called when a fault begins and ends: what a fault *does*, beside what it changes on the way.
    """

    def __init__(
        self, seed: int, on_start: Callable[[Fault], None], on_stop: Callable[[Fault], None]
    ) -> None:
        self.active: dict[int, Fault] = {}
        self._uses: dict[int, int] = {}
        self._timers: dict[int, asyncio.TimerHandle] = {}
        self._pending: list[asyncio.TimerHandle] = []
        self._random = random.Random(seed)
        self._next_id = 1
        self._on_start = on_start
        self._on_stop = on_stop

    def play(self, scenario: Scenario) -> None:
        """Schedule every fault of a scenario from now on."""
        loop = asyncio.get_running_loop()
        self._pending += [loop.call_later(fault.at_secs, self.start, fault) for fault in scenario.faults]

    def start(self, fault: Fault) -> int:
        """
        Begin a fault now.

        Parameters
        ----------
        fault : Fault
            Its ``for_secs`` schedules its end.

        Returns
        -------
        int
            The number to stop it by.
        """
        fault_id, self._next_id = self._next_id, self._next_id + 1
        if not isinstance(fault, INSTANT) and not (
            isinstance(fault, DroppedSockets) and fault.for_secs is None
        ):
            self.active[fault_id] = fault
            self._uses[fault_id] = 0
            if fault.for_secs is not None:
                loop = asyncio.get_running_loop()
                self._timers[fault_id] = loop.call_later(fault.for_secs, self.stop, fault_id)
        self._on_start(fault)
        return fault_id

    def stop(self, fault_id: int) -> bool:
        """End a fault; false when it holds no more."""
        fault = self.active.pop(fault_id, None)
        timer = self._timers.pop(fault_id, None)
        if timer is not None:
            timer.cancel()
        self._uses.pop(fault_id, None)
        if fault is None:
            return False
        self._on_stop(fault)
        return True

    def clear(self) -> None:
        """End every fault and forget what is scheduled."""
        for timer in self._pending:
            timer.cancel()
        self._pending.clear()
        for fault_id in list(self.active):
            self.stop(fault_id)

    def take(self, kind: type[F], matches: Callable[[Any], bool] = lambda _: True) -> F | None:
        """
        Use the first active fault of a kind, counting the use.

        Parameters
        ----------
        kind : type[F]
            The class of the fault.
        matches : Callable[[F], bool]
            Whether it concerns this message.

        Returns
        -------
        F or None
            The fault, or None when no such fault holds.
        """
        for fault_id, fault in self.active.items():
            if isinstance(fault, kind) and matches(fault):
                self._uses[fault_id] += 1
                if fault.times is not None and self._uses[fault_id] >= fault.times:
                    self.stop(fault_id)
                return fault
        return None

    def takes_operation(self, kind: type[F], operation: str) -> F | None:
        """Use the first active fault of a kind whose ``operations`` are empty or hold ``operation``."""
        if not self.active:
            return None
        return self.take(kind, lambda fault: concerns(fault, operation))

    def is_gateway_bad(self, path: str) -> bool:
        """Tell whether this request is to be answered by HTTP 502."""
        return self.takes_operation(BadGateway, path) is not None

    def is_storming(self, operation: str) -> bool:
        """Tell whether this request is to be answered by 10006."""
        return self.takes_operation(RateLimitStorm, operation) is not None

    def is_request_lost(self, operation: str) -> bool:
        """Tell whether this command never arrives."""
        return self.takes_operation(LostRequest, operation) is not None

    def is_outcome_lost(self, operation: str) -> bool:
        """Tell whether neither the reply nor the private messages of this command arrive."""
        return self.takes_operation(AcceptedReplyLost, operation) is not None

    def is_acknowledgement_lost(self, operation: str) -> bool:
        """Tell whether the reply to this command does not arrive."""
        return self.takes_operation(LostAcknowledgement, operation) is not None

    def is_refusing(self, channel: Channel) -> bool:
        """Tell whether new sockets of the channel are refused."""
        return any(isinstance(f, DroppedSockets) and channel in f.channels for f in self.active.values())

    def is_stale(self, symbol: str) -> bool:
        """Tell whether the book of the symbol stands still."""
        return any(
            isinstance(f, StaleBook) and (not f.symbols or symbol in f.symbols) for f in self.active.values()
        )

    def skew_ms(self) -> int:
        """Return by how much the server's wall clock is wrong."""
        return sum(fault.offset_ms for fault in self.active.values() if isinstance(fault, ClockSkew))

    def delay_secs(self, channel: Channel) -> float:
        """Draw the latency of one message on the channel."""
        return sum(
            self.jittered_secs(fault.delay_ms, fault.jitter_ms)
            for fault in self.active.values()
            if isinstance(fault, Latency) and channel in fault.channels
        )

    def jittered_secs(self, delay_ms: float, jitter_ms: float) -> float:
        """Draw ``delay_ms`` plus up to ``jitter_ms``, in seconds."""
        return (delay_ms + jitter_ms * self._random.random()) / 1_000


def concerns(fault: Any, operation: str) -> bool:
    """
    Tell whether a fault with ``operations`` concerns one REST path or trade operation.

    Both spellings name the same thing: ``order.create`` and ``/v5/order/create``.
    """
    return not fault.operations or _canonical(operation) in {_canonical(name) for name in fault.operations}


def _canonical(operation: str) -> str:
    return operation.removeprefix("/v5/").replace("/", ".")
