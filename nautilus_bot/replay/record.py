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

from catalog import codec, reader
from nautilus_bot.core.messages import (
    FormingBar,
    MarketMarked,
    OperatorCommand,
    RiskVerdict,
    Signal,
    StrategyPaused,
    StrategyResumed,
    TradingHalted,
    TradingReduceOnly,
    TradingResumed,
    WarmupBars,
)
from nautilus_bot.replay.decisions import Decision, describe_command, describe_message

LOCAL_EVENTS = (
    OrderInitialized,
    OrderEmulated,
    OrderReleased,
    OrderPendingUpdate,
    OrderPendingCancel,
)
"""Order events that the node makes itself: a replay makes them again."""
OPERATOR_FACTS = (TradingHalted, TradingResumed, TradingReduceOnly, StrategyPaused, StrategyResumed)


class RecordedRun(msgspec.Struct, frozen=True):
    """
    A run as its replay needs it.

    Parameters
    ----------
    inputs : list[Any]
        Bars, marks, forming bars, execution events and operator facts, in recorded order.
    decisions : list[Decision]
        Signals, verdicts and commands, in recorded order.
    """

    inputs: list[Any]
    decisions: list[Decision]


def load_recorded_run(folder: Path) -> RecordedRun:
    """
    Read the inputs and decisions of a run from its journal.

    Raises
    ------
    NotFound, CorruptEntry
        If the run does not exist or its journal cannot be understood.
    """
    inputs: list[Any] = []
    decisions: list[Decision] = []
    refused: set[str] = set()
    for seq, message in _messages(folder):
        match message:
            case Signal():
                decisions.append(describe_message(message, seq))
            case RiskVerdict():
                decisions.append(describe_message(message, seq))
                if not message.approved:
                    refused.add(message.client_order_id)
            case TradingCommand():
                decisions.append(describe_command(message, seq))
            case Bar() | MarketMarked() | FormingBar() | WarmupBars() | OperatorCommand() | AccountState():
                inputs.append(message)
            case OrderDenied() if message.client_order_id.value in refused:
                pass
            case OrderEvent() if not isinstance(message, LOCAL_EVENTS):
                inputs.append(message)
            case _ if isinstance(message, OPERATOR_FACTS) and message.author not in ("risk", "journal"):
                inputs.append(message)
    return RecordedRun(inputs, decisions)


def _messages(folder: Path) -> Iterator[tuple[int, Any]]:
    for entry in reader.entries(folder):
        yield entry.seq, codec.decode(entry.type, entry.version, entry.payload)
