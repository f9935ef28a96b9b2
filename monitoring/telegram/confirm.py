"""Questions whether somebody is sure: each belongs to who was asked, is good once, and not for long."""

import secrets
import time
from collections.abc import Callable
from typing import Final, Literal, NamedTuple

from monitoring.telegram.commands import Act

GOOD_FOR_SECS: Final = 60.0


class Pending(NamedTuple):
    """A command that waits for a yes."""

    act: Act
    argument: str
    user_id: int
    until: float


type Answer = Literal["expired", "not_yours"] | tuple[Pending, bool]
"""A pending command with yes or no, or why the press of a button counts for nothing."""


class Confirmations:
    """
    Remember what was asked; in memory only, so that nothing waits beyond a restart.

    Parameters
    ----------
    clock : Callable[[], float]
        Monotonic seconds.
    good_for_secs : float, default 60
        How long an answer is taken.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, good_for_secs: float = GOOD_FOR_SECS
    ) -> None:
        self._clock = clock
        self.good_for_secs = good_for_secs
        self._pending: dict[str, Pending] = {}

    def ask(self, act: Act, argument: str, user_id: int) -> str:
        """Remember a command and return the token that its buttons carry."""
        now = self._clock()
        self._pending = {token: one for token, one in self._pending.items() if one.until > now}
        token = secrets.token_hex(8)
        self._pending[token] = Pending(act, argument, user_id, now + self.good_for_secs)
        return token

    def press(self, data: str, user_id: int) -> Answer:
        """Return what a button means, ``yes:<token>`` or ``no:<token>``; a good answer counts once."""
        word, _, token = data.partition(":")
        pending = self._pending.get(token)
        if pending is None or pending.until <= self._clock():
            return "expired"
        if pending.user_id != user_id:
            return "not_yours"
        del self._pending[token]
        return pending, word == "yes"
