"""What a recorded run holds for its replay: inputs to feed, decisions to meet."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from nautilus_trader.execution.messages import TradingCommand
from nautilus_trader.model.data import Bar
from nautilus_trader.model.events import (
    AccountState,
    OrderDenied,
    OrderEmulated,
    OrderEvent,
    OrderInitialized,
    OrderPendingCancel,
    OrderPendingUpdate,
    OrderReleased,
)
from nautilus_trader.model.instruments import Instrument

from catalog import codec, reader
from catalog.manifest import load_manifest
from nautilus_bot.core.messages import (
    EntriesAllowed,
    EntriesSuspended,
    FormingBar,
    MarketMarked,
    OperatorCommand,
    RiskVerdict,
    SessionStopping,
    Signal,
    StrategyPaused,
    StrategyResumed,
    TradingHalted,
    TradingReduceOnly,
    TradingResumed,
    WarmupBars,
)
from nautilus_bot.core.session_state import (
    ExternalAssigned,
    LedgerCorrected,
    ProtectionRepaired,
    SessionSnapshot,
)
from nautilus_bot.replay.decisions import Decision, describe_command, describe_message
from nautilus_bot.replay.pacing import QUEUED, CommandDue, command_key

LOCAL_EVENTS = (
    OrderInitialized,
    OrderEmulated,
    OrderReleased,
    OrderPendingUpdate,
    OrderPendingCancel,
)
"""Order events that the node makes itself: a replay makes them again."""
EXTERNAL = "EXTERNAL"
TRADING_MODES = ("paper", "live")
OPERATOR_FACTS = (
    TradingHalted,
    TradingResumed,
    TradingReduceOnly,
    EntriesSuspended,
    EntriesAllowed,
    StrategyPaused,
    StrategyResumed,
    ExternalAssigned,
)


class RecordedRun(msgspec.Struct, frozen=True):
    """
    A run as its replay needs it.

    Parameters
    ----------
    inputs : list[Any]
        Bars, marks, forming bars, execution events and operator facts, in recorded order; of a trading node
        also the moments at which commands reached the gate.
    decisions : list[Decision]
        Signals, verdicts and commands, in recorded order.
    instruments : list[Instrument]
        As the venue listed them; empty for a backtest.
    queued : bool
        Whether a trading node recorded it, in which commands and denials wait in queues.
    inherited : SessionSnapshot | None
        What the session took over from the one before.
    """

    inputs: list[Any]
    decisions: list[Decision]
    instruments: list[Instrument] = []
    queued: bool = False
    inherited: SessionSnapshot | None = None


def load_recorded_run(folder: Path, *, after_seq: int = 0) -> RecordedRun:
    """
    Read the inputs and decisions of a run from its journal.

    Parameters
    ----------
    folder : Path
        The run's folder.
    after_seq : int, default 0
        Begin behind this entry.

    Raises
    ------
    NotFound, CorruptEntry
        If the run does not exist or its journal cannot be understood.
    """
    reading = _Reading(queued=load_manifest(folder).mode in TRADING_MODES)
    for seq, message in _messages(folder, after_seq):
        if isinstance(message, SessionStopping):
            break
        reading.take(seq, message)
    return reading.finish()


class _Reading:
    """Sort recorded messages into inputs and decisions."""

    def __init__(self, *, queued: bool) -> None:
        self._queued = queued
        self._inputs: list[Any] = []
        self._decisions: list[Decision] = []
        self._instruments: dict[str, Instrument] = {}
        self._refused: set[str] = set()
        self._inherited: SessionSnapshot | None = None

    def finish(self) -> RecordedRun:
        instruments = list(self._instruments.values())
        return RecordedRun(self._inputs, self._decisions, instruments, self._queued, self._inherited)

    def take(self, seq: int, message: Any) -> None:
        match message:
            case Signal() | RiskVerdict():
                self._decisions.append(describe_message(message, seq))
                if isinstance(message, RiskVerdict) and not message.approved:
                    self._refused.add(message.client_order_id)
            case TradingCommand():
                self._decisions.append(describe_command(message, seq))
                if self._queued and isinstance(message, QUEUED):
                    self._inputs.append(CommandDue(command_key(message), message.ts_init))
            case SessionSnapshot() if not self._inputs and self._inherited is None:
                self._inherited = message
            case Instrument():
                self._instruments[message.id.value] = message
            case _ if self._is_input(message):
                self._inputs.append(message)

    def _is_input(self, message: Any) -> bool:
        match message:
            case Bar() | MarketMarked() | FormingBar() | WarmupBars() | OperatorCommand() | AccountState():
                return True
            case LedgerCorrected() | ProtectionRepaired():
                return True
            case OrderInitialized():
                # no strategy of ours makes an order of the venue, or of another client, again
                return bool(message.strategy_id.value == EXTERNAL)
            case OrderDenied() if not self._queued:
                return message.client_order_id.value not in self._refused
            case OrderEvent():
                return not isinstance(message, LOCAL_EVENTS)
            case _:
                return isinstance(message, OPERATOR_FACTS) and not _is_own(message)


def _is_own(fact: Any) -> bool:
    """Return whether the node itself is the author: a replay comes to the same conclusion."""
    return bool(fact.author in ("risk", "journal"))


def _messages(folder: Path, after_seq: int) -> Iterator[tuple[int, Any]]:
    for entry in reader.entries(folder, after_seq=after_seq):
        yield entry.seq, codec.decode(entry.type, entry.version, entry.payload)
