"""Who is obeyed: the configured users, in the configured chat. Others are noted, without what they wrote."""

import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

import msgspec

LOG: Final = logging.getLogger(__name__)
AGAIN_SECS: Final = 60.0
REMEMBERED: Final = 1_000


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """
    Who is obeyed.

    Parameters
    ----------
    chat_id : int
        The only chat.
    user_ids : tuple[int, ...]
        The only users in it.
    """

    chat_id: int
    user_ids: tuple[int, ...]

    def allows(self, chat_id: int, user_id: int) -> bool:
        """Return whether somebody in some chat is obeyed: both must be the configured ones."""
        return chat_id == self.chat_id and user_id in self.user_ids


class StrangerLog:
    """
    Note strangers, each at most once a minute, so that a flood of them fills no disk.

    Parameters
    ----------
    clock : Callable[[], float]
        Monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._noted: OrderedDict[tuple[int, int], float] = OrderedDict()

    def note(self, chat_id: int, user_id: int) -> None:
        """Note that somebody who is not obeyed wrote."""
        now, key = self._clock(), (chat_id, user_id)
        if now - self._noted.get(key, -AGAIN_SECS) < AGAIN_SECS:
            return
        self._noted[key] = now
        self._noted.move_to_end(key)
        if len(self._noted) > REMEMBERED:
            self._noted.popitem(last=False)
        LOG.warning("user %d in chat %d is not obeyed and was ignored", user_id, chat_id)
