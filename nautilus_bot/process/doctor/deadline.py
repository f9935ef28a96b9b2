"""Let a question to the outside take so long and no longer, name look-ups included."""

import threading
from collections.abc import Callable

from nautilus_bot.core.errors import VenueTimeout


def within[T](secs: float, what: str, work: Callable[[], T]) -> T:
    """
    Return what some work returns.

    Parameters
    ----------
    secs : float
        Longest wait. A look-up of a name knows no time-out of its own, so the work has a thread to hang in.
    what : str
        What is asked, for the message.
    work : Callable[[], T]
        Blocks.

    Raises
    ------
    VenueTimeout
        If it takes longer; the thread is left to itself and keeps no process from ending.
    """
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # noqa: BLE001  handed over to the one who waits
            errors.append(error)

    thread = threading.Thread(target=run, name=f"asking {what}", daemon=True)
    thread.start()
    thread.join(secs)
    if errors:
        raise errors[0]
    if not results:
        raise VenueTimeout(f"{what} must answer within {secs:g} s, it did not")
    return results[0]
