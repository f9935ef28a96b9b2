"""
What an operator may ask of a running bot, and what it answers: the words of the control API.

The server, the command line, Telegram and the dashboard share these structs; the node implements
``ControlTarget``. A refusal is an ``Outcome`` with a reason, never an exception.
"""

from typing import Annotated, Protocol

import msgspec

from nautilus_bot.core.messages import Side
from nautilus_bot.core.snapshot import (
    Account,
    BreakerState,
    LedgerState,
    OpenOrder,
    SignalLine,
    Snapshot,
    TradeCount,
)

DEFAULT_PORT = 8787


class Command(msgspec.Struct, frozen=True, kw_only=True, tag_field="command", forbid_unknown_fields=True):
    """Base of everything an operator may ask for; the tag is the word by which it is recorded."""


class HaltTrading(Command, frozen=True, kw_only=True, tag="halt"):
    """Let no order pass that opens risk, until trading is resumed."""

    reason: str = "the operator asked for it"


class ReduceOnly(Command, frozen=True, kw_only=True, tag="reduce_only"):
    """Let only reducing orders pass, for one symbol or (empty) for all, until trading is resumed."""

    symbol: str = ""
    reason: str = "the operator asked for it"


class ResumeTrading(Command, frozen=True, kw_only=True, tag="resume_trading"):
    """Lift a halt and all reduce-only marks."""

    reason: str = "the operator asked for it"


class PauseStrategy(Command, frozen=True, kw_only=True, tag="pause"):
    """Let one strategy open no risk: its class name for all instances, or the id of one."""

    strategy: str
    reason: str = "the operator asked for it"


class ResumeStrategy(Command, frozen=True, kw_only=True, tag="resume"):
    """Lift the pause of a strategy."""

    strategy: str


class AssignExternal(Command, frozen=True, kw_only=True, tag="assign"):
    """Say whose an outside position is: a strategy's, with stop and target, or (empty) nobody's."""

    symbol: str
    strategy: str = ""
    stop: str = ""
    target: str = ""


class CloseSymbol(Command, frozen=True, kw_only=True, tag="close"):
    """Close every strategy's position in one symbol at market."""

    symbol: str


class CloseAll(Command, frozen=True, kw_only=True, tag="close_all"):
    """Close every position of every strategy at market."""


class StopBot(Command, frozen=True, kw_only=True, tag="stop"):
    """End the session gracefully; protective orders stay at the venue."""

    reason: str = "the operator asked for it"


class InjectSignal(Command, frozen=True, kw_only=True, tag="inject"):
    """Send one test signal through risk and execution, in a ledger of its own."""

    symbol: str
    side: Side
    confidence: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.9


type AnyCommand = (
    HaltTrading
    | ReduceOnly
    | ResumeTrading
    | PauseStrategy
    | ResumeStrategy
    | AssignExternal
    | CloseSymbol
    | CloseAll
    | StopBot
    | InjectSignal
)


class CommandRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A command and who asked for it, e.g. ``telegram:42``, ``cli:ana``, ``dashboard``."""

    command: AnyCommand
    author: str


class Outcome(msgspec.Struct, frozen=True):
    """What became of a command: done or refused, with one sentence for a person."""

    done: bool
    text: str


class Refusal(msgspec.Struct, frozen=True):
    """Why a request was not served."""

    error: str


class HealthCheck(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that must be well, and how it was found."""

    name: str
    ok: bool
    text: str


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """
    Whether the bot is well.

    Parameters
    ----------
    beat : int
        Counts up once a second while the trading loop turns.
    seq : int
        Last entry of the journal; grows as long as the market is heard.
    """

    ok: bool
    beat: int
    seq: int
    checks: tuple[HealthCheck, ...]


class JournalState(msgspec.Struct, frozen=True, kw_only=True):
    """
    How the journal does.

    Parameters
    ----------
    seq : int
        Number of the last entry.
    idle_secs : float
        Wall time since it last grew.
    size_bytes : int
        Journal and its write-ahead log.
    halted : str
        Why it cannot be written; empty while it can.
    """

    seq: int
    idle_secs: float
    size_bytes: int
    halted: str = ""


class BotStatus(msgspec.Struct, frozen=True, kw_only=True):
    """
    A running bot in short.

    Parameters
    ----------
    market_ns : int
        Market clock, ns UTC.
    signals_refused : dict[str, int]
        Refused signals by rule.
    orders : int
        Orders that may still fill.
    """

    run_id: str
    mode: str
    environment: str
    pid: int
    started_ns: int
    uptime_secs: float
    market_ns: int
    feed_age_secs: float
    account: Account
    breakers: BreakerState
    positions: tuple[LedgerState, ...]
    orders: int
    signals_generated: int
    signals_executed: int
    signals_refused: dict[str, int]
    trades: int
    strategies: tuple[str, ...]
    journal: JournalState
    health: Health


class Profit(msgspec.Struct, frozen=True, kw_only=True):
    """Profit so far, in all and by strategy and instrument."""

    account: Account
    trades: tuple[TradeCount, ...]


class ControlTarget(Protocol):
    """A running bot, as the control server sees it; every call returns at once."""

    def status(self) -> BotStatus:
        """Return the bot in short."""
        ...

    def health(self) -> Health:
        """Return whether it is well."""
        ...

    def snapshot(self) -> Snapshot:
        """Return everything a reader may know."""
        ...

    def obey(self, command: AnyCommand, author: str) -> Outcome:
        """Record a command with its author and carry it out, or refuse it."""
        ...


class SignalList(msgspec.Struct, frozen=True, kw_only=True):
    """The latest signals, oldest first."""

    signals: tuple[SignalLine, ...]


class PositionList(msgspec.Struct, frozen=True, kw_only=True):
    """The open positions of every strategy."""

    positions: tuple[LedgerState, ...]


class OrderList(msgspec.Struct, frozen=True, kw_only=True):
    """The orders that may still fill."""

    orders: tuple[OpenOrder, ...]
