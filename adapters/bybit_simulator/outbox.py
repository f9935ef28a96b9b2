"""The way of frames to one socket: at once, or as late, doubled or swapped as the faults say."""

import asyncio
from collections import deque
from collections.abc import Callable

from adapters.bybit_simulator.fault_board import FaultBoard
from adapters.bybit_simulator.faults import (
    DuplicatedPrivate,
    LatePrivate,
    ReorderedPrivate,
    SocketChannel,
)

HELD_FRAME_SECS = 0.25


class Outbox:
    """
    Deliver the frames of one socket in order, except where a fault says otherwise.

    Parameters
    ----------
    channel : SocketChannel
        Which faults concern it.
    board : FaultBoard
        The active faults.
    write : Callable[[bytes], None]
        Put one frame on the wire, within the same turn of the event loop.
    """

    def __init__(self, channel: SocketChannel, board: FaultBoard, write: Callable[[bytes], None]) -> None:
        self._channel = channel
        self._board = board
        self._write = write
        self._loop = asyncio.get_running_loop()
        self._delayed: deque[tuple[float, bytes]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._held: bytes | None = None

    def put(self, frame: bytes, *, is_message: bool = False) -> None:
        """
        Send a frame.

        Parameters
        ----------
        frame : bytes
            Encoded JSON.
        is_message : bool, default False
            Whether it is a private push, which faults may double, swap or delay on its own; a reply never is.
        """
        if not self._board.active and not self._delayed:
            self._write(frame)
        elif is_message and self._channel == "private":
            self._distort(frame)
        else:
            self._put_in_order(frame)

    def close(self) -> None:
        """Forget what is still to be sent."""
        self._delayed.clear()
        if self._timer is not None:
            self._timer.cancel()

    def _distort(self, frame: bytes) -> None:
        copies = 2 if self._board.take(DuplicatedPrivate) else 1
        if late := self._board.take(LatePrivate):
            delay = self._board.jittered_secs(late.delay_ms, late.jitter_ms)
            self._loop.call_later(delay, self._put_copies, frame, copies)
        elif self._board.take(ReorderedPrivate):
            self._swap(frame, copies)
        else:
            self._put_copies(frame, copies)

    def _swap(self, frame: bytes, copies: int) -> None:
        if self._held is None:
            self._held = frame
            self._loop.call_later(HELD_FRAME_SECS, self._release, frame)
        else:
            held, self._held = self._held, None
            self._put_copies(frame, copies)
            self._put_copies(held, copies)

    def _release(self, frame: bytes) -> None:
        if self._held is frame:
            self._held = None
            self._put_in_order(frame)

    def _put_copies(self, frame: bytes, copies: int) -> None:
        for _ in range(copies):
            self._put_in_order(frame)

    def _put_in_order(self, frame: bytes) -> None:
        delay = self._board.delay_secs(self._channel)
        if not delay and not self._delayed:
            self._write(frame)
            return
        due = self._loop.time() + delay
        if self._delayed:
            due = max(due, self._delayed[-1][0])
        self._delayed.append((due, frame))
        if self._timer is None:
            self._timer = self._loop.call_at(due, self._send_due)

    def _send_due(self) -> None:
        self._timer = None
        while self._delayed and self._delayed[0][0] <= self._loop.time():
            self._write(self._delayed.popleft()[1])
        if self._delayed:
            self._timer = self._loop.call_at(self._delayed[0][0], self._send_due)
