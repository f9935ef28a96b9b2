"""
Every failure this project raises on purpose, in one tree.

::

    BotError                 exit code 1
    ├── ConfigError          4   a file, key, value or flag is wrong
    ├── NotFound             2   a file, symbol, strategy, run or entry does not exist
    ├── DataError            4   market data that must not be used
    ├── EventCatalogError    1
    │   ├── CorruptEntry         an entry does not match its hash
    │   ├── SequenceGap          an entry is missing
    │   └── JournalHalted        the journal cannot be written: trading halts
    ├── VenueError           1
    │   ├── VenueTimeout     5
    │   ├── RateLimited
    │   └── AuthFailed       4
    ├── Undelivered          5   a message to the operator did not arrive (yet)
    └── ProcessError         1
        ├── AlreadyRunning
        ├── NotRunning       3
        ├── StopTimeout      5
        └── Unresponsive     5

A message says what must hold, what was found, where, and what to do.
"""

from collections.abc import Iterable
from difflib import get_close_matches
from functools import partial
from typing import ClassVar, Final

_MOST_LISTED: Final = 20
_MOST_BEGUN: Final = 3
_NEARLY: Final = 0.8
"""So alike that a word is a slip of the finger, not the beginning of another."""
_ALIKE: Final = 0.5


class BotError(Exception):
    """Base of all expected failures; carries the exit code of the command line."""

    exit_code: ClassVar[int] = 1


class ConfigError(BotError):
    """A configuration file, key, value or flag is wrong."""

    exit_code = 4


class NotFound(BotError):
    """A named thing does not exist."""

    exit_code = 2


class DataError(BotError):
    """Market data that must not be used."""

    exit_code = 4


class EventCatalogError(BotError):
    """The event catalog cannot do what was asked."""


class CorruptEntry(EventCatalogError):
    """An entry does not match its hash."""


class SequenceGap(EventCatalogError):
    """An entry is missing or out of order."""


class JournalHalted(EventCatalogError):
    """The journal cannot be written, so trading halts."""


class VenueError(BotError):
    """The venue refused, or cannot be reached."""


class VenueTimeout(VenueError):
    """The venue did not answer in time."""

    exit_code = 5


class RateLimited(VenueError):
    """The venue asks for fewer requests."""


class AuthFailed(VenueError):
    """The venue does not accept the keys."""

    exit_code = 4


class Undelivered(BotError):
    """A message to the operator could not be queued or delivered."""

    exit_code = 5


class ProcessError(BotError):
    """The bot's process cannot be started, found or stopped."""


class AlreadyRunning(ProcessError):
    """A bot of this identity runs already."""


class NotRunning(ProcessError):
    """No bot of this identity runs."""

    exit_code = 3


class StopTimeout(ProcessError):
    """The bot did not stop in time."""

    exit_code = 5


class Unresponsive(ProcessError):
    """The bot's process is there and does not answer."""

    exit_code = 5


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """
    Return a hint: the word that is nearly the same, else those that begin so, else the closest, else all.

    Parameters
    ----------
    name : str
        The word that was not found.
    known : Iterable[str]
        The words that exist.

    Returns
    -------
    str
        ``did you mean 'x'?`` or ``known: a, b, c``; of very many words the first ones.
    """
    words = sorted(known)
    by_lower = {word.lower(): word for word in words}
    begun = [word for word in by_lower if name and word.startswith(name.lower())]
    close = partial(get_close_matches, name.lower(), by_lower, 1)
    found = close(_NEARLY) or begun[:_MOST_BEGUN] or close(_ALIKE)
    if found:
        return f"did you mean {' or '.join(repr(by_lower[word]) for word in found)}?"
    more = f" and {len(words) - _MOST_LISTED} more" if len(words) > _MOST_LISTED else ""
    return f"known: {', '.join(words[:_MOST_LISTED])}{more}"
