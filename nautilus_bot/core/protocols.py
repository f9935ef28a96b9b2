"""Seams between siblings that must not import each other."""

from typing import Any, Protocol


class CommandTap(Protocol):
    """Sees every command before the gate decides on it; the event catalog's recorder is one."""

    def on_command(self, command: Any) -> None:
        """
        Record a command.

        Raises
        ------
        JournalHalted
            If it cannot be recorded.
        """
        ...

    def before_risk(self) -> None:
        """
        Make all that was recorded durable, before a command that can open risk leaves for a venue.

        Raises
        ------
        JournalHalted
            If that is not possible.
        """
        ...


class NoTap:
    """A tap that records nothing."""

    def on_command(self, command: Any) -> None:
        """Ignore the command."""

    def before_risk(self) -> None:
        """Promise nothing."""
