"""Who stands behind a command of the command line, as the event catalog will record it."""

import getpass


def cli_author() -> str:
    """Return ``cli:<user>``."""
    try:
        return f"cli:{getpass.getuser()}"
    except (OSError, KeyError):
        # a container may run under a user id that has no name
        return "cli:unknown"
