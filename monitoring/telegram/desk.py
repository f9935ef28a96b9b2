"""What the answers are made from: a running bot behind a few questions, handed in from above."""

from typing import Protocol

from nautilus_bot.core.control import AnyCommand, BotStatus, Health, Outcome, Profit
from nautilus_bot.core.snapshot import LedgerState, SignalLine, Snapshot


class Desk(Protocol):
    """
    A bot as its operator reaches it. Every call may block for seconds and may raise a ``BotError`` that says
    why there is no answer.
    """

    def status(self) -> BotStatus:
        """Return the bot in short."""
        ...

    def health(self) -> Health:
        """Return whether it is well."""
        ...

    def snapshot(self) -> Snapshot:
        """Return everything a reader may know."""
        ...

    def positions(self) -> tuple[LedgerState, ...]:
        """Return the open positions by strategy."""
        ...

    def signals(self, last: int) -> tuple[SignalLine, ...]:
        """Return the latest signals, oldest first."""
        ...

    def profit(self) -> Profit:
        """Return profit in all and by strategy."""
        ...

    def send(self, command: AnyCommand, author: str) -> Outcome:
        """Ask for a command in somebody's name."""
        ...

    def last_run(self) -> str:
        """Return the id of the run that it is in, or was in last; empty when it never traded."""
        ...

    def log(self, count: int) -> list[str]:
        """Return the last lines of its log, oldest first, without secrets."""
        ...

    def versions(self) -> dict[str, str]:
        """Return the versions of the bot and of what it stands on."""
        ...
