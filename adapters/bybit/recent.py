"""Ids seen lately, in bounded memory."""

from typing import Final

MOST_IDS: Final = 20_000


class RecentIds:
    """
    A set that forgets its oldest ids.

    Parameters
    ----------
    most : int, default 20000
        Ids that are kept.
    """

    def __init__(self, most: int = MOST_IDS) -> None:
        self._most = most
        self._ids: dict[str, None] = {}

    def add(self, one: str) -> None:
        """Remember an id."""
        self._ids[one] = None
        if len(self._ids) > self._most:
            del self._ids[next(iter(self._ids))]

    def __contains__(self, one: str) -> bool:
        return one in self._ids
