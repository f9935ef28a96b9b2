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

    def before_leaving(self, *, opens_risk: bool) -> None:
        """
        Write all that was recorded before a command leaves for a venue.

        Parameters
        ----------
        opens_risk : bool
            Whether the command can open risk: then the record must survive a loss of power, else ``kill -9``.

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

    def before_leaving(self, *, opens_risk: bool) -> None:
        """Promise nothing."""
