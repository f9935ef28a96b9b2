"""What was refused lately, and how long to leave it alone: one, two, four ... seconds, at most a minute."""

from typing import Final

NS_PER_SEC: Final = 1_000_000_000
FIRST_NS: Final = NS_PER_SEC
LONGEST_NS: Final = 60 * NS_PER_SEC


class Retries:
    """Refusals in a row by what was refused; time is that of the caller, ns UTC."""

    def __init__(self) -> None:
        self._refused: dict[str, tuple[int, int]] = {}

    def note(self, what: str, now_ns: int) -> bool:
        """Note a refusal, and tell whether it is the first one in a row."""
        times, _ = self._refused.get(what, (0, 0))
        # the exponent is bounded: two to the power of a week's refusals is a large number
        wait = min(LONGEST_NS, FIRST_NS << min(times, 16))
        self._refused[what] = (times + 1, now_ns + wait)
        return times == 0

    def is_due(self, what: str, now_ns: int) -> bool:
        """Tell whether it may be tried (again)."""
        _, due_ns = self._refused.get(what, (0, 0))
        return now_ns >= due_ns

    def forget(self, what: str) -> None:
        """Begin anew: it was taken."""
        self._refused.pop(what, None)
