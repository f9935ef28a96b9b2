"""What stops trading: a halt, guards, reduce-only instruments, paused strategies. Facts in, state out."""

from typing import Final

from nautilus_bot.core.messages import (
    EntriesAllowed,
    EntriesSuspended,
    Message,
    StrategyPaused,
    StrategyResumed,
    TradingHalted,
    TradingReduceOnly,
    TradingResumed,
)
from nautilus_bot.core.session_state import ExternalAssigned

EXPIRED: Final = "risk"
"""Author of a resumption that only says that a halt has reached its end."""


class Breakers:
    """
    The current breakers, a fold of the facts that set and lift them.

    Attributes
    ----------
    halt : TradingHalted | None
        The halt in force.
    suspended : dict[str, str]
        Reason by guard of the running session; a restart begins with none.
    reduce_only : dict[str, str]
        Reason by instrument id; the empty id stands for all.
    paused : dict[str, str]
        Reason by strategy (class name or strategy id).
    """

    def __init__(self) -> None:
        self.halt: TradingHalted | None = None
        self.suspended: dict[str, str] = {}
        self.reduce_only: dict[str, str] = {}
        self.paused: dict[str, str] = {}

    def apply(self, fact: Message) -> None:
        """Change by one fact; facts of other kinds are ignored."""
        match fact:
            case TradingHalted():
                self.halt = fact
            case TradingResumed():
                self.halt = None
                if fact.author != EXPIRED:  # an instrument waits for the operator, not for the next day
                    self.reduce_only.clear()
            case TradingReduceOnly():
                self.reduce_only[fact.instrument_id] = fact.reason
            case EntriesSuspended():
                self.suspended[fact.author] = fact.reason
            case EntriesAllowed():
                self.suspended.pop(fact.author, None)
            case ExternalAssigned():
                self.reduce_only.pop(fact.instrument_id, None)
            case StrategyPaused():
                self.paused[fact.strategy] = fact.reason
            case StrategyResumed():
                self.paused.pop(fact.strategy, None)
            case _:
                pass

    def expire(self, now_ns: int) -> bool:
        """Say whether a halt with an end has reached it; the caller publishes the resumption."""
        return self.halt is not None and 0 < self.halt.until_ns <= now_ns
